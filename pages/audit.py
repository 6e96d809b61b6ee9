"""Who did what to which video, when, and what did it cost?"""

from lib.ui.audit import audit_page
from lib.ui.frame import begin
from lib.ui.tables import go_to_opened_video

frame = begin("Audit")
go_to_opened_video()
audit_page(frame)

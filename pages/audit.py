"""Who did what to which video, when, and what did it cost?"""

from lib.ui.kit.frame import begin
from lib.ui.kit.tables import go_to_opened_video
from lib.ui.views.audit import audit_page

frame = begin("Audit")
go_to_opened_video()
audit_page(frame)

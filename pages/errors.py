"""Which errors occur, how often, since when?"""

from lib.ui import loaders
from lib.ui.errors import summary, table
from lib.ui.frame import begin
from lib.ui.tables import go_to_opened_video

frame = begin("Errors", window=True)
go_to_opened_video()
groups = loaders.error_groups(frame.window)
summary(groups, frame)
table(groups, frame)

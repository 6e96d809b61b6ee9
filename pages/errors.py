"""Which errors occur, how often, since when?"""

from lib.ui.kit import loaders
from lib.ui.kit.frame import begin
from lib.ui.kit.tables import go_to_opened_video
from lib.ui.views.errors import distribution, summary, table

frame = begin("Errors", window=True)
go_to_opened_video()
groups = loaders.error_groups(frame.window)
summary(groups, frame)
if groups:
    distribution(frame)
table(groups, frame)

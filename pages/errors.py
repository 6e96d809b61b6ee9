"""Which errors occur, how often, since when?"""

from lib.ui.kit.frame import begin
from lib.ui.views.errors import chosen_group, errors_page, group_page

frame = begin("Errors", window=True)
if group := chosen_group():
    group_page(group, frame)
else:
    errors_page(frame)

"""Which videos are in trouble?"""

from lib.ui.kit.frame import begin
from lib.ui.views.videos import chosen_filters, list_page

frame = begin("Videos", window=True, all_time=True)
list_page(chosen_filters(frame), frame)

"""Which videos are in trouble?"""

from lib.ui.kit.frame import begin
from lib.ui.kit.tables import go_to_opened_video
from lib.ui.views.videos import chosen_filters, list_page

frame = begin("Videos", window=True)
go_to_opened_video()
list_page(chosen_filters(), frame)

"""Which videos are in trouble?"""

from lib.ui.frame import begin
from lib.ui.tables import go_to_opened_video
from lib.ui.videos import chosen_filters, list_page

frame = begin("Videos", window=True)
go_to_opened_video()
list_page(chosen_filters(), frame)

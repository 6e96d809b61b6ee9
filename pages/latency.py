"""How long does it take, and since when?"""

from lib.ui.kit.frame import begin
from lib.ui.views.latency import latency_page

latency_page(begin("Latency", window=True))

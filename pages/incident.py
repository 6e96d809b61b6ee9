"""What changed when this incident began?"""

from lib.ui.kit.frame import begin
from lib.ui.views.incident import before_and_during, chosen_incident, first_video, what_happened

frame = begin("Incident")
row = chosen_incident()
what_happened(row, frame.now)
before_and_during(row)
first_video(row, frame.now)

"""Repair stuck videos without paying twice."""

from lib.ui.frame import begin
from lib.ui.recover import bulk_progress, choose, repair_button, shown_videos, summary
from lib.ui.tables import go_to_opened_video

frame = begin("Recover")
go_to_opened_video()
bulk_progress()
rows = shown_videos()
summary(rows)
chosen = choose(rows, frame)
repair_button(chosen)

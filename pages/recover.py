"""Repair stuck videos without paying twice."""

from lib.ui.kit.frame import begin
from lib.ui.kit.tables import go_to_opened_video
from lib.ui.views.batch import batch_of_the_address, earlier_batches
from lib.ui.views.ledger import ledger_line
from lib.ui.views.recover import choose, groups, left_to_people, repair_button, shown_videos, summary

frame = begin("Recover")
go_to_opened_video()
ledger_line()
batch_of_the_address()
groups()
rows = shown_videos()
summary(rows)
chosen = choose(rows)
repair_button(chosen)
left_to_people(frame.now)
earlier_batches(frame)

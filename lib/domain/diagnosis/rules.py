"""The rules of diagnosis, in order: the first that finds something decides.

What somebody knows for certain stands before what is inferred; whatever is free to repair before whatever
costs money. Each rule looks at one case and says what it finds, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lib.domain.diagnosis import known_rules as known
from lib.domain.diagnosis import run_rules as run
from lib.domain.diagnosis import task_rules as task
from lib.domain.diagnosis.dossier import Dossier
from lib.domain.diagnosis.verdict import Finding


@dataclass(frozen=True, slots=True)
class Rule:
    """`explanation` is one sentence for people: why this finding follows."""

    test: Callable[[Dossier], Finding | None]
    explanation: str

    @property
    def name(self) -> str:
        return self.test.__name__


RULES: tuple[Rule, ...] = (
    # The row is settled.
    Rule(known.row_succeeded, "The row says that the video was made."),
    Rule(known.row_cancelled, "The row says that the video was cancelled."),
    # Dailies itself has tried since.
    Rule(known.attempt_on_its_way, "The latest attempt made with Dailies has not come back yet."),
    Rule(known.attempt_settled, "The latest attempt made with Dailies says how it ended."),
    # A task exists, and its id is not in the row: free to repair, so it comes before every error.
    Rule(known.run_still_going, "The row changed or the run logged something only a moment ago."),
    Rule(
        known.id_in_the_logs_only,
        "The logs name this video's task, and the row holds no id: the task was paid for.",
    ),
    Rule(known.some_id_in_the_logs, "This run created one of several tasks whose ids are in no row."),
    Rule(
        known.saving_the_id_failed,
        "The database refused the update that saves the id, after Runway had answered.",
    ),
    # The row holds an id, and Runway was asked.
    Rule(task.row_refused_the_outcome, "Runway has answered, and the row did not take it."),
    Rule(task.task_ended_badly, "Runway says how the task ended."),
    Rule(task.task_done_but_checks_fail, "Runway has finished, and the app's status checks end in errors."),
    Rule(
        task.task_done_but_nameless_checks_fail,
        "Runway has finished; status checks fail that name nobody, enough for most videos they may be of.",
    ),
    Rule(
        task.task_done_but_the_logs_end_in_an_error,
        "Runway has finished, and what was logged of the video ends in an error.",
    ),
    Rule(task.task_done_and_nobody_asked, "Runway has finished, and no status check has told the row."),
    Rule(task.task_under_way, "Runway says that the task waits or runs."),
    # The row holds an id, and only the logs tell what became of the task.
    Rule(task.check_said_it_ended_badly, "The app's last status check was told how the task ended."),
    Rule(task.check_found_no_task, "The app's status check was told that there is no such task."),
    Rule(task.checks_fail, "The app's latest status checks end in errors."),
    Rule(
        task.row_failed_after_the_task_began,
        "The row was set to failed after its task had begun, with this reason.",
    ),
    Rule(task.check_said_under_way, "The app's last status check was told how far the task is."),
    Rule(task.id_saved_and_no_word_since, "The id is saved, and nothing was heard of the task since."),
    # No id anywhere: the run says why, the platform does, or silence does.
    Rule(run.answer_without_id, "Runway answered, and there was no id in its answer."),
    Rule(run.run_failed, "The first error of the run says why it failed."),
    Rule(run.platform_ended_the_request, "The platform reports how it ended the request."),
    Rule(run.key_seen_missing, "The run's own check of its environment found no API key."),
    Rule(
        run.run_ended_without_a_word,
        "The run stopped between two stages without an error, as frozen functions do.",
    ),
    Rule(
        run.checked_but_never_begun,
        "Status checks found no id, and the run that should create one logged nothing.",
    ),
    Rule(run.nothing_decides, "Nothing seen so far decides the cause; the evidence says what would."),
)

"""What must be so at the end, whatever happened: the rows and attempts against what is at Runway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lib.data import decisions
from lib.data.database import Database, Row
from lib.data.verdicts import dossier_rows
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.task import TaskStatus
from lib.runway.simulator.schedule import StoredTask
from tests.production import attempts_of

ON_THEIR_WAY = (AttemptState.CLAIMED, AttemptState.SENT)
OPEN = (*ON_THEIR_WAY, AttemptState.UNKNOWN)


@dataclass(frozen=True)
class Left:
    """What is known of one video, and the tasks that Runway made for it, oldest first."""

    row: Row | None
    attempts: Sequence[Attempt]
    known: set[str]  # the tasks that the database names
    tasks: Sequence[StoredTask]
    flagged: bool  # for people, by the sweep

    @property
    def unknown(self) -> set[str]:
        """Tasks that the database does not name."""
        return {task.id for task in self.tasks} - self.known

    @property
    def doubtful(self) -> int:
        """How many attempts say of themselves that a task may exist."""
        return sum(attempt.state is AttemptState.UNKNOWN for attempt in self.attempts)

    @property
    def in_doubt(self) -> int:
        """The same, with those that an operator gave up."""
        return self.doubtful + sum(each.state is AttemptState.WRITTEN_OFF for each in self.attempts)

    @property
    def paid_twice(self) -> int:
        """Tasks made although an earlier one was under way, or had succeeded."""
        return sum(
            earlier.outcome == TaskStatus.SUCCEEDED or later.created_at < earlier.ends_at
            for earlier, later in pairwise(self.tasks)
        )


def left(db: Database, video_id: str, tasks: Sequence[StoredTask]) -> Left:
    evidence = dossier_rows(db, [video_id])
    row = evidence[0]["video"] if evidence else None
    tried = attempts_of(db, video_id)
    known = {attempt.task_id for attempt in tried} | {row["runway_video_id"] if row else None}
    known |= {task["task_id"] for found in evidence for task in found["tasks"]}
    flagged = any(each.video_id == video_id for each in decisions.flagged(db))
    return Left(row, tried, {task_id for task_id in known if task_id}, tasks, flagged)


def untrue(left: Left, now: float) -> tuple[str, ...]:
    """What is claimed and is not so, at `now` of Runway's clock."""
    return (*_of_attempts(left, now), *_of_row(left, now))


def _of_attempts(left: Left, now: float) -> Iterator[str]:
    tasks = {task.id: task for task in left.tasks}
    active = sum(
        attempt.task_id in tasks and tasks[attempt.task_id].ends_at > now for attempt in left.attempts
    )
    if active + sum(attempt.state in OPEN for attempt in left.attempts) > 1:
        yield "two live attempts"
    for attempt in left.attempts:
        if attempt.task_id and attempt.task_id not in tasks:
            yield "an attempt has a task that does not exist"
        if attempt.state in ON_THEIR_WAY:
            yield f"an attempt is {attempt.state} for ever"
        if attempt.state is not AttemptState.CREATED and not attempt.reason:
            yield f"an attempt does not say why it is {attempt.state}"


def _of_row(left: Left, now: float) -> Iterator[str]:
    row, tasks = left.row, {task.id: task for task in left.tasks}
    if row is None:
        if left.tasks or left.attempts:
            yield "paid for without a row"
        return
    task = tasks.get(row["runway_video_id"])
    if row["runway_video_id"] and not task:
        yield "the row has a task that does not exist"
    match row["status"]:
        case "succeeded":
            if not row["video_url"]:
                yield "succeeded without output"
            if not task or task.status(now) != TaskStatus.SUCCEEDED:
                yield "succeeded without a task that did"
        case "failed":
            yield from _of_failure(left, row)
        case "processing" if task:
            if task.ends_at < now:
                yield f"in processing although its task has {task.outcome}"
        case "processing":
            if not left.doubtful and not left.flagged:
                yield "waits for nothing, and nobody is told"
        case status:
            yield f"left {status}"


def _of_failure(left: Left, row: Row) -> Iterator[str]:
    if not row["error_message"]:
        yield "does not say why it failed"
    if any(task.outcome == TaskStatus.SUCCEEDED for task in left.tasks):
        yield "failed with a task that did not"
    if left.doubtful:
        yield "failed although nobody knows"

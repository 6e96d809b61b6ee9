"""Gives videos the task ids they lost: from the logs, from the journal, or typed by hand. Free.

A task is only saved after a look-up, and the database refuses one that belongs to another video or is older
than the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lib.data import attempts
from lib.data.database import Database
from lib.data.journal import Journal, JournalEntry
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.diagnosis import Verdict
from lib.domain.task import Task, TaskStatus
from lib.errors import BadInput, DatabaseConflict, NotFound
from lib.operations.findings import findings, fresh_verdict
from lib.operations.paid_call import OnStep
from lib.runway.client import RunwayClient

STALE_SECONDS = 180.0  # longer than a creation may take, so that no call on its way is given up


class Recovered(NamedTuple):
    """`message` says what was done, in words."""

    video_id: str
    task: Task
    message: str


def recover(
    db: Database,
    runway: RunwayClient,
    video_id: str,
    operator: str,
    *,
    task_id: str | None = None,
    on_step: OnStep = lambda _: None,
) -> Recovered:
    """Saves the one task that the video's logs name, or `task_id`; a finished one with its output.

    Raises NotFound for an unknown video, BadInput when there is no task to save or more than one fits,
    DatabaseConflict when it is not this video's, and RunwayError when a look-up fails: then nothing is saved.
    """
    verdict = fresh_verdict(db, video_id)
    candidates = (task_id,) if task_id else findings(verdict).candidate_task_ids
    if not candidates:
        raise BadInput(f"No log entry of video {video_id} names a task: there is nothing to recover.")
    found = [task for task in map(runway.task, candidates) if task.status != TaskStatus.DELETED]
    on_step("answered")
    if not found:
        raise BadInput(f"Runway does not know {', '.join(candidates)}: deleted, or of another organization.")
    task = _save(db, video_id, found, operator, _evidence(verdict, task_id))
    on_step("saved")
    return Recovered(video_id, task, f"Task {task.id} saved: it is {task.status}.")


def _save(
    db: Database, video_id: str, found: Sequence[Task], operator: str, evidence: Sequence[dict[str, Any]]
) -> Task:
    """Of several candidates, those of other videos are ruled out; one has to be left."""
    if len(found) > 1:
        found = [task for task in found if not _is_anothers(db, video_id, task)]
    if len(found) != 1:
        ids = ", ".join(task.id for task in found) or "none"
        raise BadInput(f"Tasks that fit video {video_id}: {ids}. Say which one it is.")
    attempts.recover_task(db, video_id, found[0], operator, evidence)
    return found[0]


def _is_anothers(db: Database, video_id: str, task: Task) -> bool:
    return attempts.owner(db, task.id) not in (None, video_id)


def _evidence(verdict: Verdict, typed: str | None) -> list[dict[str, Any]]:
    if typed:
        return [{"source": "operator", "text": f"typed {typed}"}]
    return [each.as_json() for each in verdict.evidence]


class Replayed(NamedTuple):
    """What a start-up found. `problems` is one sentence each, with the id it is about."""

    saved: list[Attempt]  # their task ids stood in the journal only
    abandoned: list[Attempt]  # never sent: safe to retry
    unknown: list[Attempt]  # sent by a process that was killed: credits at risk
    problems: list[str]


def recover_from_journal(db: Database, journal: Journal) -> Replayed:
    """Saves every task of the journal that the database lacks; harmless when repeated."""
    content = journal.read()
    replayed = Replayed(
        [], [], [], [f"{journal.path}, line {n}: left out, {why}: {text!r}" for n, why, text in content.bad]
    )
    entries = {entry.attempt_id: entry for entry in content.entries}
    for attempt in attempts.unsaved(db, list(entries)):
        _replay(db, entries[attempt.id], replayed)
    return replayed


def _replay(db: Database, entry: JournalEntry, replayed: Replayed) -> None:
    try:
        replayed.saved.append(attempts.created(db, entry.attempt_id, entry.task_id))
    except (DatabaseConflict, NotFound) as error:
        replayed.problems.append(f"Task {entry.task_id} of video {entry.video_id}: {error}")


def settle_interrupted(db: Database, journal: Journal, older_than: float = STALE_SECONDS) -> Replayed:
    """The journal first; then whatever a killed process left open for `older_than` seconds is called what it
    is: abandoned when it was never sent, unknown when it was."""
    replayed = recover_from_journal(db, journal)
    for attempt in attempts.stale(db, older_than):
        if attempt.state is AttemptState.CLAIMED:
            reason = "The process ended before it called Runway: nothing was paid. Retry it."
            replayed.abandoned.append(attempts.abandoned(db, attempt.id, reason))
        else:
            reason = (
                "The process ended while it called Runway, and no answer is on record: "
                f"a task may exist, {attempt.credits:g} credits are at risk."
            )
            replayed.unknown.append(attempts.unknown(db, attempt.id, "runway_unreachable", reason))
    return replayed

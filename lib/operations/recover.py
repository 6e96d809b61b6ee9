"""Gives videos the task ids they lost: from the logs, from the journal, or typed by hand. Free.

A task is only saved after a look-up, and the database refuses one that belongs to another video or is older
than the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lib.app import App
from lib.data import attempts
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.diagnosis import Verdict, judge
from lib.domain.task import Task
from lib.errors import BadInput, DatabaseConflict, NotFound
from lib.operations.dossiers import load_dossier

STALE_SECONDS = 180.0  # longer than a creation may take, so that no call on its way is given up


class Recovered(NamedTuple):
    """`message` says what was done, in words."""

    video_id: str
    task: Task
    message: str


def recover(app: App, video_id: str, task_id: str | None = None) -> Recovered:
    """Saves the one task that the video's logs name, or `task_id`; a finished one with its output.

    Raises NotFound for an unknown video, BadInput when there is no task to save or more than one fits,
    DatabaseConflict when it is not this video's, and RunwayError when a look-up fails: then nothing is saved.
    """
    return recover_judged(app, judge(load_dossier(app, video_id)), task_id)


def recover_judged(app: App, verdict: Verdict, task_id: str | None = None) -> Recovered:
    """`recover` of a video that was judged just now."""
    video_id, certain = verdict.video_id, verdict.recoverable_runway_id
    candidates = (task_id,) if task_id else (certain,) if certain else verdict.candidate_runway_ids
    if not candidates:
        raise BadInput(f"No log entry of video {video_id} names a task: there is nothing to recover.")
    found = [task for task in map(app.runway.task, candidates) if not task.is_gone]
    app.on_step("answered")
    if not found:
        raise BadInput(f"Runway does not know {', '.join(candidates)}: deleted, or of another organization.")
    task = _only_one(app, video_id, found)
    typed = [{"source": "operator", "text": f"typed {task_id}"}]
    evidence = typed if task_id else [each.as_json() for each in verdict.evidence]
    saved = attempts.recover_task(app.db, video_id, task, app.operator, evidence)
    app.on_step("saved")
    if saved.runway_video_id != task.id and saved.status != "succeeded":
        kept = f"Task {task.id} is {task.status}. Dailies keeps it"
        raise DatabaseConflict(f"{kept}; the row of video {video_id} did not accept its id.")
    return Recovered(video_id, task, f"Task {task.id} saved: it is {task.status}.")


def _only_one(app: App, video_id: str, found: Sequence[Task]) -> Task:
    """Of several candidates, those of other videos are ruled out; one has to be left."""
    if len(found) > 1:
        found = [task for task in found if attempts.owner(app.db, task.id) in (None, video_id)]
    if len(found) != 1:
        ids = ", ".join(task.id for task in found) or "none"
        raise BadInput(f"Tasks that fit video {video_id}: {ids}. Say which one it is.")
    return found[0]


class Replayed(NamedTuple):
    """What a start-up found. `problems` is one sentence each, with the id it is about."""

    saved: list[Attempt]  # their task ids stood in the journal only
    abandoned: list[Attempt]  # never sent: safe to retry
    unknown: list[Attempt]  # sent by a process that was killed: credits at risk
    problems: list[str]


def recover_from_journal(app: App) -> Replayed:
    """Saves every task of the journal that the database lacks; harmless when repeated."""
    content = app.journal.read()
    replayed = Replayed(
        *([], [], []),
        [f"{app.journal.path}, line {n}: left out, {why}: {text!r}" for n, why, text in content.bad],
    )
    entries = {entry.attempt_id: entry for entry in content.entries}
    for attempt in attempts.unsaved(app.db, list(entries)):
        entry = entries[attempt.id]
        try:
            replayed.saved.append(attempts.created(app.db, entry.attempt_id, entry.task_id))
        except (DatabaseConflict, NotFound) as error:
            replayed.problems.append(f"Task {entry.task_id} of video {entry.video_id}: {error}")
    return replayed


def settle_interrupted(app: App, older_than: float = STALE_SECONDS) -> Replayed:
    """The journal first; then whatever a killed process left open for `older_than` seconds is called what it
    is: abandoned when it was never sent, unknown when it was."""
    replayed = recover_from_journal(app)
    for attempt in attempts.stale(app.db, older_than):
        if attempt.state is AttemptState.CLAIMED:
            reason = "The process ended before it called Runway: nothing was paid. Retry it."
            replayed.abandoned.append(attempts.abandoned(app.db, attempt.id, reason))
        else:
            reason = (
                "The process ended while it called Runway, and no answer is on record: "
                f"a task may exist, {attempt.credits:g} credits are at risk."
            )
            replayed.unknown.append(attempts.unknown(app.db, attempt.id, "runway_unreachable", reason))
    return replayed

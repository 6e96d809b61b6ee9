"""Attempts and audit: the paid-call protocol's steps, each one transaction in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lib.data.database import Database, Row
from lib.domain.attempt import Attempt
from lib.domain.pricing import GenerationRequest
from lib.domain.task import Task
from lib.domain.video import Video

AT_ONCE = 500  # ids in one question


class Claim(NamedTuple):
    """`claimed` is False when somebody else holds this attempt: then Runway must not be called."""

    attempt: Attempt
    claimed: bool


class LookUp(NamedTuple):
    """A task to look up now; `age` in seconds since its creation."""

    video_id: str
    task_id: str
    age: float


def claim(
    db: Database,
    video_id: str,
    key: str,
    operator: str,
    *,
    request: GenerationRequest,
    credits: float,
    override: str | None = None,
    new: dict[str, Any] | None = None,
) -> Claim:
    """`new` holds further columns of a row to create when there is none.

    Raises NotFound for a video that is not there, DatabaseConflict for one that must not be paid again.
    """
    row = db.call(
        "dailies_claim_attempt",
        p_video_id=video_id,
        p_key=key,
        p_operator=operator,
        p_request=request.as_json(),
        p_credits=credits,
        p_override=override,
        p_new=new,
    )[0]
    return Claim(Attempt.from_row(row["attempt"]), bool(row["claimed"]))


def paid_action(db: Database, operator: str, most: int) -> float:
    """Counts one, of `most` within a minute: 0, or the seconds to wait. The first refusal is audited."""
    return float(db.call("dailies_paid_action", p_operator=operator, p_most=most)[0]["wait_seconds"])


def _one(rows: list[Row]) -> Attempt:
    return Attempt.from_row(rows[0])


def _all(rows: list[Row]) -> list[Attempt]:
    return [Attempt.from_row(row) for row in rows]


def sent(db: Database, attempt_id: str) -> Attempt:
    return _one(db.call("dailies_attempt_sent", p_attempt=attempt_id))


def created(db: Database, attempt_id: str, task_id: str, *, credits: float | None = None) -> Attempt:
    """Saves the task id in attempt, row and task list; harmless when repeated."""
    told = {"p_attempt": attempt_id, "p_task_id": task_id, "p_credits": credits}
    return _one(db.call("dailies_attempt_created", **told))


def refused(db: Database, attempt_id: str, cause: str, reason: str) -> Attempt:
    return _one(db.call("dailies_attempt_refused", p_attempt=attempt_id, p_cause=cause, p_reason=reason))


def asked_to_wait(db: Database, attempt_id: str, seconds: float) -> None:
    """Runway refused for the moment and said for how long."""
    db.call("dailies_attempt_asked_to_wait", p_attempt=attempt_id, p_seconds=seconds)


def abandoned(db: Database, attempt_id: str, reason: str) -> Attempt:
    return _one(db.call("dailies_attempt_abandoned", p_attempt=attempt_id, p_reason=reason))


def unknown(db: Database, attempt_id: str, cause: str, reason: str) -> Attempt:
    return _one(db.call("dailies_attempt_unknown", p_attempt=attempt_id, p_cause=cause, p_reason=reason))


def by_key(db: Database, key: str) -> Attempt | None:
    return next(iter(_all(db.call("dailies_attempt_by_key", p_key=key))), None)


def stale(db: Database, older_than_seconds: float) -> list[Attempt]:
    """Claimed or sent that long ago and never settled: their process was killed."""
    return _all(db.call("dailies_stale_attempts", p_older_than_seconds=older_than_seconds))


def unsaved(db: Database, attempt_ids: Sequence[str]) -> list[Attempt]:
    """Those of the given ones that this database knows without their task."""
    pieces = (list(attempt_ids[at : at + AT_ONCE]) for at in range(0, len(attempt_ids), AT_ONCE))
    return [found for ids in pieces for found in _all(db.call("dailies_unsaved_attempts", p_attempts=ids))]


def owner(db: Database, task_id: str) -> str | None:
    """The video whose task it is, by its row or by an attempt."""
    found: str | None = db.call("dailies_task_owner", p_task_id=task_id)[0]["video_id"]
    return found


def recover_task(
    db: Database, video_id: str, task: Task, operator: str, evidence: Sequence[dict[str, Any]]
) -> Video:
    """Raises DatabaseConflict when the task is another video's, or older than the row."""
    rows = db.call(
        "dailies_recover_task",
        p_video_id=video_id,
        p_task=task.as_row(),
        p_operator=operator,
        p_evidence=list(evidence),
    )
    return Video.from_mapped(rows[0]["video"])


def claim_look_ups(db: Database, *, limit: int = 20) -> list[LookUp]:
    """The look-ups of unfinished videos that are due, and now ours for a minute."""
    return _look_ups(db.call("dailies_claim_look_ups", p_limit=limit, p_lease_seconds=60))


def claim_look_up(db: Database, video_id: str, pause_seconds: float) -> LookUp | None:
    """The look-up of this video's task; None without a task, or when it was asked for just now."""
    rows = db.call("dailies_claim_look_up", p_video_id=video_id, p_pause_seconds=pause_seconds)
    return next(iter(_look_ups(rows)), None)


def _look_ups(rows: list[Row]) -> list[LookUp]:
    return [LookUp(row["video_id"], row["task_id"], float(row["age_seconds"])) for row in rows]


def save_look_up(db: Database, video_id: str, task: Task, next_seconds: float, operator: str) -> Video | None:
    """The row afterwards; the next look-up is due in `next_seconds`.

    None when the task is gone and was never seen before, or is too young to be gone: that proves nothing,
    and nothing is saved.
    """
    rows = db.call(
        "dailies_save_look_up",
        p_video_id=video_id,
        p_task=task.as_row(),
        p_operator=operator,
        p_next_seconds=next_seconds,
    )
    return Video.from_mapped(rows[0]["video"]) if rows else None

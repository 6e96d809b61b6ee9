"""Polls Runway for unfinished videos and writes what it says into their rows. Free."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from lib.app import App
from lib.data import attempts
from lib.data.attempts import LookUp
from lib.domain.task import Task
from lib.errors import DailiesError

POLLER = "poller"  # the operator of look-ups nobody asked for
FASTEST = 5.0  # seconds between two look-ups of a task, as Runway asks
SLOWEST = 300.0
SLOWEST_OF_GONE = 86_400.0  # of one that Runway does not know: a table may hold thousands of old ones


class Polled(NamedTuple):
    """`error` says why the look-up or its saving failed; it is repeated when it is due again."""

    video_id: str
    task: Task | None
    error: str | None = None


def next_check(age: float, fastest: float = FASTEST, slowest: float = SLOWEST) -> float:
    """Seconds until the next look-up of a task of this age: a twentieth of it, with jitter."""
    pause = min(max(age / 20, fastest), max(slowest, fastest))
    return pause * random.uniform(1.0, 1.3)  # noqa: S311 - not for secrets


def poll(app: App, video_id: str, *, fastest: float = FASTEST) -> Polled | None:
    """Looks the video's task up now, finished or not: a finished one gets fresh output addresses.

    None when the video has no task, or when it was looked up less than `fastest` seconds ago.
    """
    due = attempts.claim_look_up(app.db, video_id, fastest)
    return _look_up(app, due, fastest) if due else None


def poll_due(app: App, limit: int = 20, stopped: Callable[[], bool] = lambda: False) -> list[Polled]:
    """One round over the unfinished videos that are due; any number of callers share them. What it does not
    come to before it is stopped is due again a minute later."""
    claimed = attempts.claim_look_ups(app.db, limit=limit)
    return [_look_up(app, due, FASTEST) for due in claimed if not stopped()]


def _look_up(app: App, due: LookUp, fastest: float) -> Polled:
    app.on_step("claimed")
    try:
        task = app.runway.task(due.task_id)
        app.on_step("answered")
        # a retry's task is younger than the row it belongs to
        age = (datetime.now(UTC) - task.created_at).total_seconds() if task.created_at else due.age
        pause = next_check(age, fastest, SLOWEST_OF_GONE if task.is_gone else SLOWEST)
        saved = attempts.save_look_up(app.db, due.video_id, task, pause, app.operator)
    except DailiesError as error:
        return Polled(due.video_id, None, str(error))
    app.on_step("saved")
    if saved is None:
        gone = f"Runway does not know task {task.id}: deleted, or of another key's organization."
        return Polled(due.video_id, task, gone)
    return Polled(due.video_id, task)

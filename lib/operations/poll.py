"""Polls Runway for unfinished videos and writes what it says into their rows. Free."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from lib.data import attempts
from lib.data.attempts import LookUp
from lib.data.database import Database
from lib.domain.task import Task
from lib.errors import DailiesError
from lib.runway.client import RunwayClient

OPERATOR = "poller"
FASTEST = 5.0  # seconds between two look-ups of a task, as Runway asks
SLOWEST = 300.0


class Polled(NamedTuple):
    """`error` says why the look-up or its saving failed; it is repeated when it is due again."""

    video_id: str
    task: Task | None
    error: str | None = None


def next_check(age: float, fastest: float = FASTEST) -> float:
    """Seconds until the next look-up of a task of this age: a twentieth of it, with jitter."""
    pause = min(max(age / 20, fastest), max(SLOWEST, fastest))
    return pause * random.uniform(1.0, 1.3)  # noqa: S311 - not for secrets


def poll(
    db: Database,
    runway: RunwayClient,
    video_id: str,
    *,
    operator: str = OPERATOR,
    fastest: float = FASTEST,
    on_step: Callable[[str], object] = lambda _: None,
) -> Polled | None:
    """Looks the video's task up now, finished or not: a finished one gets fresh output addresses.

    None when the video has no task, or when it was looked up less than `fastest` seconds ago.
    """
    claimed = attempts.claim_look_up(db, video_id, fastest)
    return _Poller(db, runway, operator, fastest, on_step).look_up(claimed) if claimed else None


def poll_due(
    db: Database,
    runway: RunwayClient,
    limit: int = 20,
    *,
    operator: str = OPERATOR,
    fastest: float = FASTEST,
) -> list[Polled]:
    """One round over the unfinished videos that are due; any number of callers share them."""
    claimed = attempts.claim_look_ups(db, limit=limit)
    poller = _Poller(db, runway, operator, fastest)
    return [poller.look_up(one) for one in claimed]


class _Poller(NamedTuple):
    db: Database
    runway: RunwayClient
    operator: str
    fastest: float
    on_step: Callable[[str], object] = lambda _: None

    def look_up(self, due: LookUp) -> Polled:
        self.on_step("claimed")
        try:
            task = self.runway.task(due.task_id)
            self.on_step("answered")
            wait = next_check(_age(task, due), self.fastest)
            saved = attempts.save_look_up(self.db, due.video_id, task, wait, self.operator)
        except DailiesError as error:
            return Polled(due.video_id, None, str(error))
        self.on_step("saved")
        if saved is None:
            gone = f"Runway does not know task {task.id}: deleted, or of another key's organization."
            return Polled(due.video_id, task, gone)
        return Polled(due.video_id, task)


def _age(task: Task, due: LookUp) -> float:
    """Seconds; a retry's task is younger than the row it belongs to."""
    return (datetime.now(UTC) - task.created_at).total_seconds() if task.created_at else due.age

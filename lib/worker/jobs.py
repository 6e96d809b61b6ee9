"""The verbs that remember something: one generates what is queued, one saves what only the journal has."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from threading import Event

from lib.app import App
from lib.data import queue
from lib.data.queue import VISIBILITY_SECONDS, Job
from lib.operations.process import Processed
from lib.operations.recover import recover_from_journal
from lib.runway.client import RunwayClient

logger = logging.getLogger(__name__)

Carry = Callable[[Job], Processed]
NO_SLOTS: Mapping[str, int] = {}
FRESH_SECONDS = 60.0


class JobVerb:
    """One worker's hand in the queue: takes a job, carries it out, acknowledges it. `doing` says what it is
    at, for its sign of life.

    carry     carries one job out; when it raises, the job is read again after its visibility timeout
    slots     generations that may go on at once, by model
    stopping  set: a job that was only just taken goes back unread
    """

    def __init__(
        self,
        app: App,
        carry: Carry,
        *,
        slots: Callable[[], Mapping[str, int]] = lambda: NO_SLOTS,
        stopping: Event | None = None,
        visibility_seconds: int = VISIBILITY_SECONDS,
    ) -> None:
        self.doing: str | None = None
        self._app = app
        self._carry = carry
        self._slots = slots
        self._stopping = stopping or Event()
        self._visibility_seconds = visibility_seconds
        self._done: list[int] = []

    def step(self) -> int:
        """One job. Whether there was one."""
        jobs = queue.dequeue(
            self._app.db,
            visibility_seconds=self._visibility_seconds,
            done=self._done,
            slots=self._slots(),
            app_model=self._app.settings.runway_model,
        )
        self._done.clear()
        for job in jobs:
            self._handle(job)
        return len(jobs)

    def finish(self) -> None:
        """Acknowledges what was done last; the next step would have."""
        if self._done:
            queue.acknowledge(self._app.db, self._done)
            self._done.clear()

    def _handle(self, job: Job) -> None:
        if self._stopping.is_set():
            queue.requeue(self._app.db, [job], unread=True)
            return
        self.doing = f"video {job.video_id}"
        try:
            processed = self._carry(job)
        finally:
            self.doing = None
        logger.info("%s", processed.message)
        if processed.again_seconds is None:
            self._done.append(job.id)
        else:
            queue.requeue(self._app.db, [job], delay_seconds=processed.again_seconds)


def slots_of(runway: RunwayClient) -> Mapping[str, int]:
    """How many generations Runway lets run at once, by model that has a limit. Asked once a minute.

    With today's generations used up it is none: jobs wait rather than be refused. Raises RunwayError: while
    Runway does not answer, nothing should be begun.
    """
    slots: dict[str, int] = {}
    for name, limits in runway.organization_seen(FRESH_SECONDS).organization.models.items():
        if limits.max_daily is not None and limits.used_today >= limits.max_daily:
            slots[name] = 0
        elif limits.max_concurrent is not None:
            slots[name] = limits.max_concurrent
    return slots


class JournalVerb:
    """Brings task ids from this machine's journal into the database: at the start, and when it has grown."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._read = 0  # bytes

    def step(self) -> int:
        """How many ids stood in the journal only. Raises DatabaseError; it is all read again then."""
        path = self._app.journal.path
        size = path.stat().st_size if path.exists() else 0
        if size == self._read:
            return 0
        replayed = recover_from_journal(self._app)
        for problem in replayed.problems:
            logger.warning("%s", problem)
        self._read = size
        return len(replayed.saved)

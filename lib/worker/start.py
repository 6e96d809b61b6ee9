"""Puts a worker together: the same verbs in the dashboard's process and in `python -m lib worker`.

In the dashboard they are threads of its process, not a child: nothing to supervise, it also runs where only
one process is allowed, and almost all of their time is spent waiting for Runway and the database. Judging is
work: much of it is done elsewhere, by lib/worker/apart.py.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from threading import Event
from typing import NamedTuple
from uuid import uuid4

from lib.app import App
from lib.data import workers
from lib.data.queue import VISIBILITY_SECONDS
from lib.operations.batches import work_on
from lib.operations.judge import JUDGED_AT_ONCE, Judging, judge_dirty
from lib.operations.outputs import copy_next
from lib.operations.poll import POLLER, poll_due
from lib.operations.process import process
from lib.operations.recover import STALE_SECONDS
from lib.operations.sweep import sweep
from lib.worker.apart import JudgeApart
from lib.worker.jobs import JobVerb, JournalVerb, slots_of
from lib.worker.loop import Loop, Verb
from lib.worker.watch import watching

BEAT_SECONDS = 10.0
SWEEP_SECONDS = 60.0
IN_HAND_SECONDS = 10  # longer than it takes to judge JUDGED_AT_ONCE videos


class Pace(NamedTuple):
    """How patient a worker is with killed ones; seconds. Tests are less patient."""

    visibility: int = VISIBILITY_SECONDS
    stale: float = STALE_SECONDS
    sweep: float = SWEEP_SECONDS
    idle: float = 2.0


def start_worker(app: App, pace: Pace | None = None) -> Loop:
    """A running worker; `stop` it before `app` is closed."""
    loop = build_worker(app, pace or Pace())
    loop.start()
    return loop


def start_judge(app: App) -> Loop:
    """What is left to do where nothing else may be: keeping the verdicts up to date."""
    verbs, end = _judges(app, Pace().idle)
    loop = Loop(verbs, at_end=end)
    loop.start()
    return loop


def build_worker(app: App, pace: Pace) -> Loop:
    worker, stopping = worker_id(), Event()

    def beat(*, stopped: bool = False) -> int:
        workers.beat(app.db, worker, socket.gethostname(), os.getpid(), jobs.doing, stopped=stopped)
        return 0

    judges, end_judges = _judges(app, pace.idle)

    def end() -> None:
        end_judges()
        jobs.finish()
        beat(stopped=True)

    def swept() -> int:
        report = sweep(app, holder=worker, every_seconds=pace.sweep, stopped=stopping.is_set)
        return len(report.decisions) if report else 0

    jobs = JobVerb(
        app,
        lambda job: process(app, job, stale_seconds=pace.stale),
        slots=lambda: slots_of(app.runway),
        stopping=stopping,
        visibility_seconds=pace.visibility,
    )
    poller = app.acting_as(POLLER)
    verbs = [
        Verb("worker", beat, BEAT_SECONDS),
        *judges,
        Verb("journal", JournalVerb(app).step, SWEEP_SECONDS),
        *watching(app, worker),
    ]
    if app.client is None:  # nothing that asks Runway
        return Loop(verbs, stopping, end)
    verbs += [
        Verb("queue", jobs.step, pace.idle),
        Verb("repairs", lambda: 1 if work_on(app) else 0, pace.idle),
        Verb("poll", lambda: len(poll_due(poller, stopped=stopping.is_set)), pace.idle),
        Verb("sweep", swept, min(pace.sweep, BEAT_SECONDS)),
    ]
    if storage := app.storage:
        verbs.append(Verb("outputs", lambda: int(copy_next(app, storage)), BEAT_SECONDS))
    return Loop(verbs, stopping, end)


def worker_id() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"


def _judges(app: App, idle: float) -> tuple[list[Verb], Callable[[], None]]:
    """Two that judge, each with a process of its own, so that one reads and saves while the other thinks; and
    what ends those. With a single processor one does it all."""

    def judge(judging: Judging | None = None) -> int:
        return judge_dirty(app, JUDGED_AT_ONCE, judging, leave_seconds=IN_HAND_SECONDS)

    if (os.cpu_count() or 1) == 1:
        return [Verb("judge", judge, idle)], lambda: None
    first, second = JudgeApart(), JudgeApart()

    def end() -> None:
        first.close()
        second.close()

    return [
        Verb("judge", lambda: judge(first.judged), idle),
        Verb("judge too", lambda: judge(second.judged), 5 * idle),
    ], end

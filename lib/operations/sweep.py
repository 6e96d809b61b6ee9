"""The sweep: decides about every video that has no task although it should have one by now.

What is free is done (recovery); what costs is put into the queue, where it is allowed; the rest is left to
people. One sweep at a time, wherever it runs: a lease in the database says whose turn it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from lib.app import App
from lib.data import credits, decisions, queue
from lib.data.decisions import Decision, SweepRow
from lib.data.queue import NewJob
from lib.data.verdicts import dossier_rows
from lib.data.workers import completed, keep_lease, take_lease
from lib.domain.cause import Action
from lib.domain.diagnosis import Dossier
from lib.domain.diagnosis.proof import Proof
from lib.domain.repair import FREE, Repair, assess
from lib.domain.sweep import (
    LOOK_AGAIN,
    MOST_TRIES,
    SWEEP,
    WORKER,
    Former,
    SweepDecision,
    decide_sweep,
    left_to_people,
)
from lib.errors import BadInput, DatabaseConflict, NotFound, RunwayError
from lib.operations.account import read_after
from lib.operations.dossiers import dossiers_of
from lib.operations.nameless import with_nameless_calls
from lib.operations.recover import settle_interrupted
from lib.operations.repair import Agreed, LookUpFailed, carry_out
from lib.settings import Settings

LEASE_SECONDS = 180.0  # longer than a batch or a recovery takes; kept before each
BATCH = 200
AT_ONCE = 16  # free repairs, each of which mostly waits for Runway
BUDGET_SECONDS = 600.0
ADDED_JITTER = 0.25


@dataclass(frozen=True, slots=True)
class Report:
    """What one sweep decided, in order. `complete` is False when it was stopped or lost its lease."""

    decisions: list[Decision] = field(default_factory=list)
    complete: bool = True

    def counts(self) -> dict[str, int]:
        actions = [each.action for each in self.decisions]
        return {str(action): actions.count(action) for action in Action if action in actions}


@dataclass(frozen=True, slots=True)
class _Decided:
    """One video: what the sweep does now; without `repair` a verdict has just left it to people.

    known  what that rests on, where it is carried out at once
    """

    video_id: str
    cause: str
    decision: SweepDecision
    repair: Repair | None = None
    known: Dossier | None = None

    def changed(self, action: Action, reason: str, again: float = LOOK_AGAIN) -> _Decided:
        return replace(self, decision=SweepDecision(action, reason, again))

    def as_decision(self) -> Decision:
        """Spread, so that what was left to people together does not come back together."""
        again = self.decision.again_seconds * random.uniform(1, 1 + ADDED_JITTER)  # noqa: S311 not for secrets
        return Decision(self.video_id, self.decision.action, self.decision.reason, self.cause, again)


def preview(app: App, *, limit: int = BATCH) -> Report:
    """What a sweep would decide now. Changes nothing."""
    return Report([each.as_decision() for each in _decide(app, _due(app, limit))])


def sweep(
    app: App,
    *,
    holder: str,
    every_seconds: float = 0,
    limit: int = 1000,
    stopped: Callable[[], bool] = lambda: False,
) -> Report | None:
    """One sweep over at most `limit` videos; None when another one goes on, or began less than
    `every_seconds` ago. `holder` names who sweeps. Raises DatabaseError; what was decided is kept.
    """
    if not take_lease(app.db, SWEEP, holder, LEASE_SECONDS, every_seconds=every_seconds):
        return None
    app = app.acting_as(SWEEP)

    def goes_on() -> bool:
        return not stopped() and keep_lease(app.db, SWEEP, holder, LEASE_SECONDS)

    try:
        for attempt in settle_interrupted(app).unknown:
            read_after(app, attempt)
        report = _sweep(app, limit, goes_on)
        if report.complete:
            completed(app.db, SWEEP, holder)
        return report
    finally:
        keep_lease(app.db, SWEEP, holder, 0)


def _sweep(app: App, limit: int, goes_on: Callable[[], bool]) -> Report:
    """While free repairs of one piece wait for Runway, the next piece is judged."""
    report, going_on = Report(), list[Future[_Decided]]()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while due := _due(app, limit - len(report.decisions)):
            before = len(report.decisions)
            for rows in _pieces(due):
                decided = _decide(app, rows)
                if not goes_on():
                    report.decisions.extend(_ended(app, going_on))
                    return replace(report, complete=False)
                report.decisions.extend(_settled(app, decided))
                begun = [threads.submit(_repair, app, *each) for each in _free(decided)]
                report.decisions.extend(_ended(app, going_on))
                going_on = begun
            report.decisions.extend(_ended(app, going_on))
            going_on = []
            if len(report.decisions) == before:  # all that was due is gone, or has its task
                break
    return report


def _pieces(due: Sequence[SweepRow]) -> Iterator[Sequence[SweepRow]]:
    """First those whose verdict says that nothing of theirs is free. Of the others no more at a time than are
    repaired at once, so that each is repaired as soon as it is judged."""
    for rows, size in (
        ([row for row in due if row.verdict], BATCH),
        ([row for row in due if not row.verdict], AT_ONCE),
    ):
        yield from (rows[at : at + size] for at in range(0, len(rows), size))


def _free(decided: Sequence[_Decided]) -> Iterator[tuple[_Decided, Repair]]:
    for each in decided:
        if each.repair and each.decision.action in FREE:
            yield each, each.repair


def _settled(app: App, decided: Sequence[_Decided]) -> list[Decision]:
    """Keeps all that is not carried out here; what costs goes into the queue."""
    paid, done = list[tuple[_Decided, Repair]](), list[_Decided]()
    for each in decided:
        if each.repair and each.decision.action is Action.RETRY:
            paid.append((each, each.repair))
        elif not (each.repair and each.decision.action in FREE):
            done.append(each)
    return _kept(app, done + _enqueue(app, paid))


def _ended(app: App, going_on: Sequence[Future[_Decided]]) -> list[Decision]:
    return _kept(app, [each.result() for each in going_on])


def _kept(app: App, decided: Sequence[_Decided]) -> list[Decision]:
    kept = [each.as_decision() for each in decided]
    if kept:
        decisions.save(app.db, kept, SWEEP)
    return kept


def _repair(app: App, each: _Decided, repair: Repair) -> _Decided:
    try:
        done = carry_out(app, Agreed(repair.video_id, repair.action, repair.key), each.known)
    except (RunwayError, LookUpFailed) as error:
        return each.changed(Action.WAIT, f"Repairing it has to wait: {error}")
    except (BadInput, DatabaseConflict, NotFound) as error:
        return each.changed(Action.ASK, f"Repairing it failed: {error}", BUDGET_SECONDS)
    return each.changed(repair.action, done.message)


def _enqueue(app: App, batch: Sequence[tuple[_Decided, Repair]]) -> list[_Decided]:
    """Into the queue, as far as the budget goes: the claim enforces it, this only avoids vain jobs."""
    left = credits.left(app.db, SWEEP) if batch else 0.0
    kept, jobs = list[_Decided](), list[NewJob]()
    for each, repair in batch:
        left -= 0 if repair.proof is Proof.LEFT_TO_WORKERS else repair.credits or 0
        if left < 0:
            kept.append(each.changed(Action.WAIT, "The retry budget is used up.", BUDGET_SECONDS))
        else:
            kept.append(each)
            jobs.append(_as_job(repair))
    if jobs:
        queue.enqueue(app.db, jobs)
    return kept


def _as_job(repair: Repair) -> NewJob:
    return NewJob(
        video_id=repair.video_id,
        key=repair.key,
        operator=WORKER if repair.proof is Proof.LEFT_TO_WORKERS else SWEEP,
        model=repair.request.model,
        ratio=repair.request.ratio,
        duration=repair.request.duration,
    )


def _due(app: App, limit: int) -> list[SweepRow]:
    """All at once: to look for some of them takes as long."""
    if not limit:
        return []
    settings = app.settings
    return decisions.due(
        app.db,
        settings.stuck_after_minutes * 60,
        limit=limit,
        tries=MOST_TRIES + 1 if settings.auto_retry else 0,
        take_queued=settings.take_queued,
    )


def _decide(app: App, rows: Sequence[SweepRow]) -> list[_Decided]:
    """What to do about each video that is due. What is done by itself is judged afresh, from all evidence;
    what the judge left to people a moment ago stays with them."""
    settings = app.settings
    left = {row.video_id: told for row in rows if (told := _left_by_the_judge(settings, row))}
    to_judge = [row.video_id for row in rows if row.video_id not in left]
    found = dossiers_of(app, dossier_rows(app.db, to_judge)) if to_judge else []
    if _may_pay(settings):  # it costs a look through hours of logs
        found = with_nameless_calls(app, found)
    judged = {dossier.video.id: dossier for dossier in found if dossier.video.runway_video_id is None}
    return [
        left.get(row.video_id) or _judged(settings, row, judged[row.video_id])
        for row in rows
        if row.video_id in left or row.video_id in judged  # else it is gone, or has its task by now
    ]


def _may_pay(settings: Settings) -> bool:
    return settings.auto_retry or settings.take_queued


def _left_by_the_judge(settings: Settings, row: SweepRow) -> _Decided | None:
    if row.verdict is None:
        return None
    may_retry = _may_pay(settings)
    action, reason = Action(row.verdict["action"]), row.verdict["reason"]
    decision = left_to_people(action, reason, _former(row), may_retry=may_retry)
    return _Decided(row.video_id, row.verdict["cause"], decision) if decision else None


def _judged(settings: Settings, row: SweepRow, dossier: Dossier) -> _Decided:
    assessed = assess(dossier)
    decision = decide_sweep(
        assessed.repair,
        _former(row),
        asked_to_wait=row.asked_to_wait_seconds or 0,
        may_retry=settings.auto_retry,
    )
    known = None if row.verdict else dossier  # of a large piece: read again when its turn comes
    return _Decided(row.video_id, assessed.verdict.cause, decision, assessed.repair, known)


def _former(row: SweepRow) -> Former | None:
    was = row.decision
    return Former(was["action"], was["reason"], was["repeats"]) if was else None

"""The sweep: decides about every video that has no task although it should have one by now.

What is free is done (recovery); what costs is put into the queue, where it is allowed; the rest is left to
people. One sweep at a time, wherever it runs: a lease in the database says whose turn it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from lib.app import App
from lib.data import credits, decisions, queue
from lib.data.decisions import Decision
from lib.data.queue import NewJob
from lib.data.verdicts import dossier_rows
from lib.data.workers import completed, keep_lease, take_lease
from lib.domain.cause import Action
from lib.domain.diagnosis.proof import Proof
from lib.domain.repair import Assessment, assess
from lib.domain.sweep import LOOK_AGAIN, MOST_TRIES, SWEEP, WORKER, Former, SweepDecision, decide_sweep
from lib.errors import BadInput, DatabaseConflict, NotFound, RunwayError
from lib.operations.account import read_after
from lib.operations.dossiers import dossiers_of
from lib.operations.recover import settle_interrupted
from lib.operations.repair import Agreed, carry_out

LEASE_SECONDS = 180.0  # longer than a batch or a recovery takes; kept before each
BATCH = 200
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
    """One video: what is to be done about it, and what the sweep does now."""

    assessed: Assessment
    decision: SweepDecision

    def changed(self, action: Action, reason: str, again: float = LOOK_AGAIN) -> _Decided:
        return replace(self, decision=SweepDecision(action, reason, again))

    def as_decision(self) -> Decision:
        """Spread, so that what was left to people together does not come back together."""
        again = self.decision.again_seconds * random.uniform(1, 1 + ADDED_JITTER)  # noqa: S311 not for secrets
        verdict = self.assessed.verdict
        return Decision(verdict.video_id, self.decision.action, self.decision.reason, verdict.cause, again)

    def as_job(self) -> NewJob:
        repair = self.assessed.repair
        request = repair.request
        return NewJob(
            video_id=repair.video_id,
            key=repair.key,
            operator=WORKER if repair.proof is Proof.LEFT_TO_WORKERS else SWEEP,
            model=request.model,
            ratio=request.ratio,
            duration=request.duration,
        )


def preview(app: App, *, limit: int = BATCH) -> Report:
    """What a sweep would decide now. Changes nothing."""
    return Report([each.as_decision() for each in _decide(app, limit)])


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
    report = Report()
    while (left := limit - len(report.decisions)) > 0:
        batch = _decide(app, min(left, BATCH))
        if not batch:
            break
        done = _act(app, batch, goes_on)
        report.decisions.extend(done)
        if len(done) < len(batch):
            return replace(report, complete=False)
    return report


def _act(app: App, batch: Sequence[_Decided], goes_on: Callable[[], bool]) -> list[Decision]:
    """Carries out what was decided, and keeps it; what it did not come to is due again next time."""
    if not goes_on():
        return []
    free = [each for each in batch if each.decision.action in (Action.RECOVER, Action.LOOK_UP)]
    paid = [each for each in batch if each.decision.action is Action.RETRY]
    done = [each for each in batch if each not in free and each not in paid]
    done += _enqueue(app, paid)
    kept = [each.as_decision() for each in done]
    decisions.save(app.db, kept, SWEEP)
    for each in free:
        if goes_on():
            repaired = _repair(app, each).as_decision()
            decisions.save(app.db, [repaired], SWEEP)
            kept.append(repaired)
    return kept


def _repair(app: App, each: _Decided) -> _Decided:
    repair = each.assessed.repair
    try:
        done = carry_out(app, Agreed(repair.video_id, repair.action, repair.key))
    except RunwayError as error:
        return each.changed(Action.WAIT, f"Repairing it has to wait: {error}")
    except (BadInput, DatabaseConflict, NotFound) as error:
        return each.changed(Action.ASK, f"Repairing it failed: {error}", BUDGET_SECONDS)
    return each.changed(repair.action, done.message)


def _enqueue(app: App, batch: Sequence[_Decided]) -> list[_Decided]:
    """Into the queue, as far as the budget goes: the claim enforces it, this only avoids vain jobs."""
    left = credits.left(app.db, SWEEP) if batch else 0.0
    kept: list[_Decided] = []
    for each in batch:
        repair = each.assessed.repair
        left -= 0 if repair.proof is Proof.LEFT_TO_WORKERS else repair.credits or 0
        waits = each.changed(Action.WAIT, "The retry budget is used up.", BUDGET_SECONDS)
        kept.append(waits if left < 0 else each)
    jobs = [each.as_job() for each in kept if each.decision.action is Action.RETRY]
    if jobs:
        queue.enqueue(app.db, jobs)
    return kept


def _decide(app: App, limit: int) -> list[_Decided]:
    """The videos that are due, judged afresh from all evidence, and what to do about each."""
    settings = app.settings
    rows = decisions.due(
        app.db,
        settings.stuck_after_minutes * 60,
        limit=limit,
        tries=MOST_TRIES + 1 if settings.auto_retry else 0,
        take_queued=settings.take_queued,
    )
    if not rows:
        return []
    found = dossiers_of(app, dossier_rows(app.db, [row.video_id for row in rows]))
    assessed = {dossier.video.id: assess(dossier) for dossier in found}
    decided = []
    for row in rows:
        if row.video_id not in assessed:  # it was deleted a moment ago
            continue
        former = row.decision
        decision = decide_sweep(
            assessed[row.video_id].repair,
            Former(former["action"], former["reason"], former["repeats"]) if former else None,
            asked_to_wait=row.asked_to_wait_seconds or 0,
            may_retry=settings.auto_retry,
        )
        decided.append(_Decided(assessed[row.video_id], decision))
    return decided

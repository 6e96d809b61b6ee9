"""The sweep: decides about every video that has no task although it should have one by now.

What is free is done (recovery); what costs is put into the queue, where it is allowed; the rest is flagged
for people. One sweep at a time, wherever it runs: a lease in the database says whose turn it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lib.data import credits, decisions, queue
from lib.data.database import Database
from lib.data.decisions import Decision, SweepRow
from lib.data.journal import Journal
from lib.data.queue import NewJob
from lib.data.verdicts import EvidenceRow, evidence_of
from lib.data.workers import completed, keep_lease, take_lease
from lib.domain.attempt import Attempt, decide_retry
from lib.domain.diagnosis import Verdict
from lib.domain.flow import StageReader
from lib.domain.pricing import GenerationRequest, estimate, problems
from lib.domain.sweep import (
    LOOK_AGAIN,
    MOST_TRIES,
    SWEEP,
    WORKER,
    Allowed,
    Former,
    SweepAction,
    SweepCase,
    SweepDecision,
    decide_sweep,
)
from lib.domain.video import Video
from lib.errors import BadInput, DatabaseConflict, NotFound, RunwayError
from lib.operations.account import read_after
from lib.operations.diagnose import Thresholds
from lib.operations.findings import findings
from lib.operations.judge import verdicts_of
from lib.operations.recover import recover, settle_interrupted
from lib.runway.client import RunwayClient
from lib.settings import Settings
from lib.traces.flows import load_flows

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
        return {action.value: actions.count(action) for action in SweepAction if action in actions}


@dataclass(frozen=True, slots=True)
class _Judged:
    """One video: what was decided, and the job that would carry it out."""

    case: SweepCase
    cause: str
    decision: SweepDecision
    job: NewJob
    request: GenerationRequest

    def changed(self, action: SweepAction, reason: str, again: float = LOOK_AGAIN) -> _Judged:
        return replace(self, decision=SweepDecision(action, reason, again))

    def as_decision(self) -> Decision:
        """Spread, so that what was flagged together does not come back together."""
        again = self.decision.again_seconds * random.uniform(1, 1 + ADDED_JITTER)  # noqa: S311 not for secrets
        video_id, action = self.case.video.id, self.decision.action.value
        return Decision(video_id, action, self.decision.reason, self.cause, again)


def preview(db: Database, settings: Settings, *, limit: int = BATCH) -> Report:
    """What a sweep would decide now. Changes nothing."""
    return Report([judged.as_decision() for judged in _judge(db, settings, limit)])


def sweep(
    db: Database,
    runway: RunwayClient,
    journal: Journal,
    settings: Settings,
    *,
    holder: str,
    every_seconds: float = 0,
    limit: int = 1000,
    stopped: Callable[[], bool] = lambda: False,
) -> Report | None:
    """One sweep over at most `limit` videos; None when another one goes on, or began less than
    `every_seconds` ago. `holder` names who sweeps. Raises DatabaseError; what was decided is kept.
    """
    if not take_lease(db, SWEEP, holder, LEASE_SECONDS, every_seconds=every_seconds):
        return None

    def goes_on() -> bool:
        return not stopped() and keep_lease(db, SWEEP, holder, LEASE_SECONDS)

    try:
        for attempt in settle_interrupted(db, journal).unknown:
            read_after(db, runway, attempt)
        report = _sweep(db, runway, settings, limit, goes_on)
        if report.complete:
            completed(db, SWEEP, holder)
        return report
    finally:
        keep_lease(db, SWEEP, holder, 0)


def _sweep(
    db: Database, runway: RunwayClient, settings: Settings, limit: int, goes_on: Callable[[], bool]
) -> Report:
    report = Report()
    while (left := limit - len(report.decisions)) > 0:
        batch = _judge(db, settings, min(left, BATCH))
        if not batch:
            break
        done = _act(db, runway, batch, goes_on)
        report.decisions.extend(done)
        if len(done) < len(batch):
            return replace(report, complete=False)
    return report


def _act(
    db: Database, runway: RunwayClient, batch: Sequence[_Judged], goes_on: Callable[[], bool]
) -> list[Decision]:
    """Carries out what was decided, and keeps it; what it did not come to is due again next time."""
    if not goes_on():
        return []
    done = [each for each in batch if each.decision.action in (SweepAction.WAIT, SweepAction.FLAG)]
    done += _enqueue(db, batch)
    kept = [each.as_decision() for each in done]
    decisions.save(db, kept, SWEEP)
    for each in batch:
        if each.decision.action is SweepAction.RECOVER and goes_on():
            recovered = _recover(db, runway, each).as_decision()
            decisions.save(db, [recovered], SWEEP)
            kept.append(recovered)
    return kept


def _recover(db: Database, runway: RunwayClient, judged: _Judged) -> _Judged:
    try:
        found = recover(db, runway, judged.case.video.id, SWEEP)
    except RunwayError as error:
        return judged.changed(SweepAction.WAIT, f"Recovering it has to wait: {error}")
    except (BadInput, DatabaseConflict, NotFound) as error:
        return judged.changed(SweepAction.FLAG, f"Recovering it failed: {error}", BUDGET_SECONDS)
    return judged.changed(SweepAction.RECOVER, found.message)


def _enqueue(db: Database, batch: Sequence[_Judged]) -> list[_Judged]:
    """Into the queue, as far as the budget goes: the claim enforces it, this only avoids vain jobs."""
    left = credits.left(db, SWEEP)
    kept: list[_Judged] = []
    for each in batch:
        if each.decision.action is SweepAction.RETRY:
            left -= estimate(each.request.model, each.request.duration) or 0
            waits = each.changed(SweepAction.WAIT, "The budget of retries is used up.", BUDGET_SECONDS)
            kept.append(waits if left < 0 else each)
        elif each.decision.action is SweepAction.ENQUEUE:
            kept.append(each)
    jobs = [each.job for each in kept if each.decision.action is not SweepAction.WAIT]
    if jobs:
        queue.enqueue(db, jobs)
    return kept


def _judge(db: Database, settings: Settings, limit: int) -> list[_Judged]:
    """The videos that are due, judged afresh from all evidence, and what to do about each."""
    rows = decisions.due(
        db,
        settings.stuck_after_minutes * 60,
        limit=limit,
        tries=MOST_TRIES + 1 if settings.auto_retry else 0,
        take_queued=settings.take_queued,
    )
    if not rows:
        return []
    by_id = {row.video_id: row for row in rows}
    evidence = evidence_of(db, list(by_id))
    reader = StageReader(load_flows(settings.flows_dir))
    now = datetime.fromisoformat(rows[0].now)  # the database's clock: ours may be wrong
    verdicts = verdicts_of(evidence, reader, Thresholds.from_settings(settings), now)
    return [
        _judged(found, verdict, by_id[found["video_id"]], settings)
        for found, verdict in zip(evidence, verdicts, strict=True)
    ]


def _judged(found: EvidenceRow, verdict: Verdict, row: SweepRow, settings: Settings) -> _Judged:
    case = _case(found, verdict, row)
    request = _request(case, settings)
    decision = decide_sweep(case, Allowed(settings.auto_retry, settings.take_queued))
    job = NewJob(
        video_id=case.video.id,
        key=case.retry.key,
        operator=WORKER if decision.action is SweepAction.ENQUEUE else SWEEP,
        model=request.model,
        ratio=request.ratio,
        duration=request.duration,
    )
    judged = _Judged(case, verdict.cause, decision, job, request)
    faults = problems(request)
    if faults and decision.action in (SweepAction.RETRY, SweepAction.ENQUEUE):
        return judged.changed(SweepAction.FLAG, " ".join(fault.text for fault in faults), BUDGET_SECONDS)
    return judged


def _case(found: EvidenceRow, verdict: Verdict, row: SweepRow) -> SweepCase:
    video = Video.from_row(found["video"])
    attempts = [Attempt.from_row(attempt) for attempt in found["attempts"]]
    former = row.decision
    return SweepCase(
        video=video,
        last=max(attempts, key=lambda attempt: attempt.number, default=None),
        retry=decide_retry(video, attempts, findings(verdict)),
        in_logs=verdict.trace.flow is not None,
        former=Former(former["action"], former["reason"], former["repeats"]) if former else None,
        asked_to_wait=row.asked_to_wait_seconds or 0,
    )


def _request(case: SweepCase, settings: Settings) -> GenerationRequest:
    """What the last attempt asked for, or the row if there was none."""
    if case.last:
        return GenerationRequest(**case.last.request)
    video = case.video
    return GenerationRequest(video.input_image_url or "", video.prompt or "", settings.runway_model)

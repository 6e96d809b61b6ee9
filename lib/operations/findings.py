"""What the diagnosis finds about one video right now, as far as a repair depends on it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from lib.data.database import Database
from lib.data.verdicts import evidence_of
from lib.domain.attempt import Findings
from lib.domain.diagnosis import Verdict
from lib.domain.flow import Means, StageReader
from lib.domain.trace import StageState, Trace
from lib.errors import NotFound
from lib.operations.diagnose import Thresholds
from lib.operations.judge import verdicts_of
from lib.traces.flows import load_flows

_NOT_SENT = (StageState.MISSING, StageState.NOT_REACHED)


def fresh_verdict(db: Database, video_id: str, thresholds: Thresholds | None = None) -> Verdict:
    """Judged now from all evidence in the database. Raises NotFound."""
    rows = evidence_of(db, [video_id])
    if not rows:
        raise NotFound(f"There is no video {video_id}.")
    return verdicts_of(rows, reader(), thresholds or Thresholds(), datetime.now(UTC))[0]


@cache
def reader() -> StageReader:
    return StageReader(load_flows())


def findings(verdict: Verdict) -> Findings:
    certain = verdict.recoverable_runway_id
    return Findings(
        cause=verdict.cause,
        never_sent=_never_sent(verdict.trace),
        candidate_task_ids=(certain,) if certain else verdict.candidate_runway_ids,
        evidence=tuple(each.text for each in verdict.evidence),
    )


def _never_sent(trace: Trace) -> bool:
    """Whether the logs prove that no try of the app got as far as calling Runway."""
    flow = reader().flows.get(trace.flow or "")
    sending = flow.first_that_means(Means.SENT) if flow else None
    if trace.sent or flow is None or sending is None:
        return False
    states = {stage.stage: stage.state for stage in trace.stages}
    return states.get(flow.stages[sending].key) in _NOT_SENT

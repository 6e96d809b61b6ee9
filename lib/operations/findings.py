"""What the diagnosis finds about one video right now, as far as a repair depends on it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from lib.data.database import Database, Row
from lib.data.videos import LogRow, get_video, video_log
from lib.domain.attempt import Attempt, Findings
from lib.domain.diagnosis import Verdict
from lib.domain.flow import Means, StageReader
from lib.domain.task import Task
from lib.domain.trace import LogEntry, RequestSummary, StageState, Trace
from lib.domain.video import Video, parse_time
from lib.logs.flows import load_flows
from lib.operations.diagnose import Thresholds, diagnose

_LINES = 5_000  # more than any video has
_NOT_SENT = (StageState.MISSING, StageState.NOT_REACHED)


def fresh_verdict(db: Database, video_id: str, thresholds: Thresholds | None = None) -> Verdict:
    """Judged now from all evidence in the database. Raises NotFound."""
    details = get_video(db, video_id)
    return diagnose(
        Video.from_row(details["video"]),
        map(_entry, video_log(db, video_id, limit=_LINES)),
        map(_summary, details["requests"]),
        Task.from_row(details["task"]) if details["task"] else None,
        [Attempt.from_row(row) for row in details["attempts"]],
        datetime.now(UTC),
        thresholds or Thresholds(),
        reader(),
    )


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


def _entry(row: LogRow) -> LogEntry:
    at = parse_time(row["at"])
    assert at is not None
    return LogEntry(
        round(at.timestamp() * 1000),
        row["level"],
        row["message"],
        row["request_id"],
        row["path"],
        row["status_code"],
    )


def _summary(row: Row) -> RequestSummary:
    at = parse_time(row["at"])
    assert at is not None
    columns = {name: value for name, value in row.items() if name != "at"}
    return RequestSummary(at_ms=round(at.timestamp() * 1000), **columns)

"""Keeping verdicts up to date: judging again only the videos whose evidence has changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lib.data.database import Database
from lib.data.verdicts import EvidenceRow, dirty_videos, evidence_of, save_verdicts
from lib.domain.attempt import Attempt
from lib.domain.cause import CAUSES
from lib.domain.diagnosis import Verdict
from lib.domain.flow import StageReader
from lib.domain.task import Task
from lib.domain.trace import LogEntry, RequestSummary
from lib.domain.video import Video, parse_time
from lib.operations.diagnose import Judge, Thresholds
from lib.settings import Settings
from lib.traces.correlate import correlate
from lib.traces.flows import load_flows
from lib.traces.trace import usual_flows

Json = Mapping[str, Any]


def judge_dirty(db: Database, settings: Settings, limit: int, now: datetime | None = None) -> int:
    """Judge up to `limit` videos whose row, logs, task or attempts have changed; how many there were."""
    dirty = dirty_videos(db, limit)
    if not dirty:
        return 0
    since = {each["video_id"]: each["since"] for each in dirty}
    rows = evidence_of(db, list(since))
    reader = StageReader(load_flows(settings.flows_dir))
    verdicts = judge_rows(rows, reader, Thresholds.from_settings(settings), now or datetime.now(UTC))
    save_verdicts(db, [{**verdict, "since": since[verdict["video_id"]]} for verdict in verdicts])
    return len(dirty)


def judge_rows(
    rows: list[EvidenceRow], reader: StageReader, thresholds: Thresholds, now: datetime
) -> list[dict[str, Any]]:
    """The verdicts as rows to be saved. A row that cannot be read gets one too, and holds up no other."""
    readable, unreadable = [], []
    for row in rows:
        try:
            Video.from_row(row["video"])
            readable.append(row)
        except ValueError as error:
            unreadable.append(_unreadable(row, str(error), now))
    return [*(verdict.as_row() for verdict in verdicts_of(readable, reader, thresholds, now)), *unreadable]


def _unreadable(row: EvidenceRow, problem: str, now: datetime) -> dict[str, Any]:
    return {
        "video_id": row["video_id"],
        "cause": "unknown",
        "confidence": "possible",
        "action": CAUSES["unknown"].action,
        "stuck": False,
        "evidence": [{"source": "row", "at": None, "text": f"cannot be read: {problem}"}],
        "judged_at": now.isoformat(),
    }


def verdicts_of(
    rows: list[EvidenceRow], reader: StageReader, thresholds: Thresholds, now: datetime
) -> list[Verdict]:
    """In the order of `rows`. The videos of a deployment tell each other which flow it follows."""
    videos = [Video.from_row(row["video"]) for row in rows]
    found = [
        correlate(map(entry_of, row["entries"]), map(summary_of, row["requests"]), [video], reader)
        for row, video in zip(rows, videos, strict=True)
    ]
    judge = Judge(now, thresholds, reader, usual_flows(found))
    verdicts = []
    for row, video, correlation in zip(rows, videos, found, strict=True):
        tasks = {task.id: task for task in map(Task.from_row, row["tasks"])}
        attempts = [Attempt.from_row(attempt) for attempt in row["attempts"]]
        verdicts.append(judge.verdict(video, correlation, tasks, attempts))
    return verdicts


def entry_of(row: Json) -> LogEntry:
    """A log entry from its JSON in the database."""
    return LogEntry(
        at_ms=_ms(row["at"]),
        level=row["level"],
        message=row["message"],
        request_id=row["request_id"],
        path=row["path"],
        status_code=row["status_code"],
        deployment_id=row.get("deployment_id"),
    )


def summary_of(row: Json) -> RequestSummary:
    """A request from its JSON in the database."""
    return RequestSummary(
        request_id=row["request_id"],
        at_ms=_ms(row["at"]),
        method=row["method"],
        path=row["path"],
        status_code=row["status_code"],
        duration_ms=row["duration_ms"],
        deployment_id=row["deployment_id"],
    )


def _ms(time: str) -> int:
    at = parse_time(time)
    assert at is not None
    return round(at.timestamp() * 1000)

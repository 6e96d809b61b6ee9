"""Diagnosis from end to end: evidence in, verdicts out. The same for files and for the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lib.domain.attempt import Attempt
from lib.domain.diagnosis import Case, Verdict, judge
from lib.domain.flow import StageReader
from lib.domain.task import Task, TaskStatus
from lib.domain.trace import LogEntry, RequestSummary, time_of
from lib.domain.video import Video
from lib.settings import Settings
from lib.traces.correlate import Correlation, correlate
from lib.traces.polls import pollers
from lib.traces.trace import trace_of, usual_flows


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How long an unfinished video may be silent, and how long the platform keeps logs."""

    stuck_after: timedelta = timedelta(minutes=5)
    retention: timedelta = timedelta(hours=24)

    @classmethod
    def from_settings(cls, settings: Settings) -> Thresholds:
        return cls(
            stuck_after=timedelta(minutes=settings.stuck_after_minutes),
            retention=timedelta(hours=settings.log_retention_hours),
        )


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything a verdict depends on besides the evidence. `usual` flows by deployment settle ties."""

    now: datetime
    thresholds: Thresholds
    reader: StageReader
    usual: Mapping[str | None, str] = field(default_factory=dict)
    logs_end: datetime | None = None  # None: logs go on
    nameless_share: float = 0.0

    def verdict(
        self, video: Video, found: Correlation, tasks: Mapping[str, Task], attempts: Sequence[Attempt] = ()
    ) -> Verdict:
        strands = found.of(video.id).strands
        trace = trace_of(
            video,
            found,
            self.reader.flows,
            now=self.now,
            retention=self.thresholds.retention,
            usual_flow=self.usual.get(strands[-1].first.entry.deployment_id) if strands else None,
            logs_end=self.logs_end,
        )
        named = (video.runway_video_id or "", *trace.task_ids)
        task = next((tasks[each] for each in named if each in tasks), None)
        case = Case(
            video,
            trace,
            task,
            tuple(attempts),
            self.now,
            self.thresholds.stuck_after,
            _in_vain(tasks) if attempts else frozenset(),
            found.nameless_errors,
            self.nameless_share,
        )
        return judge(case)


def _in_vain(tasks: Mapping[str, Task]) -> frozenset[str]:
    return frozenset(task.id for task in tasks.values() if task.is_terminal and task.status != "SUCCEEDED")


def diagnose(  # noqa: PLR0917
    video: Video,
    entries: Iterable[LogEntry],
    summaries: Iterable[RequestSummary],
    task: Task | None,
    attempts: Sequence[Attempt],
    now: datetime,
    thresholds: Thresholds,
    reader: StageReader,
) -> Verdict:
    """The verdict on one video. `entries` are all entries of every request that names it or its task."""
    found = correlate(entries, summaries, [video], reader)
    return Judge(now, thresholds, reader).verdict(video, found, {task.id: task} if task else {}, attempts)


def diagnose_all(  # noqa: PLR0917
    videos: Sequence[Video],
    entries: Iterable[LogEntry],
    summaries: Iterable[RequestSummary],
    tasks: Mapping[str, Task],
    now: datetime,
    thresholds: Thresholds,
    reader: StageReader,
) -> list[Verdict]:
    """The verdicts on all videos of a deployment, or of several, from one pile of logs."""
    found = correlate(entries, summaries, videos, reader)
    logs_end = time_of(found.last_ms) if found.last_ms is not None else None
    share = _nameless_share(videos, found, tasks)
    judge_of_all = Judge(now, thresholds, reader, usual_flows([found]), logs_end, share)
    return [judge_of_all.verdict(video, found, tasks) for video in videos]


def _nameless_share(videos: Iterable[Video], found: Correlation, tasks: Mapping[str, Task]) -> float:
    """Of the videos whose status checks might be the nameless ones that fail, how many are being checked."""
    waiting = [v for v in videos if v.runway_video_id and not v.is_finished and not found.of(v.id).polls]
    succeeded = {task.id for task in tasks.values() if task.status == TaskStatus.SUCCEEDED}
    unheard = len([v for v in waiting if v.runway_video_id in succeeded] or waiting)
    return min(1.0, pollers(found.nameless_errors) / unheard) if unheard else 0.0

"""Dossiers: everything known of videos, from the database or from files, in one shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import starmap

from lib.app import App
from lib.data.verdicts import DossierRow, dossier_rows
from lib.domain.account import Around
from lib.domain.attempt import Attempt
from lib.domain.diagnosis import Dossier
from lib.domain.task import Task, TaskStatus
from lib.domain.trace import LogEntry, RequestSummary, is_made_up, time_of
from lib.domain.video import Video, parse_time
from lib.errors import NotFound
from lib.logs.redact import redact
from lib.operations.nameless import with_nameless_calls
from lib.traces.correlate import Correlation, VideoLog, correlate, waits_until
from lib.traces.polls import pollers
from lib.traces.trace import trace_of, usual_flows

MOST_NOBODYS = 20  # tasks that public.dailies_dossiers reads for a row, the first behind it


def load_dossiers(app: App, video_ids: Sequence[str]) -> list[Dossier]:
    """In the order of `video_ids`, each once, by one call of the database, and some where a proof may be
    taken away. Raises NotFound, ValueError for a row that cannot be read."""
    wanted = list(dict.fromkeys(video_ids))
    rows = {row["video_id"]: row for row in dossier_rows(app.db, wanted)}
    if missing := [video_id for video_id in wanted if video_id not in rows]:
        raise NotFound(f"There is no video {', '.join(missing)}.")
    return with_nameless_calls(app, dossiers_of(app, [rows[video_id] for video_id in wanted]))


def load_dossier(app: App, video_id: str) -> Dossier:
    return load_dossiers(app, [video_id])[0]


def dossiers_of(app: App, rows: Sequence[DossierRow]) -> list[Dossier]:
    """The videos of a deployment tell each other which flow it follows."""
    videos = [Video.from_mapped(row["video"]) for row in rows]
    found = [_correlated(app, row, video) for row, video in zip(rows, videos, strict=True)]
    usual = usual_flows(found)
    return [
        dossier_of(
            app,
            video,
            correlation,
            usual,
            now=now_of(app, row),
            tasks=map(Task.from_row, row["tasks"]),
            attempts=map(Attempt.from_row, row["attempts"]),
            logs_end=parse_time(row["observed_until"]),
            logs_expired=row["logs_expired"],
            had=tuple(task["task_id"] for task in row["tasks"] if task["video_id"] == row["video_id"]),
            readings=Around.from_row(row["readings"]) if row["readings"] else None,
        )
        for row, video, correlation in zip(rows, videos, found, strict=True)
    ]


def _correlated(app: App, row: DossierRow, video: Video) -> Correlation:
    """Tasks of lines that name nobody are no more than candidates: the runs of others are not seen here. Nor
    are other lines of text without request ids: any of them may be the call of a run that was told so."""
    entries, requests = starmap(LogEntry, row["entries"]), starmap(RequestSummary, row["requests"])
    found = correlate(entries, requests, [video], app.flows)
    for run in found.of(video.id).runs:
        run.in_part = any(map(is_made_up, run.requests))
    if not row["nobodys"]:
        return found
    waiting = [video, *map(Video.from_mapped, row["peers"])]
    log = found.of(video.id)
    until = waits_until(video, log.runs)
    nobodys = correlate(starmap(LogEntry, row["nobodys"]), (), waiting, app.flows, {video.id: until})
    tasks = _tasks_of(nobodys.of(video.id))
    read = {task for each in nobodys.videos.values() for task in _tasks_of(each)}
    read.update(each.task_id for each in nobodys.nobodys)
    if until and len(read) >= MOST_NOBODYS:  # there may be more, and one of those the row's
        tasks = [*tasks, *sorted(read)]
    log = replace(log, candidates=tuple(dict.fromkeys([*log.candidates, *tasks])))
    return replace(found, videos={**found.videos, video.id.lower(): log})


def _tasks_of(log: VideoLog) -> list[str]:
    of_runs = [task for run in log.runs for task in sorted(run.tasks | run.candidates)]
    return [*of_runs, *log.candidates]


def now_of(app: App, row: DossierRow) -> datetime:
    """The database's time: this machine's may be wrong."""
    return app.clock() if app.clock else datetime.fromisoformat(row["now"])


Span = tuple[int | None, int | None]  # first and last, in epoch milliseconds


def dossiers_of_files(
    app: App,
    videos: Sequence[Video],
    found: Correlation,
    tasks: Sequence[Task],
    now: datetime,
    *,
    spans: Sequence[Span] | None = None,
) -> list[Dossier]:
    """Of all videos of a deployment, or of several, from what files hold of them. `spans`: of each file."""
    spans = spans or [(found.first_ms, found.last_ms)]
    share = _nameless_share(videos, found, tasks)
    usual = usual_flows([found])
    return [
        dossier_of(
            app,
            video,
            found,
            usual,
            now=now,
            tasks=tasks,
            logs_end=_known_until(video, found, spans),
            nameless_share=share,
        )
        for video in videos
    ]


def _known_until(video: Video, found: Correlation, spans: Iterable[Span]) -> datetime | None:
    """As `dailies.observed_until`: what lies between two files nobody knows."""
    lines = (line.entry.at_ms for run in found.of(video.id).runs for line in run.lines)
    last = max(lines, default=None)
    ends = (
        until
        for since, until in spans
        if since is not None and until is not None and (last is None or since <= last <= until)
    )
    end = max(ends, default=None)
    return None if end is None else time_of(end)


def dossier_of(
    app: App,
    video: Video,
    found: Correlation,
    usual: Mapping[str | None, str],
    *,
    now: datetime,
    logs_end: datetime | None,
    logs_expired: bool = False,
    tasks: Iterable[Task] = (),
    attempts: Iterable[Attempt] = (),
    nameless_share: float = 0.0,
    readings: Around | None = None,
    had: tuple[str, ...] = (),
) -> Dossier:
    """usual     the flow that most videos of a deployment follow
    logs_end  up to when everything that was logged is known
    """
    text, runs = video.error_message, found.of(video.id).runs
    shown = replace(video, error_message=redact(text)) if text else video  # verdicts quote it
    trace = trace_of(
        video,
        found,
        app.flows.flows,
        now=now,
        retention=app.retention,
        usual_flow=usual.get(runs[-1].first.entry.deployment_id) if runs else None,
        logs_end=logs_end,
    )
    return Dossier(
        video=shown,
        trace=trace,
        tasks={task.id: task for task in tasks},
        attempts=tuple(attempts),
        now=now,
        stuck_after=app.stuck_after,
        nameless_errors=found.nameless_errors,
        nameless_share=nameless_share,
        readings=readings,
        model=app.settings.runway_model,
        left_to_workers=app.settings.take_queued,
        logs_expired=logs_expired,
        had=had,
    )


def _nameless_share(videos: Iterable[Video], found: Correlation, tasks: Iterable[Task]) -> float:
    """Of the videos whose status checks might be the nameless ones that fail, how many are being checked."""
    waiting = [v for v in videos if v.runway_video_id and not v.is_finished and not found.of(v.id).polls]
    succeeded = {task.id for task in tasks if task.status == TaskStatus.SUCCEEDED}
    unheard = len([v for v in waiting if v.runway_video_id in succeeded] or waiting)
    return min(1.0, pollers(found.nameless_errors) / unheard) if unheard else 0.0

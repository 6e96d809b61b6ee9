"""`python -m lib diagnose`: say of each video what happened, from files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from lib.app import App
from lib.cli.files import FILE, MAP_OPTION, logs_of, map_of, say, tasks_of, videos_of
from lib.domain.cause import CAUSES, Action
from lib.domain.diagnosis.verdict import Evidence
from lib.domain.mapping import RowKind
from lib.domain.repair import Assessment, assess
from lib.domain.task import Task
from lib.domain.trace import NobodysTask, time_of
from lib.domain.video import Video, parse_time
from lib.errors import BadInput
from lib.logs.repeats import merged
from lib.logs.report import ImportReport
from lib.operations.dossiers import dossiers_of_files
from lib.settings import load_settings
from lib.traces.correlate import correlate


@click.command()
@click.option("--videos", "videos_file", type=FILE, required=True, help="Rows of `videos` as JSON or CSV.")
@MAP_OPTION
@click.option(
    "--logs", "log_files", type=FILE, multiple=True, help="A log export of any kind; may be repeated."
)
@click.option("--tasks", "tasks_file", type=FILE, help="Runway's answers to task look-ups, as JSON.")
@click.option("--now", help="The moment to judge at, as an ISO time. Default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead of a table.")
def command(
    *,
    videos_file: Path,
    map_file: Path | None,
    log_files: tuple[Path, ...],
    tasks_file: Path | None,
    now: str | None,
    as_json: bool,
) -> None:
    """Say of each video what happened, at which stage it stopped and what to do, from files alone."""
    app = App(load_settings())
    table_map = map_of(map_file) if map_file else None
    read = videos_of(videos_file, table_map)
    videos = read.videos
    tasks = tasks_of(tasks_file) if tasks_file else []
    at = _moment(now)
    reports = [ImportReport() for _ in log_files]
    entries, summaries = merged(map(logs_of, log_files, reports))
    found = correlate(entries, summaries, videos, app.flows)
    spans = [(each.first_ms, each.last_ms) if each.is_whole else (None, None) for each in reports]
    assessments = [assess(known) for known in dossiers_of_files(app, videos, found, tasks, at, spans=spans)]
    say([*read.notes(), *_flows_used(app)])
    if as_json:
        told = [each.as_row() | {"action": each.advice} for each in assessments]
        key = table_map.columns["id"] if table_map else "id"
        told += [_apart(str(row.get(key)), kind) for row, kind in read.apart]
        told += [_nobodys(each, tasks) for each in found.nobodys]
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join([*table(videos, assessments), *map(_nobodys_line, found.nobodys)]))


def _flows_used(app: App) -> Iterator[str]:
    """Said where a database may keep more flows: this command asks none."""
    if app.settings.database_kind != "embedded":
        used, where = ", ".join(app.flows.flows), app.database_label
        yield f"Judged from files alone, by the flows {used}. Those kept in {where} were not read."


def _apart(video_id: str, kind: RowKind) -> dict[str, Any]:
    """A row that is not judged, with why instead of a cause."""
    why = "It is deleted." if kind is RowKind.DELETED else "It is of another provider."
    repair = {"kind": Action.NONE, "pays": False, "credits": 0, "needs_a_person": False, "reason": why}
    return {
        "video_id": video_id,
        "cause": kind,
        "judged": False,
        "stuck": False,
        "action": Action.NONE,
        "repair": repair | {"proof": None},
    }


def _nobodys(found: NobodysTask, tasks: Iterable[Task]) -> dict[str, Any]:
    """A task without a video: it was paid for, and a person decides whose it is."""
    return {
        "video_id": None,
        "cause": "nobodys_task",
        "judged": False,
        "stuck": False,
        "action": Action.ASK,
        "task_id": found.task_id,
        "task_status": next((task.status for task in tasks if task.id == found.task_id), None),
        "candidate_video_ids": found.candidates,
        "reason": f"No line tells whose task this is. {_whose(found)}.",
        "evidence": [Evidence.of_log(found.entry).as_json()],
    }


def _nobodys_line(found: NobodysTask) -> str:
    at = time_of(found.entry.at_ms)
    return f"{at:%Y-%m-%d %H:%M:%S} task {found.task_id} is nobody's. {_whose(found)}."


def _whose(found: NobodysTask) -> str:
    if not found.candidates:
        return "No row waited then"
    return f"It may be that of {', '.join(found.candidates)}"


def _moment(text: str | None) -> datetime:
    try:
        return parse_time(text) or datetime.now(UTC)
    except ValueError as error:
        raise BadInput(f"--now {text!r} is no ISO time such as 2025-11-12T09:00:00Z.") from error


def table(videos: list[Video], assessments: list[Assessment]) -> list[str]:
    """A line a video, newest first, and a last one that counts."""
    rows = sorted(zip(videos, assessments, strict=True), key=lambda pair: pair[0].created_at, reverse=True)
    head = _line("CREATED (UTC)", "VIDEO", "ROW", "CAUSE", "SURE", "MISSING STAGE", "ACTION")
    verdicts = [each.verdict for each in assessments]
    stuck = sum(verdict.stuck for verdict in verdicts)
    lost = sum(verdict.recoverable_runway_id is not None for verdict in verdicts)
    total = f"{len(videos)} videos, {stuck} stuck, {lost} with a task id that only the logs know."
    return [head, *(_verdict_line(video, each) for video, each in rows), total]


def _verdict_line(video: Video, assessed: Assessment) -> str:
    verdict, repair = assessed
    return _line(
        f"{video.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        video.id[:8],
        video.status,
        CAUSES[verdict.cause].title,
        verdict.confidence,
        verdict.trace.first_missing or "-",
        " ".join(filter(None, [repair.action.replace("_", " "), verdict.recoverable_runway_id])),
    )


def _line(*cells: str) -> str:
    widths = (20, 10, 12, 24, 10, 28, 0)
    return "".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))

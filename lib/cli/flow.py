"""`python -m lib flow`: an app's own order of log lines, learned from runs that worked, and tried on logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from lib.app import open_app
from lib.cli.files import FILE, MAP_OPTION, logs_of, map_of, say, videos_of, write_out
from lib.data.flows import stored_flows
from lib.domain.trace import LogEntry, time_of
from lib.domain.video import Video
from lib.errors import BadInput
from lib.logs.repeats import merged
from lib.operations.flows import propose_flow, remove_flow, save_flow
from lib.traces.check import CheckedRun, check_runs
from lib.traces.correlate import in_order
from lib.traces.flows import read_content, read_flow
from lib.traces.learn import Lines, runs_in

_LOGS = click.option("--logs", "log_files", type=FILE, multiple=True, required=True, help="May be repeated.")
_ROWS = click.option("--rows", "rows_file", type=FILE, help="The rows that the logs tell of, exported.")
_SHOWN = 100  # characters of a line


@click.group()
def command() -> None:
    """A flow: the lines that an app logs for one video, in their order."""


@command.command()
@_LOGS
@_ROWS
@MAP_OPTION
@click.option("--out", type=FILE, help="Write the flow there, into your DAILIES_FLOWS. Default: print it.")
def learn(
    log_files: tuple[Path, ...], rows_file: Path | None, map_file: Path | None, out: Path | None
) -> None:
    """Propose a flow from logs of runs that worked: with --rows, those of rows that succeeded."""
    videos = [video for video in _videos(rows_file, map_file) if video.status == "succeeded"]
    if rows_file and not videos:
        raise BadInput(
            f"{rows_file} holds no row that succeeded. Correct the map: python -m lib map --rows …"
        )
    runs = runs_in(_entries(log_files), videos)
    key = re.sub(r"[^a-z0-9_-]", "-", out.stem.lower()).lstrip("-_") if out else ""
    flow = propose_flow(runs, key or "learned")
    write_out(_as_json(flow), out)
    if out is not None:
        guesses = "; ".join(f"{each['means']}: {each['title']}" for each in flow["stages"] if "means" in each)
        say([f"{len(flow['stages'])} stages from {len(runs)} runs.", f"Guessed – {guesses or 'nothing'}."])


@command.command()
@click.argument("file", type=FILE)
@_LOGS
@_ROWS
@MAP_OPTION
def check(file: Path, log_files: tuple[Path, ...], rows_file: Path | None, map_file: Path | None) -> None:
    """Show what a flow recognises in logs, line by line, and what each run misses."""
    flow = read_flow(file)
    entries = _entries(log_files)
    runs = runs_in(entries, _videos(rows_file, map_file)) or [Lines(entries=list(entries))]
    for run in check_runs(runs, flow):
        click.echo("\n".join(_shown(run)))


@command.command()
@click.argument("file", type=FILE)
def save(file: Path) -> None:
    """Keep a flow in the database, where the dashboard and all workers find it."""
    with open_app(runway=False) as app:
        flow = save_flow(app, read_content(file))
        say(
            [
                f"Flow {flow.key} is saved in {app.database_label}: {len(flow.stages)} stages.",
                "The newest 10,000 of the last 30 days are judged by it now; `migrate --rejudge` takes all.",
            ]
        )


@command.command("list")
def list_() -> None:
    """Show the flows in use and where each stands."""
    with open_app(runway=False) as app:
        flows, stored = app.flows.flows, {each.key: each for each in stored_flows(app.db)}
        for flow in flows.values():
            by = stored.get(flow.key)
            where = f"database, saved by {by.operator} at {by.saved_at[:16]}" if by else "file"
            click.echo(f"{flow.key:<24} {len(flow.stages):>3} stages  {where}  {flow.title}")
        for key, problem in app.kept_flows.problems.items():
            click.echo(f"{key:<24} not used: {problem}")


@command.command()
@click.argument("key")
def remove(key: str) -> None:
    """Take a flow out of the database; a file's flow of that key counts again."""
    with open_app(runway=False) as app:
        remove_flow(app, key)
        say([f"Flow {key} is removed from {app.database_label}."])


def _shown(run: CheckedRun) -> Iterator[str]:
    yield f"run of {run.name}"
    for entry, stage in run.lines:
        line = re.sub(r"\s+", " ", entry.message)[:_SHOWN]
        yield f"  {time_of(entry.at_ms):%H:%M:%S.%f} {stage or '·':<32} {line}"
    yield f"  missing: {', '.join(run.missing)}" if run.missing else "  complete"


def _videos(rows_file: Path | None, map_file: Path | None) -> list[Video]:
    return videos_of(rows_file, map_of(map_file) if map_file else None).videos if rows_file else []


def _entries(log_files: Sequence[Path]) -> list[LogEntry]:
    return in_order(merged(map(logs_of, log_files))[0])


def _as_json(flow: dict[str, Any]) -> str:
    """A stage a line, as people edit it."""
    stages = ",\n".join("    " + json.dumps(stage, ensure_ascii=False) for stage in flow["stages"])
    head = json.dumps({"flow": flow["flow"], "title": flow["title"]}, ensure_ascii=False, indent=2)
    return head.removesuffix("\n}") + f',\n  "stages": [\n{stages}\n  ]\n}}\n'

"""Proposing a flow from lines, and keeping it in the database, where every process finds it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, BinaryIO

from lib.app import App
from lib.data import flows
from lib.data.videos import Filters, list_videos
from lib.domain.flow import Flow
from lib.domain.trace import LogEntry, time_of
from lib.domain.video import Video
from lib.errors import BadInput
from lib.logs.reading import read_stream
from lib.logs.repeats import merged
from lib.logs.report import ImportReport
from lib.traces.correlate import in_order
from lib.traces.flows import flow_of
from lib.traces.learn import Lines, learn_flow, runs_in

MOST_LINES = 20_000
MOST_VIDEOS = 200
BEFORE = timedelta(minutes=15)  # a row may be so much older than the first line of its run


def lines_of(files: Iterable[tuple[str, BinaryIO]]) -> list[LogEntry]:
    """The lines of log files in any form that is imported, in order; nothing is stored. Raises BadInput."""
    entries: list[LogEntry] = []
    for name, file in files:
        report = ImportReport()
        found, _ = merged([islice(read_stream(file, name, report, datetime.now(UTC)), MOST_LINES)])
        report.refuse_if_unused(name)
        entries += found
    return in_order(entries)[:MOST_LINES]


def runs_of(app: App, entries: list[LogEntry]) -> list[Lines]:
    """The lines of each video that succeeded in their time; where none is known, of each request of the usual
    kind; else all of them as one. Raises DatabaseError."""
    if not entries:
        return []
    since, until = time_of(entries[0].at_ms) - BEFORE, time_of(entries[-1].at_ms)
    wanted = Filters(since=since, until=until, statuses=("succeeded",), own=True)
    videos = [Video.from_mapped(row) for row in list_videos(app.db, wanted, limit=MOST_VIDEOS)]
    return runs_in(entries, videos) or runs_in(entries) or [Lines(entries=entries)]


def propose_flow(runs: list[Lines], key: str) -> dict[str, Any]:
    """The content of a flow's file. Raises BadInput saying why nothing can be learned."""
    try:
        return learn_flow(runs, key)
    except ValueError as error:
        raise BadInput(f"No flow: {error}.") from error


def save_flow(app: App, content: Any) -> Flow:
    """Replaces the flow of the same key. Raises BadInput naming everything that is wrong with it,
    DatabaseError."""
    flow = flow_of(content, "This")
    flows.save_flow(app.db, content, app.operator)
    app.kept_flows.forget()
    return flow


def remove_flow(app: App, key: str) -> None:
    """Of the database; a file's flow of that key counts again. Raises NotFound, DatabaseError."""
    flows.remove_flow(app.db, key, app.operator)
    app.kept_flows.forget()

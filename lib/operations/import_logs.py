"""Bringing a log file into the database."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from lib.app import App
from lib.data.database import Row
from lib.data.logs import Added, add_logs, merge_text
from lib.domain.trace import LogEntry
from lib.logs.formats import Item
from lib.logs.reading import WHOLE, Share, read_logs, read_stream
from lib.logs.report import ImportReport
from lib.operations.log_batches import batches
from lib.traces.correlate import untangle

LOOSE_BATCH = 200_000  # entries without request ids, which have to be looked at together


def import_logs(
    app: App,
    source: Path | BinaryIO,
    *,
    name: str,
    import_id: uuid.UUID | None = None,
    share: Share = WHOLE,
) -> ImportReport:
    """Store the entries and requests of a log file; what earlier imports stored is counted, not doubled.

    That holds for a line which one source tells as text, without its request's id, and another with it, too.
    Importing a file again, also one that broke off in the middle, completes it. `import_id` makes it one
    import with what came under this id before. Raises BadInput, DatabaseError.
    """
    report = ImportReport()
    import_: Row = {"id": str(import_id or uuid.uuid4()), "name": name, "operator": app.operator}
    items = _with_request_ids(_read(source, name, report, share), report, app)
    with ThreadPoolExecutor(1) as background:  # the database works while the next batch is read
        storing: Future[Added] | None = None
        for batch in batches(items, app.flows):
            _count(storing, report)
            storing = background.submit(add_logs, app.db, import_, *batch)
        _count(storing, report)
    if report.first_ms is not None and report.last_ms is not None:
        report.already_stored += merge_text(app.db, report.first_ms, report.last_ms)
    add_logs(app.db, {**import_, "format": report.format, "report": report.details()})
    return report


def _read(source: Path | BinaryIO, name: str, report: ImportReport, share: Share) -> Iterator[Item]:
    if isinstance(source, Path):
        return read_logs(source, report, share)
    return read_stream(source, name, report, datetime.now(UTC), share)


def _with_request_ids(items: Iterator[Item], report: ImportReport, app: App) -> Iterator[Item]:
    """`items`, those of a source without request ids under ids made up from their content and order."""
    for first in items:  # the format is known when the first one has been read
        items = itertools.chain([first], items)
        if report.has_request_ids:
            yield from items
            return
        while batch := list(itertools.islice(items, LOOSE_BATCH)):
            yield from (item for item in batch if not isinstance(item, LogEntry))
            yield from untangle((item for item in batch if isinstance(item, LogEntry)), app.flows)


def _count(storing: Future[Added] | None, report: ImportReport) -> None:
    if storing is not None:
        report.already_stored += storing.result().repeated

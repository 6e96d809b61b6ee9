"""Bringing log files into the database, big ones with every processor there is."""

from __future__ import annotations

import gc
import itertools
import sys
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO, NamedTuple

from lib.app import App, open_app
from lib.data.database import Row
from lib.data.logs import Added, EntryRow, add_logs, entry_row, merge_text
from lib.data.watch import wait_for_end
from lib.domain.flow import StageReader
from lib.domain.memo import LENGTH, MESSAGES
from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.formats import Item
from lib.logs.reading import BIG, WHOLE, Share, read_logs, read_stream, shares
from lib.logs.repeats import EntryKeys, completed
from lib.logs.report import ImportReport
from lib.logs.values import LONGEST_ID
from lib.traces.correlate import untangle
from lib.traces.naming import FirstNamed, first_named_in_each, mentioned_tasks

LOOSE_BATCH = 200_000  # entries without request ids, which have to be looked at together
ENTRIES = 5_000  # of a batch, as are these
CHARACTERS = 4_000_000
TOGETHER = 256

_Row = tuple[int, str, int, EntryRow]  # what entries are sorted by: time, the source's id, place in the file


def count_file(path: Path, big: int = BIG) -> ImportReport:
    """Read and store nothing. A file of `big` bytes is shared between processes.

    Raises BadInput, also where nothing of the file is of use.
    """
    report = together(partial(_count, path), shares(path, big))
    report.refuse_if_unused(path.name)
    return report


def import_file(app: App, path: Path, big: int = BIG) -> ImportReport:
    """`import_logs` of a file; one of `big` bytes is shared between processes, which open the app themselves.

    Raises BadInput, also where nothing of the file is of use, SettingsError, DatabaseError.
    """
    import_id = uuid.uuid4()
    report = together(partial(_import, path, import_id), shares(path, big))
    add_logs(app.db, {"id": str(import_id), "report": report.details()})
    report.refuse_if_unused(path.name)
    return report


def together(work: Callable[[Share], ImportReport], parts: list[Share]) -> ImportReport:
    """`work` on every share, each in a process of its own; their reports as one.

    A copy of this process is there at once, a new one a second later; but what threads hold at the moment of
    copying stays held in it.
    """
    if len(parts) == 1:
        return work(parts[0])
    if threading.active_count() == 2:  # quicker than to start anew, where the other one is about to end
        wait_for_end()
    can_be_copied = sys.platform == "linux" and threading.active_count() == 1
    context = get_context("fork" if can_be_copied else "spawn")
    with ProcessPoolExecutor(
        len(parts), mp_context=context, initializer=_look_for_little_garbage
    ) as processes:
        report, *others = processes.map(work, parts)
    for other in others:
        report.merge(other)
    return report


def _look_for_little_garbage() -> None:
    """What is there when a process begins is none, and what a batch is made of goes with it."""
    gc.freeze()
    gc.set_threshold(10 * ENTRIES)


def _count(path: Path, share: Share) -> ImportReport:
    report = ImportReport()
    deque(read_logs(path, report, share), maxlen=0)
    return report


def _import(path: Path, import_id: uuid.UUID, share: Share) -> ImportReport:
    with open_app(runway=False) as app:
        return import_logs(app, path, name=path.name, import_id=import_id, share=share)


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
    if isinstance(source, Path):
        found = read_logs(source, report, share)
    else:
        found = read_stream(source, name, report, datetime.now(UTC), share)
    items = _with_request_ids(found, report, app)
    with ThreadPoolExecutor(1) as background:  # the database works while the next batch is read
        storing: Future[Added] | None = None
        for batch in batches(items, app.flows):
            _add_repeated(storing, report)
            storing = background.submit(add_logs, app.db, import_, *batch)
        _add_repeated(storing, report)
    if report.first_ms is not None and report.last_ms is not None:
        report.already_stored += merge_text(app.db, report.first_ms, report.last_ms)
    # what comes in pieces, from a drain or a pull, is no export: nothing is known of what lies between two
    told = {"report": report.details()} if import_id is None else {}
    add_logs(app.db, {**import_, "format": report.format, **told})
    return report


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


def _add_repeated(storing: Future[Added] | None, report: ImportReport) -> None:
    if storing is not None:
        report.already_stored += storing.result().repeated


class LogBatch(NamedTuple):
    entries: list[EntryRow]  # in the order they were written, as the database keeps the order of insertion
    requests: list[RequestSummary]


def batches(items: Iterable[Item], flows: StageReader) -> Iterator[LogBatch]:
    """`items` of one file, each entry with its key and the ids that its message names.

    Each step is done for some entries before the next one is: in turns for each they take half as long again,
    as their code does not stay in the processor's cache.
    """
    keys, named = EntryKeys(), _named_in(flows)
    rows, entries = list[_Row](), list[LogEntry]()
    requests: dict[str, RequestSummary] = {}
    characters = 0
    for item in items:
        if isinstance(item, RequestSummary):
            requests[item.request_id] = completed(item, requests.get(item.request_id))
            continue
        entries.append(item)
        at_ms, _, message, request, path, status, deployment, _ = item
        if request is not None and request not in requests:
            # what an entry carries of its request, where no summary says more
            requests[request] = RequestSummary(request, at_ms, None, path, status, None, deployment)
        characters += len(message)
        is_full = len(rows) + len(entries) >= ENTRIES or characters >= CHARACTERS
        if is_full or len(entries) >= TOGETHER:
            rows += _rows(entries, keys, named, len(rows))
            entries.clear()
        if is_full:
            yield _batch(rows, requests)
            rows, requests, characters = [], {}, 0
    rows += _rows(entries, keys, named, len(rows))
    if rows or requests:
        yield _batch(rows, requests)


def _rows(
    entries: list[LogEntry], keys: EntryKeys, named: Callable[[Sequence[str]], list[FirstNamed]], first: int
) -> Iterable[_Row]:
    told = keys.keys(entries), named([entry.message for entry in entries])
    return [
        (entry.at_ms, entry.entry_id or "", place, entry_row(key, entry, *names))
        for place, (entry, key, names) in enumerate(zip(entries, *told, strict=True), first)
    ]


def _named_in(flows: StageReader) -> Callable[[Sequence[str]], list[FirstNamed]]:
    """Says of messages what they name; of those of a moment ago from memory."""
    known: dict[str, FirstNamed] = {}

    def named(messages: Sequence[str]) -> list[FirstNamed]:
        if len(known) >= MESSAGES:
            known.clear()
        new = [message for message in dict.fromkeys(messages) if message not in known]
        known.update(zip(new, map(partial(_named, flows), new, first_named_in_each(new)), strict=True))
        told = [known[message] for message in messages]
        if max(map(len, new), default=0) > LENGTH:
            known.clear()
        return told

    return named


def _named(flows: StageReader, message: str, first: FirstNamed) -> FirstNamed:
    """The video and the task that a message names: where a flow says they stand, else in so many words. A
    task that is only mentioned, in words nobody knows, may be nobody's."""
    said = flows.named(message)
    video, task = said or first
    if not said and not video and not task:
        mentioned = next(mentioned_tasks(message), None)
        task = mentioned if mentioned and not flows.read(message) else None
    return (
        video.lower() if video and len(video) <= LONGEST_ID else None,
        task if task and len(task) <= LONGEST_ID else None,
    )


def _batch(rows: list[_Row], requests: dict[str, RequestSummary]) -> LogBatch:
    rows.sort()
    return LogBatch([row for _, _, _, row in rows], list(requests.values()))

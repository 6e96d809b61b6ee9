"""Entries and requests as the database takes them, in pieces of a bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lib.data.logs import EntryRow, entry_row
from lib.domain.trace import RequestSummary
from lib.logs.formats import Item
from lib.logs.memo import remembered
from lib.logs.repeats import EntryKeys, completed
from lib.logs.values import LONGEST_ID
from lib.traces.naming import names_in

ENTRIES = 5_000
CHARACTERS = 4_000_000

_names_in = remembered(names_in)

_Row = tuple[int, str, int, EntryRow]  # what entries are sorted by: time, the source's id, place in the file


class LogBatch(NamedTuple):
    entries: list[EntryRow]  # in the order they were written, as the database keeps the order of insertion
    requests: list[RequestSummary]


def batches(items: Iterable[Item]) -> Iterator[LogBatch]:
    """`items` of one file, each entry with its key and the ids that its message names."""
    keys = EntryKeys()
    rows: list[_Row] = []
    requests: dict[str, RequestSummary] = {}
    characters = 0
    for item in items:
        if isinstance(item, RequestSummary):
            requests[item.request_id] = completed(item, requests.get(item.request_id))
            continue
        at_ms, _, message, request, path, status, deployment, entry_id = item
        if request is not None and request not in requests:
            # what an entry carries of its request, where no summary says more
            requests[request] = RequestSummary(request, at_ms, None, path, status, None, deployment)
        videos, tasks = _names_in(message)
        task = tasks[0] if tasks and len(tasks[0]) <= LONGEST_ID else None
        row = entry_row(keys.key(item), item, videos[0] if videos else None, task)
        rows.append((at_ms, entry_id or "", len(rows), row))
        characters += len(message)
        if len(rows) >= ENTRIES or characters >= CHARACTERS:
            yield _batch(rows, requests)
            rows, requests, characters = [], {}, 0
    if rows or requests:
        yield _batch(rows, requests)


def _batch(rows: list[_Row], requests: dict[str, RequestSummary]) -> LogBatch:
    rows.sort()
    return LogBatch([row for _, _, _, row in rows], list(requests.values()))

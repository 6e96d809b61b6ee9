"""Entries and requests as the database takes them, in pieces of a bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from lib.data.logs import EntryRow, entry_row
from lib.domain.flow import StageReader
from lib.domain.trace import RequestSummary
from lib.logs.formats import Item
from lib.logs.memo import remembered
from lib.logs.repeats import EntryKeys, completed
from lib.logs.values import LONGEST_ID
from lib.traces.naming import mentioned_tasks, names_in

ENTRIES = 5_000
CHARACTERS = 4_000_000

_Row = tuple[int, str, int, EntryRow]  # what entries are sorted by: time, the source's id, place in the file


class LogBatch(NamedTuple):
    entries: list[EntryRow]  # in the order they were written, as the database keeps the order of insertion
    requests: list[RequestSummary]


def batches(items: Iterable[Item], flows: StageReader) -> Iterator[LogBatch]:
    """`items` of one file, each entry with its key and the ids that its message names."""
    keys = EntryKeys()
    named = remembered(partial(_named, flows))
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
        row = entry_row(keys.key(item), item, *named(message))
        rows.append((at_ms, entry_id or "", len(rows), row))
        characters += len(message)
        if len(rows) >= ENTRIES or characters >= CHARACTERS:
            yield _batch(rows, requests)
            rows, requests, characters = [], {}, 0
    if rows or requests:
        yield _batch(rows, requests)


def _named(flows: StageReader, message: str) -> tuple[str | None, str | None]:
    """The video and the task that a message names: where a flow says they stand, else in so many words. A
    task that is only mentioned, in words nobody knows, may be nobody's."""
    if said := flows.named(message):
        video, task = said
    else:
        videos, tasks = names_in(message)
        video, task = next(iter(videos), None), next(iter(tasks), None)
        if not video and not task:
            mentioned = next(mentioned_tasks(message), None)
            task = mentioned if mentioned and not flows.read(message) else None
    return (
        video.lower() if video and len(video) <= LONGEST_ID else None,
        task if task and len(task) <= LONGEST_ID else None,
    )


def _batch(rows: list[_Row], requests: dict[str, RequestSummary]) -> LogBatch:
    rows.sort()
    return LogBatch([row for _, _, _, row in rows], list(requests.values()))

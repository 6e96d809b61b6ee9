"""Reading a log file of any known source: recognised by content, streamed, redacted, counted.

A big file is shared between processes: each decodes all of it and reads the requests that are its own.
Whatever repeats itself or belongs together carries one request id, so the shares never need each other.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zlib import crc32

from msgspec import Struct
from msgspec.json import encode

from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import BadInput
from lib.logs import strangers
from lib.logs.formats import Format, Item, Parse, Said, in_shape
from lib.logs.framing import LONGEST_RECORD, Piece
from lib.logs.own_level import at_own_level
from lib.logs.recognise import Recognised, Unfinished, recognise
from lib.logs.redact import redact
from lib.logs.repeats import Repeats
from lib.logs.report import ImportReport
from lib.logs.source import HEAD, utf8_chunks, with_head
from lib.logs.values import Unusable, request_start

EXCERPT = 120
HEAD_OF_A_LINE = 200  # bytes
LONGEST_RUN = 10_000
AT_ONCE = 256  # records, of which nothing is done one by one that can be done together
REQUESTS_REMEMBERED = 1_000
BIG = 64 << 20  # bytes; starting processes pays from here on
MOST = 4  # processes: passing over the records of the others costs each a tenth of reading them
CHATTER = re.compile(
    rb"^[ \t]{0,8}node(?:\.exe)? ?:\s|FullyQualifiedErrorId|Vercel CLI"
    rb"|^\W{0,3}(?:Fetching|Retrieving|Streaming)|^> |^## Runtime Logs|\bTIME\s+(?:HOST\s+)?LEVEL\b|^\"?sep=",
    re.MULTILINE,
)
EXPECTED = (
    "a log drain (JSON), a dashboard export (logs_result.csv or .json), `vercel logs` output, "
    "log lines copied from the dashboard, or records of another tool with a time and a message"
)


class Share(NamedTuple):
    number: int  # from 0
    of: int


WHOLE = Share(0, 1)


class _Owned(dict[str | None, bool]):
    """Which requests are a share's own, whatever regions stand before their ids."""

    def __init__(self, share: Share) -> None:
        self._share = share

    def __missing__(self, request: str | None) -> bool:
        if len(self) >= REQUESTS_REMEMBERED:
            self.clear()
        without_regions = (request or "").rpartition("::")[2]
        number = crc32(without_regions.encode("utf-8", "replace")) % self._share.of
        owned = self[request] = number == self._share.number
        return owned


def shares(path: Path, big: int = BIG) -> list[Share]:
    """One for each processor when the file has `big` bytes, else the whole."""
    of = min(os.cpu_count() or 1, MOST) if path.stat().st_size >= big else 1
    return [Share(number, of) for number in range(of)]


def read_logs(path: Path, report: ImportReport, share: Share = WHOLE) -> Iterator[Item]:
    """Every entry and request summary of the file, or of a share of it, counted in `report` as they pass.

    Raises BadInput when the file is empty, unreadable or of no known format.
    """
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with path.open("rb") as file:
            yield from read_stream(file, path.name, report, written, share)
    except OSError as error:
        raise BadInput(f"{path.name}: {error.strerror or error}") from error


def read_stream(
    file: BinaryIO, name: str, report: ImportReport, written: datetime, share: Share = WHOLE
) -> Iterator[Item]:
    """`read_logs` for an open file. `written`, when it was, dates formats that give only the time."""
    head, chunks, found = _recognised(utf8_chunks(file, report), written)
    if not head.strip():
        raise BadInput(f"{name} is empty. Expected {EXPECTED}. {strangers.RIGHT_ONE}")
    if found is None or strangers.is_build_log(head[: found.start + HEAD_OF_A_LINE]):
        told = strangers.stranger(name, head)
        raise BadInput(told or f"{name}: this is no log format Dailies knows. Expected {EXPECTED}.")
    report.format = found.format.name
    report.has_request_ids = found.format.has_request_ids
    if share.number == 0:
        _report_skipped(head[: found.start], report)
    elif found.format.request is None:
        return  # the first share is all of a file that cannot be divided
    whole = itertools.chain([next(chunks)[found.start :]], chunks)  # the first chunk holds all of the head
    blocks = _records(found.cut(whole), found.format, report, head.count(b"\n", 0, found.start), share)
    records = itertools.chain.from_iterable(blocks)
    if found.format.unordered:
        yield from itertools.chain.from_iterable(records)
    else:
        yield from in_written_order(records)
    if not report.records and found.format.request is None:
        raise BadInput(f"{name}: {strangers.NO_ROWS}")
    for note in found.format.notes():
        report.note(note)


def _recognised(
    chunks: Iterator[bytes], written: datetime
) -> tuple[bytes, Iterator[bytes], Recognised | None]:
    """The beginning of the file, as much as its first record needs, the whole file, and its format."""
    size, found = HEAD, None
    while True:
        head, chunks = with_head(chunks, size)
        try:
            found = recognise(head, written)
        except Unfinished:
            if len(head) >= size <= LONGEST_RECORD:
                size *= 2
                continue
        return head, chunks, found


def _report_skipped(skipped: bytes, report: ImportReport) -> None:
    """What stands before the first record: a program's words, or a record whose beginning was cut off."""
    if CHATTER.search(skipped):
        report.note("What the Vercel CLI and the shell wrote before the first row was left out.")
        return
    for number, line in enumerate(skipped.split(b"\n"), 1):
        if line.strip():
            report.records += 1
            report.add_unusable(number, "stands before the first record", _excerpt(line, None))


def _records(
    blocks: Iterable[list[Piece]], source: Format, report: ImportReport, skipped: int, share: Share
) -> Iterator[list[list[Item]]]:
    """What the used records of the share say, some at once. `skipped`: lines before the first piece."""
    seen = Repeats()
    for pieces in _own(blocks, source, share):
        report.records += len(pieces)
        said = _said(pieces, source.parse)
        used = [list(map(_at_own_level, items)) for items in said if not isinstance(items, Unusable)]
        if len(used) < len(pieces):
            for (line, raw, value), reason in zip(pieces, said, strict=True):
                if isinstance(reason, Unusable):
                    report.add_unusable(skipped + line, str(reason), _excerpt(raw, value))
        if repeat_id := source.repeat_id:
            both = zip(pieces, said, strict=True)
            ids = [
                repeat_id(value) if items else None for (_, _, value), items in both if type(items) is list
            ]
            before = seen.count_each([items[0].at_ms if items else 0 for items in used], ids)
            used = [items for items, times in zip(used, before, strict=True) if not times]
            report.repeated += len(before) - len(used)
        report.used += len(used)
        report.add(list(itertools.chain.from_iterable(used)))
        yield used


def _at_own_level(item: Item) -> Item:
    return at_own_level(item) if isinstance(item, LogEntry) else item


def _own(blocks: Iterable[list[Piece]], source: Format, share: Share) -> Iterator[list[Piece]]:
    """The pieces of the share, some at once, what they say in the format's shape."""
    owned, shape, request = _Owned(share), source.shape, source.request
    for block in blocks:
        for start in range(0, len(block), AT_ONCE):
            pieces = block[start : start + AT_ONCE]
            if shape and type(pieces[0][2]) is not shape:  # not all are of the types that its fields have
                pieces = [(line, raw, in_shape(value, shape)) for line, raw, value in pieces]
            if request and share.of > 1:
                pieces = [piece for piece in pieces if owned[None if piece[2] is None else request(piece[2])]]
            yield pieces


def _said(pieces: list[Piece], parse: Parse) -> Sequence[Said]:
    """What each piece says; one that is damaged has no value."""
    values = [value for _, _, value in pieces if value is not None]
    said = parse(values)
    if len(said) == len(pieces):
        return said
    others = iter(said)
    return [_damage(raw) if value is None else next(others) for _, raw, value in pieces]


def _damage(raw: bytes) -> Unusable:
    try:
        with suppress(ValueError):
            json.loads(raw)
    except RecursionError:
        return Unusable("nested too deeply")
    return Unusable("damaged, or cut off")


def _excerpt(raw: bytes, value: object) -> str:
    """The beginning of a record, fit to be shown."""
    if isinstance(value, Struct) and not raw:
        raw = encode(value)
    text = raw[: 16 * EXCERPT].decode(errors="replace") if raw else str(value)
    shown = redact(text[: 4 * EXCERPT])[:EXCERPT]
    return "".join(letter if letter.isprintable() else " " for letter in shown)


def in_written_order(records: Iterable[list[Item]]) -> Iterator[Item]:
    """Runs of records of equal times are turned round in files that have the newest first, as exports had.

    Neighbours of one request tell whether a file does. Exports since December 2025 do not: they have a
    request's lines as they were written, then its summary, of the time when it began. Where nothing tells, a
    run is turned round when the file goes back in time behind it. What stands inside one record (`vercel logs
    --json` nests a request's messages) is in order as it is.
    """
    run: list[list[Item]] = []
    newest_first: bool | None = None
    goes_back = False
    for items in filter(None, records):
        at_ms = items[0].at_ms
        if run and newest_first is None:
            newest_first = _newest_first(run[-1][-1], items[0])
        if run and (at_ms != run[0][0].at_ms or len(run) >= LONGEST_RUN):
            if len(run) > 1:
                told = _newest_first(run[-1][-1], items[0])
                newest_first = newest_first if told is None else told
            goes_back = at_ms < run[0][0].at_ms or (goes_back and at_ms == run[0][0].at_ms)
            yield from _in_order(run, goes_back if newest_first is None else newest_first)
            run.clear()
        run.append(items)
    yield from _in_order(run, goes_back if newest_first is None else newest_first)


def _in_order(run: list[list[Item]], turned: bool) -> Iterator[Item]:
    return itertools.chain.from_iterable(reversed(run) if turned else run)


def _newest_first(first: Item, second: Item) -> bool | None:
    """What two neighbours tell of the order of their file."""
    if first.request_id is None or first.request_id != second.request_id:
        return None
    if isinstance(second, RequestSummary) and second.at_ms == request_start(second.request_id):
        return False
    return None if first.at_ms == second.at_ms else second.at_ms < first.at_ms

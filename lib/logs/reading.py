"""Reading a log file of any known source: recognised by content, streamed, redacted, counted.

A big file is shared between processes: each decodes all of it and reads the requests that are its own.
Whatever repeats itself or belongs together carries one request id, so the shares never need each other.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zlib import crc32

from msgspec import Struct
from msgspec.json import encode

from lib.domain.trace import RequestSummary
from lib.errors import BadInput
from lib.logs import strangers
from lib.logs.formats import Format, Item
from lib.logs.framing import LONGEST_RECORD, Piece
from lib.logs.recognise import Recognised, Unfinished, recognise
from lib.logs.redact import redact, redact_soon
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
    "a log drain (JSON), a dashboard export (logs_result.csv or .json), `vercel logs` output "
    "or log lines copied from the dashboard"
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
    records = _records(found.cut(whole), found.format, report, head.count(b"\n", 0, found.start), share)
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
) -> Iterator[list[Item]]:
    """What each used record of the share says. `skipped`: lines before the first piece."""
    seen, uncounted = Repeats(), list[Item]()
    parse, repeat_id = source.parse, source.repeat_id
    for line, raw, value in _own(blocks, source, share):
        report.records += 1
        try:
            if value is None:
                with suppress(ValueError):
                    json.loads(raw)  # raises RecursionError where that is why
                raise Unusable("damaged, or cut off")
            items = parse(value)
            key = repeat_id(value)
        except (Unusable, RecursionError) as reason:
            why = str(reason) if isinstance(reason, Unusable) else "nested too deeply"
            report.add_unusable(skipped + line, why, _excerpt(raw, value))
            continue
        if key is not None and items and seen.count(items[0].at_ms, key):
            report.repeated += 1
            continue
        report.used += 1
        uncounted += items
        if len(uncounted) >= AT_ONCE:
            report.add(uncounted)
            uncounted.clear()
        yield items
    report.add(uncounted)


def _own(blocks: Iterable[list[Piece]], source: Format, share: Share) -> Iterator[Piece]:
    """The pieces of the share, what they say in the format's shape."""
    owned, shape, request, texts = _Owned(share), source.shape, source.request, source.texts
    for block in blocks:
        for start in range(0, len(block), AT_ONCE):
            pieces = block[start : start + AT_ONCE]
            if shape and type(pieces[0][2]) is not shape:  # not all are of the types that its fields have
                pieces = [
                    (
                        line,
                        raw,
                        shape(*map(value.get, shape.__struct_fields__)) if type(value) is dict else value,
                    )
                    for line, raw, value in pieces
                ]
            if share.of > 1:
                pieces = [
                    piece
                    for piece in pieces
                    if owned[request(piece[2]) if request and piece[2] is not None else None]
                ]
            if texts:
                redact_soon(
                    itertools.chain.from_iterable(texts(value) for _, _, value in pieces if value is not None)
                )
            yield from pieces


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
        if run and (at_ms != run[0][0].at_ms or len(run) >= LONGEST_RUN):
            if newest_first is None or len(run) > 1:
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
    if first.request_id is None or first.request_id != second.request_id or first.at_ms == second.at_ms:
        return None
    if isinstance(second, RequestSummary) and second.at_ms == request_start(second.request_id):
        return False
    return second.at_ms < first.at_ms

"""Reading a log file of any known source: recognised by content, streamed, redacted, counted."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct
from msgspec.json import encode

from lib.errors import BadInput
from lib.logs.formats import Format, Item
from lib.logs.framing import Piece
from lib.logs.order import in_written_order
from lib.logs.powershell import is_wrapped, unwrapped
from lib.logs.recognise import recognise
from lib.logs.redact import redact
from lib.logs.repeats import Repeats
from lib.logs.report import ImportReport
from lib.logs.share import WHOLE, Share
from lib.logs.source import utf8_chunks
from lib.logs.values import Unusable

HEAD = 64 << 10
EXCERPT = 120
CHATTER = re.compile(rb"^\s*node(?:\.exe)?\s*:\s|Vercel CLI|^Fetching|^> ", re.MULTILINE)
EXPECTED = (
    "a log drain (JSON), a dashboard export (logs_result.csv or .json), `vercel logs` output "
    "or log lines copied from the dashboard"
)


def read_logs(path: Path, report: ImportReport, share: Share = WHOLE) -> Iterator[Item]:
    """Every entry and request summary of the file, or of a share of it, counted in `report` as they pass.

    Raises BadInput when the file is empty, unreadable or of no known format.
    """
    try:
        day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        with path.open("rb") as file:
            yield from read_stream(file, path.name, report, day, share)
    except OSError as error:
        raise BadInput(f"{path.name}: {error.strerror or error}") from error


def read_stream(
    file: BinaryIO, name: str, report: ImportReport, day: date, share: Share = WHOLE
) -> Iterator[Item]:
    """`read_logs` for an open file. `day` dates formats that give only the time."""
    head, chunks = _with_head(utf8_chunks(file, report))
    if is_wrapped(head):
        head, chunks = _with_head(unwrapped(chunks, head))
    if not head.strip():
        raise BadInput(f"{name} is empty. Expected {EXPECTED}.")
    found = recognise(head, day)
    if found is None:
        raise BadInput(f"{name}: this is no log format Dailies knows. Expected {EXPECTED}.")
    report.format = found.format.name
    report.has_request_ids = found.format.has_request_ids
    if found.format.note:
        report.note(found.format.note)
    if share.number == 0:
        _report_skipped(head[: found.start], report)
    elif found.format.request is None:
        return  # the first share is all of a file that cannot be divided
    pieces = found.cut(_from(found.start, chunks))
    records = _records(pieces, found.format, report, head.count(b"\n", 0, found.start), share)
    if found.format.unordered:
        yield from itertools.chain.from_iterable(records)
    else:
        yield from in_written_order(records)


def _with_head(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The beginning of a stream, and the whole stream again."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD:
            break
    return head, itertools.chain([head], chunks)


def _from(start: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The stream without its first `start` bytes, all of which are in its first chunk."""
    return itertools.chain([next(chunks)[start:]], chunks)


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
    pieces: Iterable[Piece], source: Format, report: ImportReport, skipped: int, share: Share
) -> Iterator[list[Item]]:
    """What each used record of the share says. `skipped`: lines before the first piece."""
    seen, owned = Repeats(), share.of == 1
    parse, repeat_id, shape, request = source.parse, source.repeat_id, source.shape, source.request
    for line, raw, value in pieces:
        if shape and type(value) is dict:  # not of the types that its fields have
            value = shape(*map(value.get, shape.__struct_fields__))  # noqa: PLW2901
        if not owned and not share.owns(request(value) if request and value is not None else None):
            continue
        report.records += 1
        try:
            items = parse(value) if value is not None else _damaged()
        except Unusable as reason:
            report.add_unusable(skipped + line, str(reason), _excerpt(raw, value))
            continue
        key = repeat_id(value)
        if key is not None and items and seen.count(items[0].at_ms, key):
            report.repeated += 1
            continue
        report.used += 1
        for item in items:
            report.add(item)
        yield items


def _damaged() -> list[Item]:
    raise Unusable("damaged, or cut off")


def _excerpt(raw: bytes, value: object) -> str:
    """The beginning of a record, fit to be shown."""
    if isinstance(value, Struct) and not raw:
        raw = encode(value)
    text = raw.decode(errors="replace") if raw else str(value)
    shown = redact(text[: 4 * EXCERPT])[:EXCERPT]
    return "".join(letter if letter.isprintable() else " " for letter in shown)

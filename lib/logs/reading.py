"""Reading a log file of any known source: recognised by content, streamed, redacted, counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

from lib.errors import BadInput
from lib.logs.formats import Format, Item
from lib.logs.framing import Piece
from lib.logs.order import in_written_order
from lib.logs.recognise import recognise
from lib.logs.redact import redact
from lib.logs.report import ImportReport
from lib.logs.seen import Seen
from lib.logs.source import utf8_chunks
from lib.logs.values import Unusable

HEAD = 64 << 10
EXCERPT = 120
EXPECTED = (
    "a log drain (JSON), a dashboard export (logs_result.csv or .json), `vercel logs` output "
    "or log lines copied from the dashboard"
)


def read_logs(path: Path, report: ImportReport) -> Iterator[Item]:
    """Every entry and request summary of the file, counted in `report` as they pass.

    Raises BadInput when the file is empty, unreadable or of no known format.
    """
    try:
        day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        with path.open("rb") as file:
            yield from read_stream(file, path.name, report, day)
    except OSError as error:
        raise BadInput(f"{path.name}: {error.strerror or error}") from error


def read_stream(file: BinaryIO, name: str, report: ImportReport, day: date) -> Iterator[Item]:
    """`read_logs` for an open file. `day` dates formats that give only the time."""
    chunks = utf8_chunks(file, report)
    head = _head(chunks)
    if not head.strip():
        raise BadInput(f"{name} is empty. Expected {EXPECTED}.")
    found = recognise(head, day)
    if found is None:
        raise BadInput(f"{name}: this is no log format Dailies knows. Expected {EXPECTED}.")
    report.format = found.format.name
    report.has_request_ids = found.format.has_request_ids
    if found.format.note:
        report.note(found.format.note)
    pieces = found.cut(itertools.chain([head[found.start :]], chunks))
    records = _records(pieces, found.format, report)
    if found.format.unordered:
        yield from itertools.chain.from_iterable(records)
    else:
        yield from in_written_order(records)


def _head(chunks: Iterator[bytes]) -> bytes:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD:
            break
    return head


def _records(pieces: Iterable[Piece], source: Format, report: ImportReport) -> Iterator[list[Item]]:
    """What each used record says."""
    seen = Seen()
    parse, repeat_id = source.parse, source.repeat_id
    for line, raw, value in pieces:
        report.records += 1
        try:
            items = parse(value) if value is not None else _damaged()
        except Unusable as reason:
            report.add_unusable(line, str(reason), _excerpt(raw, value))
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
    text = raw.decode(errors="replace") if raw else str(value)
    shown = redact(text[: 4 * EXCERPT])[:EXCERPT]
    return "".join(letter if letter.isprintable() else " " for letter in shown)

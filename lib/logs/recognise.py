"""Which format a file has, seen from its beginning."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from lib.logs import framing
from lib.logs.formats import Format, Parse, Record, Said, in_shape
from lib.logs.formats.dashboard import DASHBOARD_CSV, DASHBOARD_JSON, csv_rows, header, is_dashboards
from lib.logs.formats.drain import DRAIN
from lib.logs.formats.exported import EXPORTED, EXPORTED_CSV
from lib.logs.formats.mcp import MCP
from lib.logs.formats.pasted import PASTED, PASTED_BRACKETED, PASTED_ZONED
from lib.logs.formats.runtime import RUNTIME_LOGS
from lib.logs.formats.table import TABLE
from lib.logs.formats.tail import TAIL
from lib.logs.formats.vercel_cli import VERCEL_LOGS, VERCEL_LOGS_FLAT
from lib.logs.framing import Piece

JSON_FORMATS = (RUNTIME_LOGS, VERCEL_LOGS, DASHBOARD_JSON, VERCEL_LOGS_FLAT, DRAIN)
PRINTED = (PASTED, TABLE, TAIL, MCP, PASTED_BRACKETED, PASTED_ZONED)
LINES_TRIED = 500
OBJECTS_TRIED = 50
OF_A_LINE = 4_000  # characters that tell what it is
_NO_RECORD = r"""(?:null|true|false|[-+.\dEe]{1,40}|"(?:[^"\\]|\\.){0,256}"|\[[^][{}"]{0,256}\])\s*+,\s*+"""
_JSON = re.compile(rf'\s*+(?:\[\s*+(?:{_NO_RECORD}){{0,50}})?\{{\s*+["}}]'.encode())

Cut = Callable[[Iterator[bytes]], Iterator[list[Piece]]]


class Recognised(NamedTuple):
    format: Format
    cut: Cut  # a stream into the format's records, those that are read at once together
    start: int  # bytes before the first record or header


class Unfinished(Exception):
    """The first record is longer than the beginning of the file that was looked at."""


def recognise(head: bytes, written: datetime) -> Recognised | None:
    """The format of a file that begins with `head`. Lines before the first known one are passed over.

    `written`: when the file was. Raises Unfinished.
    """
    start = 0
    for line in head.split(b"\n", LINES_TRIED)[:LINES_TRIED]:
        found = _text(line, head, start, written)
        if found is None:
            at = 0 if _JSON.match(head, start) else line.find(b'{"')
            found = _json(head, start + at, behind_others=at > 0) if at >= 0 else None
        if found:
            return found
        start += len(line) + 1
    return None


def _text(raw: bytes, head: bytes, start: int, written: datetime) -> Recognised | None:
    line = raw[:OF_A_LINE].decode(errors="replace").rstrip("\r")
    for printed in PRINTED:
        if printed.start.match(line):
            below = head[start:].decode(errors="replace").split("\n")
            rows = [row for each in below if (row := printed.start.match(each.rstrip("\r")))]
            format_ = printed.open(rows, head.decode(errors="replace"), written)
            cut = partial(framing.blocks, start=printed.start.match, record=_record)
            parse = partial(_block_or_record, format_.parse)
            return Recognised(format_._replace(parse=parse), _by_chunk(cut), start)
    if head_row := header(line):
        known = DASHBOARD_CSV if is_dashboards(head_row[0]) else EXPORTED_CSV
        return Recognised(known, _by_chunk(csv_rows), start)
    return None


def _by_chunk(cut: Callable[[Iterator[bytes]], Iterator[Piece]]) -> Cut:
    """Those pieces together that end in one chunk: so many that memory holds what a chunk does."""

    def together(chunks: Iterator[bytes]) -> Iterator[list[Piece]]:
        number = 0

        def numbered() -> Iterator[bytes]:
            nonlocal number
            for chunk in chunks:
                number += 1
                yield chunk

        return (list(pieces) for _, pieces in itertools.groupby(cut(numbered()), lambda _: number))

    return together


def _record(line: str) -> dict[str, Any] | None:
    """The record of a JSON format that the line is, between lines of text."""
    value = framing.parse_json(line.encode(errors="replace"))
    return value if isinstance(value, dict) and _format_of(value) else None


def _block_or_record(parse: Parse, values: Sequence[str | dict[str, Any]]) -> list[Said]:
    said = list[Said]()
    for value in values:
        known = None if isinstance(value, str) else _format_of(value)
        said += known.parse([in_shape(value, known.shape)]) if known else parse([value])
    return said


def _format_of(record: Record) -> Format | None:
    return next((known for known in JSON_FORMATS if known.matches(record)), None)


def _json(head: bytes, start: int, *, behind_others: bool) -> Recognised | None:
    """Where something stands before it on its line, the rest of that must be a record: a terminal left it."""
    line, newline, _ = head[start:].partition(b"\n")
    whole = framing.parse_json(line) if newline or line.endswith(b"}") else None
    values, goes_on = framing.first_objects(head[start:], OBJECTS_TRIED)
    if not values and goes_on:
        raise Unfinished
    if behind_others:
        values = [whole] if isinstance(whole, dict) else []
    for value in values:
        if known := _format_of(value) or (EXPORTED if EXPORTED.matches(value) else None):
            by_line = partial(framing.json_lines, shape=known.shape)
            in_any_layout = _by_chunk(framing.json_objects)
            return Recognised(known, by_line if isinstance(whole, dict) else in_any_layout, start)
    return None

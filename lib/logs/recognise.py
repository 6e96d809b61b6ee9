"""Which format a file has, seen from its first lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import NamedTuple

from lib.logs import framing
from lib.logs.formats import Format, pasted, table
from lib.logs.formats.csv_rows import csv_rows, is_header
from lib.logs.formats.dashboard import DASHBOARD_CSV, DASHBOARD_JSON
from lib.logs.formats.drain import DRAIN
from lib.logs.formats.runtime import RUNTIME_LOGS
from lib.logs.formats.vercel_cli import VERCEL_LOGS, VERCEL_LOGS_FLAT
from lib.logs.framing import Piece

JSON_FORMATS = (RUNTIME_LOGS, VERCEL_LOGS, DASHBOARD_JSON, VERCEL_LOGS_FLAT, DRAIN)
LINES_TRIED = 500
OBJECTS_TRIED = 50

Cut = Callable[..., Iterator[Piece]]


class Recognised(NamedTuple):
    format: Format
    cut: Cut  # a stream into the format's records
    start: int  # bytes before the first record or header


def recognise(head: bytes, day: date) -> Recognised | None:
    """The format of a file that begins with `head`. Lines before the first known one are passed over."""
    start = 0
    for line in head.split(b"\n", LINES_TRIED)[:LINES_TRIED]:
        found = _json(head, start) if line.lstrip()[:1] in (b"{", b"[") else _text(line, day)
        if found:
            return Recognised(*found, start)
        start += len(line) + 1
    return None


def _text(raw: bytes, day: date) -> tuple[Format, Cut] | None:
    line = raw.decode(errors="replace").rstrip("\r")
    if pasted.START.match(line):
        return pasted.PASTED, partial(framing.blocks, start=pasted.START)
    if table.HEADER.match(line) or table.START.match(line):
        return table.table_of(day), partial(framing.blocks, start=table.START)
    if is_header(line):
        return DASHBOARD_CSV, csv_rows
    return None


def _json(head: bytes, start: int) -> tuple[Format, Cut] | None:
    line = head[start:].partition(b"\n")[0]
    cut = framing.json_lines if isinstance(framing.parse_json(line), dict) else framing.json_objects
    for _, _, value in itertools.islice(cut(iter([head[start:]])), OBJECTS_TRIED):
        for known in JSON_FORMATS:
            if isinstance(value, dict) and known.matches(value):
                return known, partial(cut, shape=known.shape) if cut is framing.json_lines else cut
    return None

"""Text copied from the dashboard: `2026-08-23 21:55:50.906 [info] …`, further lines of a message below it."""

from __future__ import annotations

import re

from lib.domain.trace import LogEntry
from lib.logs.formats import Format, Item
from lib.logs.values import Unusable, at_ms, level, message

START = re.compile(
    r"\s*(?P<at>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?)\s+\[(?P<level>[A-Za-z]+)\] ?(?P<text>.*)",
    re.DOTALL,
)
NOTE = (
    "Pasted text carries no request id: which request a line belongs to has to be worked out "
    "from its content. Its times are taken as UTC."
)


def _parse(block: str) -> list[Item]:
    """One entry, all its lines. Raises Unusable."""
    found = START.match(block)
    written = message(found["text"]) if found else ""
    if found is None or not written:
        raise Unusable("no message" if found else "no time and level")
    return [LogEntry(at_ms(found["at"].replace(",", ".")), level(found["level"]), written, None)]


PASTED = Format("pasted", _parse, has_request_ids=False, note=NOTE)

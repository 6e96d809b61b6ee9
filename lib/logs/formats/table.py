"""The table `vercel logs` prints: `22:16:41.35  www.example.app  info   λ POST /api/…   200   message`."""

from __future__ import annotations

import re
from datetime import date
from functools import partial

from lib.domain.trace import LogEntry
from lib.logs.formats import Format, Item
from lib.logs.values import Unusable, at_ms, level, message, path, status

HEADER = re.compile(r"\s*TIME\s+HOST\s+LEVEL\s+STATUS\s+MESSAGE\b")
START = re.compile(
    r"(?P<time>\d\d:\d\d:\d\d(?:\.\d{1,3})?)\s+(?P<host>\S+)\s+(?P<level>[a-z]+)\s+(?:[λεƒ◇▲○●◆■]\s+)?"
    r"(?P<method>[A-Z]+|---)\s+(?P<path>\S+)\s+(?P<status>\d{3}|-+)(?:\s+(?P<text>.*))?\Z",
    re.DOTALL,
)


def table_of(day: date) -> Format:
    """The format for a table written on `day`, as its rows give only the time."""
    note = (
        f"The table gives no date and no request ids: its times are taken as those of {day:%Y-%m-%d}, "
        "the day the file was written, in UTC; which request a line belongs to comes from its content."
    )
    return Format("vercel-table", partial(_parse, day=day), has_request_ids=False, note=note)


def _parse(block: str, day: date) -> list[Item]:
    """One row and the lines below it. Raises Unusable."""
    found = START.match(block)
    written = message(found["text"]) if found else ""
    if found is None or not written:
        raise Unusable("no message" if found else "not a row of the table")
    return [
        LogEntry(
            at_ms(f"{day:%Y-%m-%d}T{found['time']}"),
            level(found["level"]),
            written,
            None,
            path(found["path"]),
            status(found["status"]),
        )
    ]

"""Lines with their time and level before them, further lines of a message below.

Copied from the dashboard: `2026-08-23 21:55:50.906 [info] …`. Made of `vercel logs --json` by one command or
another: `[21:55:50] info: …`, with or without a day, in this machine's time. As older tools, containers and
loggers print it: `2026-08-23T21:55:50.906Z …`, perhaps with a level, or behind the name of a container.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from lib.domain.trace import LogEntry
from lib.logs.formats import Format, Item, one_by_one
from lib.logs.formats.exported import EXPORTED
from lib.logs.formats.printed import CLOCK, LOCAL_NOTE, Dates, Printed
from lib.logs.values import Unusable, at_ms, level, message

START = re.compile(
    r"\s{0,8}(?P<at>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)?)"
    r"\s+\[(?P<level>[A-Za-z]+)\] ?(?P<text>.*)",
    re.DOTALL,
)
_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_LEVELS = "info|warn|warning|error|err|fatal|debug|log|trace|critical|notice|fail|crit|dbug|trce|severe|alert"
BRACKETED = re.compile(
    r"\s{0,8}\[(?:(?P<date>\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}),?[ T])?"
    rf"(?P<time>{CLOCK})(?P<zone>Z|[+-]\d\d:\d\d)?\]:? ?"
    rf"(?:(?:\[(?P<in_brackets>{_LEVELS}|{_LEVELS.upper()})\]:?|(?P<level>{_LEVELS}):"
    rf"|(?P<loud>{_LEVELS.upper()}):?)(?: |\Z|(?=\n))|(?=\S))(?P<text>.*)",
    re.DOTALL,
)
ZONED = re.compile(  # also behind the letter of Ruby, the logger's name of Python, and Lambda's request
    r"\s{0,8}(?:[\w.-]{1,60} {0,20}\| )?(?P<ruby>[DIWEFA], \[)?"
    r"(?P<at>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)(?P<zone> ?(?:Z|[+-]\d\d:?\d\d))?"
    rf"(?: #\d{{1,9}}\])?\s{{1,8}}(?:(?P<request>{_UUID})\s{{1,8}})?(?:- [\w.]{{1,100}} - )?"
    rf"(?:(?P<level>{_LEVELS}|{_LEVELS.upper()})(?: -- [^:\n]{{0,60}}:| -|:)?\s{{1,8}}"
    r"(?:[\w.`+]{1,200}\[\d{1,9}\]\s{1,12})?)?(?P<text>\S.*)",
    re.DOTALL,
)
ZONED_NOTE = "Times without a zone are taken as UTC."
_TAG = re.compile(rf"\[({_UUID})\] ")
NOTE = (
    "Pasted text carries no request id: which request a line belongs to has to be worked out "
    "from its content. "
)


def _parse(block: str) -> list[Item]:
    """One entry, all its lines. Raises Unusable."""
    row = START.match(block)
    if row is None:
        raise Unusable("no time and level")
    return [_entry(at_ms(row["at"].replace(",", ".")), row["level"], row["text"])]


def _entry(at: int, severity: str | None, text: str) -> LogEntry:
    written = message(text)
    if not written:
        raise Unusable("no message")
    return LogEntry(at, level(severity), written, None)


class _Bracketed:
    def __init__(self, rows: Sequence[re.Match[str]], written: datetime) -> None:
        self._dates = Dates(rows, written, newest_first=False)

    def parse(self, block: str) -> list[Item]:
        """One entry, all its lines. Raises Unusable."""
        row = BRACKETED.match(block)
        if row is None:
            raise Unusable("no time")
        if row["zone"] and row["date"]:
            at = at_ms(f"{row['date']}T{row['time'].replace(',', '.')}{row['zone']}")
        else:
            at = self._dates.at_ms(row["time"], row["date"])
        return [_entry(at, row["level"] or row["in_brackets"] or row["loud"], row["text"])]

    def notes(self) -> Iterator[str]:
        yield NOTE + LOCAL_NOTE.format(zone=self._dates.zone)


def _parse_zoned(block: str) -> list[Item]:
    """One entry, all its lines. Raises Unusable."""
    row = ZONED.match(block)
    if row is None:
        raise Unusable("no time")
    at = at_ms(row["at"].replace(",", ".").replace("/", "-") + (row["zone"] or "").strip())
    request, text = row["request"], row["text"]
    if row["ruby"] and (tag := _TAG.match(text)):  # Rails has the request's id before each line
        request, text = tag[1], text.replace(f"\n{tag[0]}", "\n")
    return [_entry(at, row["level"], text)._replace(request_id=request)]


def _open_bracketed(rows: Sequence[re.Match[str]], _head: str, written: datetime) -> Format:
    text = _Bracketed(rows, written)
    return Format("pasted", one_by_one(text.parse), has_request_ids=False, notes=text.notes)


_UTC = Format(
    "pasted", one_by_one(_parse), has_request_ids=False, notes=lambda: (NOTE + "Its times are taken as UTC.",)
)
PASTED = Printed(START, lambda *_: _UTC)
PASTED_BRACKETED = Printed(BRACKETED, _open_bracketed)
_ZONED = Format("pasted", one_by_one(_parse_zoned), has_request_ids=False, notes=lambda: (NOTE + ZONED_NOTE,))
_OF_REQUESTS = EXPORTED._replace(parse=_ZONED.parse)


def _open_zoned(rows: Sequence[re.Match[str]], _head: str, _written: datetime) -> Format:
    """Loggers and Lambda may name the request in each line: then it is no pasted text, and its own format."""
    named = any(row["request"] or (row["ruby"] and _TAG.match(row["text"])) for row in rows)
    return _OF_REQUESTS if named else _ZONED


PASTED_ZONED = Printed(ZONED, _open_zoned)

"""The dashboard's export, CSV or JSON: request summary rows mixed with log rows.

Columns are read by name, because the set has grown for years. There is no row id: identical rows are
genuine (a program may log the same line twice in a millisecond).
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Container, Iterator
from datetime import UTC, datetime
from typing import Any

from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.formats import Format, Item, Record, one_by_one
from lib.logs.formats.exported import is_exported, names_of
from lib.logs.framing import LONGEST_RECORD, RESCANNED_AT_LEAST, RESCANS, Piece, lines
from lib.logs.values import (
    FIRST_MS,
    LAST_MS,
    Unusable,
    an_id,
    at_ms,
    duration,
    level,
    message,
    method,
    number,
    path,
    request_id,
    request_start,
    status,
)

TIME_COLUMNS = ("timestampInMs", "TimeUTC")
DELIMITERS = ",;\t"
LONGEST_ROW = 4 << 20  # characters that a quote which is never closed may swallow
_LAST_WORD = re.compile(r"[A-Za-z]+(?=\W{0,3}\Z)")
_ROW = re.compile(
    r"\W{0,4}(?:\d{4}-\d\d-\d\d[ T]\d\d:|\d{1,2}[./]\d{1,2}[./]\d{2,4} |\d\d:\d\d[.,]\d\D|\d{13}\D|prj_)"
)
_ROUNDED = 100_000  # a spreadsheet may leave eight digits of thirteen,
_LOST = 10_000_000  # or six, which is an hour more or less
_HOUR = 3_600_000
_GONE = (
    "no usable time: a spreadsheet has left {} of it; neither TimeUTC nor the request's id tells more. "
    "Name the file as Vercel wrote it"
)
_DIGIT = re.compile(r"\d", re.ASCII)
_SHORTENED = re.compile(r"\d[eE]\+?\d")
_CUT = re.compile(r"(?P<minute>[0-5]\d):(?P<second>[0-5]\d)[.,](?P<tenth>\d)", re.ASCII)
_SPREADSHEET = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[./-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4}),? "
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?: ?(?P<half>[AP])M)?"
)

csv.field_size_limit(LONGEST_RECORD)


def _matches(record: Record) -> bool:
    return is_dashboards(record)


def _parse(record: Record) -> list[Item]:
    get = record.get
    request = request_id(get("requestId"))
    when = _time(get("timestampInMs"), get("TimeUTC"), request)
    where = path(get("requestPath"))
    code = status(get("responseStatusCode"))
    deployment = an_id(get("deploymentId"))
    written = message(get("message"))
    if written and not (written == "-" and "lambdaDurationInMs" in record):  # which is nothing, in 2023
        known = code if code != -1 else None  # older exports have -1 on every log row
        return [LogEntry(when, level(get("level")), written, request, where, known, deployment)]
    if request is None:
        raise Unusable("neither a message nor a request id")
    took = duration(get("durationMs") or get("lambdaDurationInMs"))
    return [RequestSummary(request, when, method(get("requestMethod")), where, code, took, deployment)]


def _time(exact: Any, shown: Any, request: str | None) -> int:
    """What a row says, as exactly as the file still has it: spreadsheets round the one and cut the other. The
    request's id says when it began, where they have left no more. Raises Unusable."""
    found = number(exact.replace(",", ".") if type(exact) is str else exact)
    if found is not None and found % _ROUNDED:
        return at_ms(found, shown)
    began = request_start(request or "")
    start = began if FIRST_MS <= began <= LAST_MS else None
    cell = _of_a_spreadsheet(shown, start, found) if isinstance(shown, str) else None
    lost = _is_lost(exact, found)
    try:
        return at_ms(cell, shown, None if lost else found)
    except Unusable:
        if lost and start is not None:
            return start
        if not lost or not exact:
            raise
        raise Unusable(_GONE.format(exact[:30])) from None


def _is_lost(exact: Any, found: int | None) -> bool:
    """Whether a spreadsheet has left so little of the milliseconds that they may be an hour off."""
    if exact is None or (type(exact) is str and not _DIGIT.search(exact)):  # a column left out, or too narrow
        return True
    return type(exact) is str and found is not None and (not found % _LOST or bool(_SHORTENED.search(exact)))


def _of_a_spreadsheet(shown: str, start: int | None, about: int | None) -> int | None:
    """The time in a cell such as `04.11.2026 10:20`, or `20:30.4` of some hour. Its seconds or its hour, and
    which number is the day, come from when the request began; the day from a rounded time, too."""
    if start is not None and (cut := _CUT.fullmatch(shown)):
        in_the_hour = int(cut["minute"]) * 60_000 + int(cut["second"]) * 1000 + int(cut["tenth"]) * 100
        after = (in_the_hour - start + _HOUR // 2) % _HOUR - _HOUR // 2
        return start + max(after, 0)
    found = _SPREADSHEET.fullmatch(shown)
    if found is None:
        return None
    times = {at for day in _days(found) if (at := _moment(day, found)) is not None}
    near = about if start is None else start
    if not times or (near is None and len(times) > 1):
        return None
    at = min(times, key=lambda at: abs(at - (near or 0)))
    if not found["second"] and start is not None and at <= start < at + 60_000:
        return start
    return at


def _days(found: re.Match[str]) -> list[tuple[int, int, int]]:
    """Year, month and day in each order in which the cell can mean them."""
    a, b, c = int(found["a"]), int(found["b"]), int(found["c"])
    first, last = (year if year > 99 else 2000 + year for year in (a, c))
    if a > 31:
        return [(first, b, c)]
    days = [(last, b, a)] if found["mark"] == "." else [(last, a, b), (last, b, a)]
    return days if c > 31 else [*days, (first, b, c)]


def _moment(day: tuple[int, int, int], clock: re.Match[str]) -> int | None:
    hour = int(clock["hour"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"] == "P" else 0)
    try:
        at = datetime(*day, hour, int(clock["minute"]), int(clock["second"] or 0), tzinfo=UTC)
    except ValueError:
        return None
    return round(at.timestamp() * 1000)


def header(line: str) -> tuple[list[str], str] | None:
    """The columns and the delimiter, when the line is the head of an export, the dashboard's or another
    tool's; other bytes may stand before."""
    for delimiter in DELIMITERS:
        try:
            columns = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        if columns and (first := _LAST_WORD.search(columns[0][-100:])):
            columns[0] = first[0]
        if is_dashboards(columns) or is_exported(names_of(columns)):
            return columns, delimiter
    return None


def is_dashboards(columns: Container[str]) -> bool:
    return "requestId" in columns and any(column in columns for column in TIME_COLUMNS)


def csv_rows(chunks: Iterator[bytes]) -> Iterator[Piece]:
    """The rows below the header, each by column name. A cut row, or a quote never closed, has no value."""
    source = _Lines(chunks)
    columns, delimiter = header(next(source, "")) or ([], ",")
    source.forget()
    while True:
        reader = csv.reader(source, delimiter=delimiter)
        for row in _until_damaged(reader, len(columns), source):
            yield source.first, b"", dict(zip(columns, row, strict=True))
        if not source.taken:
            return
        source.give_back()
        yield source.first, "".join(source.taken).strip().encode(errors="replace"), None
        source.forget()


def _until_damaged(reader: Iterator[list[str]], width: int, source: _Lines) -> Iterator[list[str]]:
    """Rows, up to one that is none: its lines are those that `source` has given last."""
    try:
        for row in reader:
            if len(row) == width:
                yield row
            elif row:
                return
            source.forget()
    except csv.Error:
        return


class _Lines:
    """The lines of a CSV file, which gives lines back that a damaged row has swallowed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._lines = ((number, raw.decode(errors="replace") + "\n") for number, raw in lines(chunks))
        self._again = deque[tuple[int, str]]()
        self._budget = RESCANNED_AT_LEAST  # characters that may be looked at again
        self.first = 1  # the number of the first line taken
        self.taken: list[str] = []
        self._size = 0  # of what is taken

    def forget(self) -> None:
        """What was taken is read."""
        self.taken.clear()
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._size > LONGEST_ROW:
            raise csv.Error("a quote is never closed")
        number, line = self._again.popleft() if self._again else next(self._lines)
        if not self.taken:
            self.first = number
        self._budget += RESCANS * len(line)
        self._size += len(line)
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """All lines that were taken, from the first behind the damaged one in which a row begins."""
        rows = (place for place, line in enumerate(self.taken) if place and _ROW.match(line))
        place = next(rows, 0)
        size = sum(map(len, self.taken[place:]))
        if place and size <= self._budget:
            self._budget -= (RESCANS + 1) * size
            self._again.extendleft(reversed([*enumerate(self.taken[place:], self.first + place)]))
            del self.taken[place:]


DASHBOARD_JSON = Format("dashboard-json", one_by_one(_parse), _matches)
DASHBOARD_CSV = Format("dashboard-csv", one_by_one(_parse), _matches)

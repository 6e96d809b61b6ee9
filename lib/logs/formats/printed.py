"""What texts of Vercel's tools have in common: bare times, requests without ids, words between rows."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from lib.domain.trace import LogEntry, RequestSummary, made_up_id
from lib.logs.formats import Format, Item
from lib.logs.repeats import Repeats
from lib.logs.values import Unusable, message

CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,6})?(?: ?[AP]M)?"
LOCAL_NOTE = "It gives local times: they are taken as those of this machine ({zone})."
CLOCKS_DIFFER = timedelta(minutes=5)  # this machine's from Vercel's
HALF_A_DAY = 12 * 3600.0
LONGEST_NOISE = 400
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_NOISE = re.compile(  # whole lines that the tools write between rows, and that are nobody's message
    r"\s*+(?:(?:\W ?)?(?:waiting for new|Fetching) logs\.\.\.|Fetched \d+ logs for \S+(?: on branch \S+)?"
    r"|Displayed \d+ log entries\.|Vercel CLI \d+\.\d+\.\d+.{0,80}"
    r"|Retrieving project(?:…|\.\.\.)|.{0,80}\bTIME\s++(?:HOST\s++)?LEVEL(?:\s++STATUS\s++MESSAGE)?"
    r"|WARN(?:ING)?! (?:Exceeded query duration limit|Command automatically interrupted) .{0,80})\s*+"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,6}))?(?: ?([AP])M)?")
_TROUBLE = {
    "warning": re.compile(r"\bwarn|warning\b|\bdeprecat", re.IGNORECASE),
    "error": re.compile(
        r"(?:error|exception)\b|\b(?:fail(?:ed|ure|s)?|fatal|timed out|timeout|refused|denied|unhandled"
        r"|uncaught|cannot|could not|rejected|terminated|crashed|aborted)\b",
        re.IGNORECASE,
    ),
}
_TROUBLE["fatal"] = _TROUBLE["error"]


class Printed(NamedTuple):
    """A kind of text. `start` matches a row; groups `time` and perhaps `date` say when it was.

    `open` gives the format of one text: its rows in the beginning, all of that, and when it was written.
    """

    start: re.Pattern[str]
    open: Callable[[Sequence[re.Match[str]], str, datetime], Format]


def is_noise(line: str) -> bool:
    """Whether the line is the tool's own: progress, a head, a sum."""
    return len(line) <= LONGEST_NOISE and _NOISE.fullmatch(line) is not None


class Dates:
    """Days for times that rows give without one: the latest on which none lies after `written`.

    Rows follow each other: past midnight the day changes, forwards or, where the newest stand first, back.
    `zone` None is this machine's.
    """

    def __init__(
        self,
        rows: Sequence[re.Match[str]],
        written: datetime,
        *,
        newest_first: bool,
        zone: tzinfo | None = None,
    ) -> None:
        self._zone = zone
        self._written = written.astimezone(zone).replace(tzinfo=None)
        seconds = [_seconds(at) for row in rows if (at := _time(row["time"])) is not None] or [0.0]
        steps = [after - before for before, after in itertools.pairwise(seconds)]
        near = sum((step > 0) - (step < 0) for step in steps if abs(step) < HALF_A_DAY)
        self._newest_first = near < 0 or (near == 0 and newest_first)
        self._day, self._before = self._written.date(), seconds[0]
        newest = seconds[0] if self._newest_first else seconds[-1]
        at_newest = datetime.combine(self._day, time()) + timedelta(seconds=newest)
        if at_newest > self._written + CLOCKS_DIFFER:
            self._day -= timedelta(days=1)
        if not self._newest_first:
            self._day -= timedelta(days=sum(map(self._is_midnight, steps)))

    @property
    def zone(self) -> str:
        return str(self._zone or self._written.astimezone().tzname())

    def at_ms(self, clock: str, day: str | None = None) -> int:
        """The epoch milliseconds of a row. Raises Unusable."""
        at = _time(clock)
        if at is None:
            raise Unusable("no usable time")
        if day is None:
            if self._is_midnight(_seconds(at) - self._before):
                self._day += timedelta(days=-1 if self._newest_first else 1)
            self._before = _seconds(at)
        moment = datetime.combine(self._day if day is None else self._dated(day, clock), at, self._zone)
        return round(moment.timestamp() * 1000)

    def _is_midnight(self, step: float) -> bool:
        return abs(step) >= HALF_A_DAY and (step > 0) is self._newest_first

    def _dated(self, day: str, clock: str) -> date:
        """`Nov 05` in the latest year that is possible, `2026-11-04`, `04.11.2026`, `4/11/2026`, and with a
        clock of twelve hours `11/4/2026`. Raises Unusable."""
        first, *more = re.split(r"[ ./-]", day)
        tomorrow = self._written.date() + timedelta(days=1)
        try:
            if first in MONTHS:
                tried = (tomorrow.year - ago for ago in range(9))  # 29 February
                days = (_day(year, MONTHS.index(first) + 1, int(more[0])) for year in tried)
                return next(found for found in days if found and found <= tomorrow)
            a, b, c = int(first), int(more[0]), int(more[1])
            if a > 31:
                return date(a, b, c)
            return date(c, a, b) if clock.endswith("M") else date(c, b, a)
        except (ValueError, StopIteration):
            raise Unusable("no usable time") from None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _time(clock: str) -> time | None:
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return None
    hour, minute, second, fraction, half = found.groups()
    hours = int(hour) % 12 + (12 if half == "P" else 0) if half else int(hour)
    try:
        return time(hours, int(minute), int(second), int((fraction or "").ljust(6, "0")))
    except ValueError:
        return None


def _seconds(at: time) -> float:
    return at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6


class Requests:
    """Ids for the requests that rows of a text stand for, the same in every copy of it."""

    def __init__(self) -> None:
        self._seen = Repeats()

    def made_up(self, at_ms: int, what: str) -> str:
        return made_up_id(at_ms, f"{what} {self._seen.count(at_ms, what)}")


def told(about: RequestSummary, worst: str, messages: Sequence[str]) -> Iterator[Item]:
    """A request and its messages, of which only the worst level is known.

    It is given to those that speak of trouble; where none does, to those that warn, as Node does at level
    error; else to the last one.
    """
    yield about
    written = [text for text in map(message, messages) if text]
    troubles = (worst, "warning") if worst in _TROUBLE else ()
    bad = next(filter(None, (_speak_of(each, written) for each in troubles)), {len(written) - 1})
    for number, text in enumerate(written):
        of_request = about.request_id, about.path, about.status_code, about.deployment_id
        yield LogEntry(about.at_ms, worst if number in bad else "info", text, *of_request)


def _speak_of(trouble: str, messages: Iterable[str]) -> set[int]:
    """The places of those messages that do."""
    return {number for number, text in enumerate(messages) if _TROUBLE[trouble].search(text[:1000])}

"""What a page looks at: a span of time, which is a length and where it ends, and whose videos. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from lib.domain.times import length_of
from lib.ui.kit.zone import zone

MINUTE = timedelta(minutes=1)
LENGTHS = ("1h", "24h", "7d", "14d", "30d")  # those a page offers
DEFAULT = "24h"
ALL = "all"
_WORDS = {"1h": "hour", "24h": "24 hours", "7d": "7 days", "14d": "14 days", "30d": "30 days"}
_ALL_TIME = timedelta(days=3650)
_STEPS = [
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 7, 30)),
]
MOST_BUCKETS = 30


@dataclass(frozen=True, slots=True)
class Window:
    """Hashable: what is read for it is cached under it. `until` is in UTC; None follows the clock.

    `length` is `all`, or a number of minutes, hours or days: `90m`, `24h`, `7d`. With `own`, videos that
    Dailies made itself count like the app's. `age`: how far back `all` reaches, where that is known.
    """

    length: str = DEFAULT
    until: datetime | None = None
    own: bool = False
    age: timedelta | None = None

    @property
    def size(self) -> timedelta:
        return min(length_of(self.length) or self.age or _ALL_TIME, _ALL_TIME)

    @property
    def bucket_seconds(self) -> int:
        """How finely a chart divides it."""
        fits = (step for step in _STEPS if self.size <= MOST_BUCKETS * step)
        return round(next(fits, _STEPS[-1]).total_seconds())

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        end = self.until or now
        return end - self.size, end

    def since(self, first: datetime, now: datetime) -> Window:
        """Where it is of all time: from the day before the first video."""
        if self.length != ALL:
            return self
        return replace(self, age=timedelta(days=max(0, ((self.until or now) - first).days) + 2))

    def holds(self, at: datetime, now: datetime) -> bool:
        since, until = self.span(now)
        return since <= at < until

    @property
    def words(self) -> str:
        """`24 hours`, `2 h 15 min`."""
        if self.length in _WORDS:
            return _WORDS[self.length]
        hours, minutes = divmod(round(self.size / MINUTE), 60)
        days, hours = divmod(hours, 24)
        parts = ((days, "d"), (hours, "h"), (minutes, "min"))
        return " ".join(f"{number} {unit}" for number, unit in parts if number)

    @property
    def said(self) -> str:
        """`in the last 24 hours`, `in the 24 hours before 13 Nov 2025 15:30`."""
        if self.length == ALL:
            return f"before {moment(self.until)}" if self.until else "of all time"
        return (
            f"in the {self.words} before {moment(self.until)}" if self.until else f"in the last {self.words}"
        )

    @property
    def query(self) -> dict[str, str]:
        """The address of a page that shows it."""
        return {
            "window": self.length,
            **({"until": written(self.until)} if self.until else {}),
            **({"own": "yes"} if self.own else {}),
        }

    def over(self, since: datetime, until: datetime) -> Window:
        """The same videos, from one time to another."""
        return replace(between(since, until), own=self.own)

    def bar(self, began: datetime, now: datetime) -> Window:
        """What a chart counts in the bar that begins then: of the first and last what the window holds."""
        since, until = self.span(now)
        return self.over(max(began, since), min(began + timedelta(seconds=self.bucket_seconds), until))


def known(length: str) -> bool:
    return length == ALL or bool(length_of(length))


def between(since: datetime, until: datetime) -> Window:
    """The window from one time to another, in whole minutes that hold both."""
    end = ending_after(until - timedelta(microseconds=1))
    return Window(f"{max(1, -(-(end - since) // MINUTE))}m", end)


def ending_after(at: datetime) -> datetime:
    """The first full minute after `at`: a window that ends there holds it."""
    return at.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE


def covering(first: datetime, last: datetime) -> Window:
    """The shortest window offered that ends just after `last` and holds `first`, else one that fits."""
    until = ending_after(last)
    fits = (length for length in LENGTHS if until - Window(length).size <= first - MINUTE)
    return Window(next(fits, f"{(until - first).days + 1}d"), until)


def written(at: datetime) -> str:
    """As it stands in an address."""
    return f"{at:%Y-%m-%dT%H:%M}"


def moment(at: datetime) -> str:
    """`13 Nov 2025 15:30`, in the zone of the page."""
    return f"{at.astimezone(zone()):%d %b %Y %H:%M}".removeprefix("0")


def parse_until(text: str) -> datetime | None:
    """Any ISO time, as it stands in an address or a log; without a zone it is UTC. None when it is none, or
    one of which no log can be."""
    try:
        at = datetime.fromisoformat(text.strip().replace(" ", "+" if "T" in text else " "))
    except ValueError:
        return None
    if not 1990 <= at.year <= 2200:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

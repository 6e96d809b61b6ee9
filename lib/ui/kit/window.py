"""The span of time a page looks at: a length, and where it ends. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)
_LENGTHS = {
    "1h": ("hour", timedelta(hours=1), timedelta(minutes=2)),
    "24h": ("24 hours", timedelta(hours=24), timedelta(hours=1)),
    "7d": ("7 days", timedelta(days=7), timedelta(hours=6)),
    "14d": ("14 days", timedelta(days=14), timedelta(hours=12)),
    "30d": ("30 days", timedelta(days=30), timedelta(days=1)),
}
LENGTHS = ("1h", "24h", "7d", "14d")  # those a page offers
DEFAULT = "24h"


@dataclass(frozen=True, slots=True)
class Window:
    """Hashable: what is read for it is cached under it. `until` is in UTC; None follows the clock."""

    length: str = DEFAULT
    until: datetime | None = None

    @property
    def size(self) -> timedelta:
        return _LENGTHS[self.length][1]

    @property
    def bucket_seconds(self) -> int:
        """How finely a chart divides it."""
        return round(_LENGTHS[self.length][2].total_seconds())

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        end = self.until or now
        return end - self.size, end

    def holds(self, at: datetime, now: datetime) -> bool:
        since, until = self.span(now)
        return since <= at < until

    @property
    def said(self) -> str:
        """`in the last 24 hours`, `in the 24 hours before 13 Nov 2025 15:30`."""
        words = _LENGTHS[self.length][0]
        return f"in the {words} before {moment(self.until)}" if self.until else f"in the last {words}"

    @property
    def query(self) -> dict[str, str]:
        """The address of a page that shows it."""
        return {"window": self.length, **({"until": f"{self.until:%Y-%m-%dT%H:%M}"} if self.until else {})}


def ending_after(at: datetime) -> datetime:
    """The first full minute after `at`: a window that ends there holds it."""
    return at.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE


def covering(first: datetime, last: datetime) -> Window:
    """The shortest window that ends just after `last` and begins before `first`; else the longest."""
    until = ending_after(last)
    fits = (length for length in LENGTHS if until - _LENGTHS[length][1] <= first - MINUTE)
    return Window(next(fits, LENGTHS[-1]), until)


def moment(at: datetime) -> str:
    """`13 Nov 2025 15:30`."""
    return f"{at.astimezone(UTC):%d %b %Y %H:%M}".removeprefix("0")


def parse_until(text: str) -> datetime | None:
    """Any ISO time, as it stands in an address or a log; without a zone it is UTC. None when it is none."""
    try:
        at = datetime.fromisoformat(text.strip().replace(" ", "+" if "T" in text else " "))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

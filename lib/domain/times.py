"""Times as numbers and as text: epoch milliseconds, and ISO in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def to_ms(at: datetime) -> int:
    """Epoch milliseconds."""
    return round(at.timestamp() * 1000)


def iso_of(at: datetime | None) -> str | None:
    """A time in UTC as `2026-11-12T11:59:00.123Z`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def iso(at_ms: int) -> str:
    """Epoch milliseconds as `2026-11-12T11:59:00.123Z`."""
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03}Z"


@lru_cache(maxsize=64)  # the lines of a log come many to a second
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"

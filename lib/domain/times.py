"""Times as numbers and as text: epoch milliseconds, and ISO in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LENGTH = re.compile(r"(\d{1,6})([mhd])", re.ASCII)


def to_ms(at: datetime) -> int:
    """Epoch milliseconds."""
    return round(at.timestamp() * 1000)


def length_of(text: str) -> timedelta | None:
    """`30m`, `6h`, `2d` as a length of time; None for anything else."""
    found = _LENGTH.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def iso_of(at: datetime | None) -> str | None:
    """A time in UTC as `2026-11-12T11:59:00.123Z`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def iso(at_ms: int) -> str:
    """Epoch milliseconds as `2026-11-12T11:59:00.123Z`."""
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03}Z"


@lru_cache(maxsize=64)  # the lines of a log come many to a second
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"

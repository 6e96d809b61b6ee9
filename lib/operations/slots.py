"""How many generations Runway lets run at once, by model. Asked once a minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from lib.runway.client import RunwayClient
from lib.runway.organization import ModelLimits

FRESH_SECONDS = 60.0


class Slots:
    """Thread-safe. The counting of what runs is the database's: this is only the limit."""

    def __init__(self, runway: RunwayClient, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._runway = runway
        self._fresh_seconds = fresh_seconds
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._slots: Mapping[str, int] = {}

    def __call__(self) -> Mapping[str, int]:
        """Raises RunwayError: while Runway does not answer, nothing should be begun."""
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at > self._fresh_seconds:
                found = {name: _slots(limits) for name, limits in self._runway.organization().models.items()}
                self._slots = {name: n for name, n in found.items() if n is not None}
                self._read_at = time.monotonic()
            return self._slots


def _slots(limits: ModelLimits) -> int | None:
    """None for no limit. With today's generations used up, jobs wait rather than be refused."""
    if limits.max_daily is not None and limits.used_today >= limits.max_daily:
        return 0
    return limits.max_concurrent

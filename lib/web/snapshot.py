"""Something read from the database at most every so often, however many ask for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import anyio
import anyio.to_thread

from lib.errors import DatabaseUnavailable

T = TypeVar("T")


class Snapshot(Generic[T]):
    """`read` is called in a thread, by one request at a time; the others get what it brings."""

    def __init__(self, read: Callable[[], T], *, keep_seconds: float, limit_seconds: float) -> None:
        self._read = read
        self._keep_seconds = keep_seconds
        self._limit_seconds = limit_seconds
        self._lock = threading.Lock()
        self._kept: tuple[float, T] | None = None
        self._threads = anyio.CapacityLimiter(4)

    async def get(self) -> T:
        """Raises what `read` raises, and DatabaseUnavailable when it takes too long."""
        try:
            with anyio.fail_after(self._limit_seconds):
                return await anyio.to_thread.run_sync(
                    self._current, abandon_on_cancel=True, limiter=self._threads
                )
        except TimeoutError:
            raise self._too_slow() from None

    def _current(self) -> T:
        # Not for ever: nobody waits for the threads of requests that have been answered meanwhile.
        if not self._lock.acquire(timeout=self._limit_seconds):
            raise self._too_slow()
        try:
            if self._kept is None or time.monotonic() - self._kept[0] > self._keep_seconds:
                self._kept = (time.monotonic(), self._read())
            return self._kept[1]
        finally:
            self._lock.release()

    def _too_slow(self) -> DatabaseUnavailable:
        return DatabaseUnavailable(f"The database did not answer within {self._limit_seconds:g} s.")

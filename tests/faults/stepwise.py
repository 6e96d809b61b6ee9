"""An operation that is carried out one step at a time, whenever it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from lib.app import OnStep
from lib.errors import DailiesError

WAIT_SECONDS = 30.0


class Dead(BaseException):
    """The process that carried it out is no more."""


class Stepwise:
    """Goes as far as the first step at once. Between two steps it holds nothing, neither a lock nor a
    transaction: never told to go on, it is as good as killed."""

    def __init__(self, hands: ThreadPoolExecutor, operation: Callable[[OnStep], object]) -> None:
        self._operation = operation
        self._go = threading.Semaphore(0)
        self._paused = threading.Semaphore(0)
        self._dead = False
        self._future = hands.submit(self._run)
        self._wait()

    @property
    def is_done(self) -> bool:
        return self._future.done()

    def go_on(self) -> None:
        self._go.release()
        self._wait()

    def die(self) -> None:
        self._dead = True
        self.go_on()

    def _run(self) -> None:
        try:
            with suppress(DailiesError, Dead):
                self._operation(self._pause)
        finally:
            self._paused.release()

    def _pause(self, _: str) -> None:
        self._paused.release()
        self._go.acquire()
        if self._dead:
            raise Dead

    def _wait(self) -> None:
        """Raises what the operation must not raise."""
        assert self._paused.acquire(timeout=WAIT_SECONDS), "it neither goes on nor ends"
        with suppress(TimeoutError):
            self._future.result(0.005)

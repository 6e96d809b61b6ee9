"""Whether Runway answers, asked now and then beside the requests: never while somebody waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lib.app import GetApp
from lib.errors import DailiesError

EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class RunwayAnswer:
    """Runway's last answer; `at` by the monotonic clock."""

    at: float
    credits: int | None  # None: it did not answer
    problem: str | None = None


class RunwayWatch:
    def __init__(self, app: GetApp, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._asking = threading.Lock()
        self.seen: RunwayAnswer | None = None

    @property
    def age(self) -> float | None:
        """Seconds since Runway was asked; None while it never was."""
        return self._clock() - self.seen.at if self.seen else None

    def refresh(self) -> None:
        """Asks, unless somebody does so now or did within EVERY_SECONDS. Takes as long as Runway does."""
        if not self._asking.acquire(blocking=False):
            return
        try:
            if self.age is None or self.age > EVERY_SECONDS:
                self._ask()
        finally:
            self._asking.release()

    def _ask(self) -> None:
        """While the process starts there is nothing to ask yet, and nothing that this would say of Runway."""
        try:
            app = self._app()
        except DailiesError:
            return
        if app.client is None and app.no_runway is None:
            return
        try:
            self.seen = RunwayAnswer(self._clock(), app.runway.organization().credit_balance)
        except DailiesError as error:
            self.seen = RunwayAnswer(self._clock(), None, str(error))

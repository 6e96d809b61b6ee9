"""The loop behind the pages: it keeps verdicts and tasks up to date while nobody looks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from lib.errors import DailiesError

logger = logging.getLogger(__name__)

Step = Callable[[], int]  # does a bounded piece of work and says how many units it did


class Loop:
    """Runs each step in turn, at once again while there is work, else after `every` seconds.

    A step that fails is tried again next time; `problems` says which ones do, for the pages to show.
    """

    def __init__(self, steps: Mapping[str, Step], every: float = 5.0) -> None:
        self.problems: dict[str, str] = {}
        self._steps = steps
        self._every = every
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dailies-loop", daemon=True)

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something to do now: do not wait out the pause."""
        self._wake.set()

    def stop(self, timeout: float = 10.0) -> None:
        """Ends after the unit in hand."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def run_once(self) -> int:
        """One round over all steps. Returns the number of units done."""
        return sum(self._do(name, step) for name, step in self._steps.items() if not self._stop.is_set())

    def _do(self, name: str, step: Step) -> int:
        try:
            done = step()
        except DailiesError as error:
            if self.problems.get(name) != str(error):  # once, not every five seconds
                logger.warning("%s: %s", name, error)
            self.problems[name] = str(error)
            return 0
        if self.problems.pop(name, None):
            logger.info("%s works again", name)
        return done

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self.run_once():
                self._wake.wait(self._every)
                self._wake.clear()

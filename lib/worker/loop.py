"""What runs by itself, in the dashboard and in `python -m lib worker` alike: verbs, each at its own pace."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from lib.errors import DailiesError

RESTS = 10  # times as long as it took to find nothing: looking for work shall not be the work
LONGEST_REST = 5.0  # seconds

logger = logging.getLogger(__name__)


class Verb(NamedTuple):
    """`do` does one unit of work and says how much it did; 0 lets it rest for `pause` seconds, or longer
    where it took long to find nothing."""

    name: str
    do: Callable[[], int]
    pause: float = 5.0


class Loop:
    """Runs each verb in a thread of its own, so that a slow one (a paid call) holds up no other.

    A verb that fails is tried again after its pause; `problems` says which ones do, for the pages to show.
    `stopping` may be shared with verbs that want to know; `at_end` is called when they have all ended.
    """

    def __init__(
        self,
        verbs: Iterable[Verb],
        stopping: threading.Event | None = None,
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.problems: dict[str, str] = {}
        self.stopping = stopping or threading.Event()
        self._at_end = at_end
        self._verbs = {verb.name: verb for verb in verbs}
        self._wake = {name: threading.Event() for name in self._verbs}
        self._threads = [
            threading.Thread(target=self._run, args=(verb,), name=f"dailies-{verb.name}", daemon=True)
            for verb in self._verbs.values()
        ]

    @property
    def is_running(self) -> bool:
        """False when it was not started or was stopped."""
        return all(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is something to do now: do not wait out the pauses."""
        for event in self._wake.values():
            event.set()

    def stop(self, timeout: float = 150.0) -> bool:
        """Ends after the units in hand. False when one of them takes longer than `timeout` seconds."""
        self.stopping.set()
        self.wake()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout)
        self._at_end()
        return not any(thread.is_alive() for thread in self._threads)

    def run_once(self) -> int:
        """One unit of every verb, here and now. Returns the amount of work done."""
        return sum(self._do(verb) for verb in self._verbs.values() if not self.stopping.is_set())

    def _do(self, verb: Verb) -> int:
        try:
            done = verb.do()
        except Exception as error:  # a verb that ended in silence would never work again
            if not isinstance(error, DailiesError):
                logger.exception("%s: unexpected error", verb.name)
                error = DailiesError(f"Unexpected {type(error).__name__}; the server's log has the details.")
            if self.problems.get(verb.name) != str(error):  # once, not every five seconds
                logger.warning("%s: %s", verb.name, error)
            self.problems[verb.name] = str(error)
            return 0
        if self.problems.pop(verb.name, None):
            logger.info("%s works again", verb.name)
        return done

    def _run(self, verb: Verb) -> None:
        wake = self._wake[verb.name]
        while not self.stopping.is_set():
            began = time.monotonic()
            if not self._do(verb):
                took = 0.0 if verb.name in self.problems else time.monotonic() - began
                wake.wait(max(verb.pause, min(RESTS * took, LONGEST_REST)))
                wake.clear()

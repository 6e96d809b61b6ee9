"""Notices a database that hangs. On a frozen machine or a full disk it keeps its connections, takes new ones
and answers nobody; the network below goes on, so whoever waits for an answer waits for ever."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg

from lib.errors import DatabaseUnavailable

THREAD = "dailies-watch"
STEP_SECONDS = 0.5
PATIENCE_SECONDS = 2.0  # so long a question may take before anybody asks whether the database answers at all
AGAIN_SECONDS = 15.0  # where it does, the question is a long one
GREETING_SECONDS = 4  # within which a new connection has an answer

_HANGS = (
    "The database does not answer: a question has waited for {:.0f} s, and a new connection had no answer"
    " either."
)
_LATE = "The database does not answer: a question has waited for {:.0f} s, which is longer than it may take."


@dataclass(eq=False)
class _Wait:
    """`look_at`: when to ask next whether the database answers; `ends_at`: when it has waited enough."""

    connection: psycopg.Connection[Any]
    began: float
    look_at: float
    ends_at: float
    told: str | None = None  # why it was cut


class Watch:
    """Thread-safe. A slow answer is not taken for a hang: a connection is cut when a new one to the same
    database is not answered either, or when its question has a limit and is well past it."""

    def __init__(self, conninfo: Callable[[], str]) -> None:
        self._conninfo = conninfo
        self._lock = threading.Lock()
        self._waits: set[_Wait] = set()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, connection: psycopg.Connection[Any], at_most: float = float("inf")) -> Iterator[None]:
        """Raises DatabaseUnavailable where the connection was cut; `at_most`: seconds that it may take."""
        began = time.monotonic()
        wait = _Wait(connection, began, began + PATIENCE_SECONDS, began + at_most)
        with self._lock:
            self._waits.add(wait)
            # a process that was forked has the object, and no thread that runs
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=THREAD, daemon=True)
                self._thread.start()
        try:
            yield
        except psycopg.Error as error:
            if wait.told:
                raise DatabaseUnavailable(wait.told) from error
            raise
        finally:
            with self._lock:  # nobody cuts what is another's by then
                self._waits.discard(wait)

    def _run(self) -> None:
        """As long as anybody waits."""
        while True:
            time.sleep(STEP_SECONDS)
            with self._lock:
                if not self._waits:
                    self._thread = None
                    return
                now = time.monotonic()
                for wait in self._waits:
                    if wait.ends_at <= now:
                        _cut(wait, _LATE)
                is_long = any(wait.look_at <= now for wait in self._waits)
            if is_long:
                answers = self._answers()
                with self._lock:
                    for wait in self._waits:
                        if answers and wait.look_at <= now:
                            wait.look_at = now + AGAIN_SECONDS
                        elif not answers and wait.began <= now:
                            _cut(wait, _HANGS)

    def _answers(self) -> bool:
        """Whether anything comes back to a new connection: a refusal is an answer, too."""
        try:
            psycopg.connect(self._conninfo(), connect_timeout=GREETING_SECONDS).close()
        except psycopg.errors.ConnectionTimeout:
            return False
        except (psycopg.Error, DatabaseUnavailable):
            pass
        return True


def wait_for_end() -> None:
    """Until no thread watches, half a second behind the last answer; as long at most where somebody asks."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(2 * STEP_SECONDS)


def _cut(wait: _Wait, why: str) -> None:
    """Whoever waits on the connection is told by the system that it is over."""
    wait.told = wait.told or why.format(time.monotonic() - wait.began)
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(wait.connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)

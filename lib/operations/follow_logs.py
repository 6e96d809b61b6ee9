"""Keeping up with a project's logs as they come."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lib.errors import DailiesError
from lib.logs.vercel import NoHistory, Row, VercelError
from lib.operations.pull_logs import LogPull, said

NO_HISTORY = (
    "Vercel does not serve the history of logs any more. What comes from now on is read from the live tail: "
    "its lines carry no request ids, and nothing is caught up with."
)


class Follower:
    """The live tail says when something was written; what is stored comes from the history, where lines have
    request ids. Without a history the tail itself is stored.

    settle   seconds until what was written stands in the history
    idle     seconds between two pulls when the tail says nothing
    """

    def __init__(self, pull: LogPull, *, settle: float = 3.0, idle: float = 30.0) -> None:
        self._pull = pull
        self._settle = settle
        self._idle = idle
        self._written = threading.Event()
        self._lock = threading.Lock()
        self._rows: list[Row] = []

    def run(self, stop: threading.Event, tell: Callable[[str], object]) -> None:
        """Until `stop` is set. Raises VercelError or DatabaseError when the first pull fails; later failures
        are told, and tried again."""
        project = self._pull.project()
        has_history = self._catch_up(tell)
        listener = threading.Thread(target=self._listen, args=(stop, tell), name="vercel-tail", daemon=True)
        listener.start()
        while not stop.is_set():
            if self._written.wait(self._idle):
                stop.wait(self._settle)
            self._written.clear()
            try:
                rows = self._taken()
                if has_history:
                    has_history = self._catch_up(tell)
                elif rows:
                    stored = self._pull.store(project, rows)
                    tell(f"{stored.entries - stored.already_stored} entries stored from the live tail.")
            except DailiesError as error:
                tell(f"{error} Trying again.")
        listener.join(1)  # it may wait for a line for minutes

    def _catch_up(self, tell: Callable[[str], object]) -> bool:
        """Whether there is a history."""
        try:
            report = self._pull.catch_up()
        except NoHistory:
            tell(NO_HISTORY)
            return False
        if report.stored or report.gap or report.notes:
            for line in said(report):
                tell(line)
        return True

    def _listen(self, stop: threading.Event, tell: Callable[[str], object]) -> None:
        while not stop.is_set():
            try:
                for row in self._pull.tail(self._pull.project()):
                    with self._lock:
                        self._rows.append(row)
                    self._written.set()
            except VercelError as error:
                tell(str(error))
            stop.wait(self._settle)

    def _taken(self) -> list[Row]:
        with self._lock:
            taken, self._rows = self._rows, []
        return taken

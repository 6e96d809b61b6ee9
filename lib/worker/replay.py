"""The verb that brings task ids from this machine's journal into the database: at the start, and whenever the
journal has grown."""

from __future__ import annotations

import logging

from lib.app import App
from lib.operations.recover import recover_from_journal

logger = logging.getLogger(__name__)


class JournalVerb:
    def __init__(self, app: App) -> None:
        self._app = app
        self._read = 0  # bytes

    def step(self) -> int:
        """How many ids stood in the journal only. Raises DatabaseError; it is all read again then."""
        path = self._app.journal.path
        size = path.stat().st_size if path.exists() else 0
        if size == self._read:
            return 0
        replayed = recover_from_journal(self._app)
        for problem in replayed.problems:
            logger.warning("%s", problem)
        self._read = size
        return len(replayed.saved)

"""The verb that brings task ids from this machine's journal into the database: at the start, and whenever the
journal has grown."""

from __future__ import annotations

import logging

from lib.data.database import Database
from lib.data.journal import Journal
from lib.operations.recover import recover_from_journal

logger = logging.getLogger(__name__)


class JournalVerb:
    def __init__(self, db: Database, journal: Journal) -> None:
        self._db = db
        self._journal = journal
        self._read = 0  # bytes

    def step(self) -> int:
        """How many ids stood in the journal only. Raises DatabaseError; it is all read again then."""
        size = self._size()
        if size == self._read:
            return 0
        replayed = recover_from_journal(self._db, self._journal)
        for problem in replayed.problems:
            logger.warning("%s", problem)
        self._read = size
        return len(replayed.saved)

    def _size(self) -> int:
        path = self._journal.path
        return path.stat().st_size if path.exists() else 0

"""A SQLite file that several threads and processes share."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fasteners

WAIT_SECONDS = 10  # for another process to end its transaction
_opening = threading.Lock()  # the lock between processes does not hold back threads


class SqliteFile:
    """Survives a killed process: what was committed is in the write-ahead log."""

    def __init__(self, path: Path, schema: str) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        try:
            # SQLite does not wait for its turn to switch the journal: the first openers would fail.
            with _opening, fasteners.InterProcessLock(path.with_suffix(".lock")):
                self._db.execute("pragma journal_mode = wal")
                self._db.execute("pragma synchronous = normal")
                self._db.executescript(schema)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keeps other threads and processes from writing until it ends."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def rows(self, sql: str, *arguments: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, arguments)]

    def row(self, sql: str, *arguments: Any) -> dict[str, Any] | None:
        return next(iter(self.rows(sql, *arguments)), None)

    def write(self, sql: str, rows: Iterable[Mapping[str, Any] | tuple[Any, ...]]) -> int:
        """Executes `sql` for each of `rows`, in the open transaction; returns how many rows it changed."""
        return self._db.executemany(sql, rows).rowcount

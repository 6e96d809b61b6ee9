"""A database that remembers what was asked of it, and how much came back."""

from __future__ import annotations

import json
from typing import Any

from lib.data.database import Database, Row


class Counted:
    def __init__(self, db: Database) -> None:
        self._db = db
        self.calls: list[str] = []
        self.bytes = 0  # of all answers, as JSON

    def forget(self) -> None:
        self.calls, self.bytes = [], 0

    @property
    def label(self) -> str:
        return self._db.label

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        self.calls.append(function)
        rows = self._db.call(function, **arguments)
        self.bytes += len(json.dumps(rows))
        return rows

    def close(self) -> None:
        self._db.close()

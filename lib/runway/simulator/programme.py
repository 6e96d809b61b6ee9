"""Faults that wait for requests to come, and the count of posts: what tests and demonstrations need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lib.runway.simulator.faults import parse_fault
from lib.runway.simulator.sqlite import SqliteFile

SCHEMA = """
create table if not exists faults (id integer primary key, fault text, method text, path text);
create table if not exists posts (at real);
"""


class PlannedFault(NamedTuple):
    """For one request: of this method, to a path that begins like this; None fits any."""

    fault: str
    method: str | None = None
    path: str | None = None


class Programme:
    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def add(self, faults: Iterable[PlannedFault]) -> None:
        """Appends them; each is used once, in order. Raises ValueError naming an unknown fault."""
        planned = list(faults)
        for item in planned:
            parse_fault(item.fault)
        with self._file.transaction():
            self._file.write("insert into faults (fault, method, path) values (?, ?, ?)", planned)

    def clear(self) -> None:
        with self._file.transaction():
            self._file.write("delete from faults", [()])

    def take(self, method: str, path: str) -> str | None:
        """The first fault that waits for such a request; it is used up."""
        if not self._file.row("select 1 from faults limit 1"):
            return None
        sql = """
            delete from faults where id = (
                select min(id) from faults
                where coalesce(method, ?1) = ?1 and instr(?2, coalesce(path, substr(?2, 1, 1))) = 1)
            returning fault"""
        with self._file.transaction():
            row = self._file.row(sql, method, path)
        return row["fault"] if row else None

    def waiting(self, method: str, path: str) -> int:
        """How many faults were added for just this method and path and are not used yet."""
        return len(self._file.rows("select 1 from faults where method = ? and path = ?", method, path))

    def record_post(self, at: float) -> None:
        with self._file.transaction():
            self._file.write("insert into posts values (?)", [(at,)])

    def posts(self) -> int:
        """How many creations were asked for; refused and broken ones count."""
        return len(self._file.rows("select 1 from posts"))

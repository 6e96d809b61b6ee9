"""The bulk path into an empty database: COPY, tens of thousands of rows in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from lib.data.postgres import Connection, PostgresDatabase
from lib.errors import BadInput

_ROWS = "select public.dailies_import_videos(%s)"
_RELATION = "select relation from dailies.mapping"
_SETTLE = """
update dailies.attempts set state = %(state)s, task_id = %(task_id)s, cause = %(cause)s,
    reason = %(reason)s, settled_at = %(settled_at)s
where id = %(id)s
"""


@contextmanager
def seeding(db: PostgresDatabase, folder: Path) -> Iterator[Seeding]:
    """All that is added inside is there afterwards, or nothing is. `folder`: where the data of Dailies is.

    Raises BadInput when the database holds videos, and keeps others from adding some meanwhile.
    """
    with db.transaction("seed") as connection:
        (relation,) = connection.execute(_RELATION).fetchone() or ("",)
        connection.execute(f"lock table {relation} in share row exclusive mode".encode())
        if connection.execute("select 1 from dailies.videos() limit 1").fetchone():
            raise BadInput(
                f"{db.label} holds videos: a history is only written into an empty database. "
                f"To begin anew, stop Dailies and delete its data folder, {folder}."
            )
        yield Seeding(connection)


class Seeding:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_videos(self, rows: Sequence[dict[str, Any]]) -> None:
        """Whole rows of a table in production shape."""
        self._connection.execute(_ROWS, [Jsonb(list(rows))])

    def add(self, table: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Rows of `dailies.<table>`, all with the columns of the first; dicts and lists become JSON."""
        remaining = iter(rows)
        first = next(remaining, None)
        if first is None:
            return 0
        statement = sql.SQL("copy {} ({}) from stdin").format(
            sql.Identifier("dailies", table), sql.SQL(", ").join(map(sql.Identifier, first))
        )
        with self._connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for row in chain([first], remaining):
                    copy.write_row([Jsonb(v) if isinstance(v, dict | list) else v for v in row.values()])
            return cursor.rowcount

    def add_log_weeks(self, days: Iterable[datetime]) -> None:
        """The tables of these weeks: lines that come before theirs stand where none expires."""
        self._connection.execute("select dailies.add_log_weeks(%s)", [list(days)])

    def settle_attempts(self, attempts: Sequence[dict[str, Any]]) -> None:
        """Takes them through their states, as the database demands: claimed, sent, then the last one."""
        with self._connection.cursor() as cursor:
            cursor.execute("update dailies.attempts set state = 'sent' where state = 'claimed'")
            cursor.executemany(_SETTLE, attempts)

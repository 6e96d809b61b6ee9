"""Before Dailies has its schema in the app's database: the newest rows, read by plain selects and looked at
in a database of our own. Nothing is written into the app's."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from psycopg import sql

from lib.data import app_table
from lib.data.app_table import AppTable
from lib.data.database import Database, Row
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.migrations import check_schema, migrate
from lib.data.postgres import PostgresDatabase
from lib.domain.mapping import COLUMNS, RowKind, TableMap
from lib.domain.table_guess import propose
from lib.domain.video import STATUSES, parse_time
from lib.errors import BadInput, NotAllowed

if TYPE_CHECKING:  # it imports for half a second: only where it is used
    from lib.data.supabase import SupabaseDatabase

NEWEST = 5_000  # rows, at the beginning
AGAIN = 500  # rows, every minute
_PIECE = 500
_LONGEST = 4_000  # characters of a value: pictures are written into rows, too
_KEPT = COLUMNS[:9]
# What writes, and only into our own: logs that somebody reads in, verdicts, views.
_OURS = frozenset(
    {"dailies_add_logs", "dailies_merge_text", "dailies_dirty", "dailies_save_verdicts", "dailies_save_view"}
)
ADDS = (
    "Dailies is not installed in this database: it only looks. `python -m lib migrate` adds repair, Generate,"
    " alerts, the audit and all older rows."
)
_TABLE = """
create table if not exists public.videos (
    id text primary key, status text not null, created_at timestamptz not null, updated_at timestamptz,
    runway_video_id text, error_message text, prompt text, input_image_url text, video_url text, whole jsonb)
"""
_ROWS = """
select (select jsonb_object_agg(e.key, case when length(e.value::text) > {longest}
            then to_jsonb(left(e.value #>> '{{}}', 100) || ' …') else e.value end)
        from jsonb_each(to_jsonb(t)) e)
from {table} t order by t.{created} desc nulls last limit {limit}
"""
_GONE = "delete from public.videos v where v.created_at >= %s and v.id <> all(%s)"


class Before(PostgresDatabase):
    """The app's newest rows in an embedded Postgres, with the schema of Dailies, where everything that reads
    works as ever. `source` is the app's own database; `hides_rows`: its row security keeps some from us."""

    def __init__(self, source: PostgresDatabase | SupabaseDatabase, folder: Path) -> None:
        """Raises BadInput where nobody can tell which table is meant, DatabaseError where none is read."""
        self.source = source
        tables = _tables(source)
        table_map = app_table.choose(tables)
        if table_map is None:
            raise BadInput("No table here looks as if it held videos. " + ADDS)
        self.table_map = table_map
        self.hides_rows = any(table.hides_rows for table in tables if table.name == table_map.table)
        server = self._server = EmbeddedPostgres(folder).start()
        super().__init__(server.conninfo, label=f"{source.label}, read only", on_close=server.stop)
        with self.transaction("copy") as connection:
            connection.execute(_TABLE)
        own = TableMap(
            {name: name for name in _KEPT}, {word: (word,) for word in STATUSES}, table="public.videos"
        )
        migrate(self, table_map=own)
        self._reading = frozenset(row["name"] for row in super().call("dailies_reading"))
        self.refresh(NEWEST)

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        """Raises NotAllowed for what would change the app's data."""
        if function == "dailies_schema":
            return self.source.call(function, **arguments)
        if function not in self._reading | _OURS:
            raise NotAllowed(ADDS)
        return super().call(function, **arguments)

    def refresh(self, limit: int = AGAIN) -> int:
        """Reads the newest rows again; how many are new or changed."""
        newest = _newest(self.source, self.table_map, limit)
        rows = [self._copied(row) for row in newest if self.table_map.kind_of(row) is RowKind.VIDEO]
        changed = sum(
            super(Before, self).call("dailies_import_videos", p_videos=rows[at : at + _PIECE])[0]["saved"]
            for at in range(0, len(rows), _PIECE)
        )
        if rows:
            since = min(row["created_at"] for row in rows) if len(newest) == limit else "-infinity"
            with self.transaction("copy") as connection:
                connection.execute(_GONE, [since, [row["id"] for row in rows]])
        return int(changed)

    def is_over(self) -> bool:
        """Whether somebody has run `migrate` meanwhile."""
        return check_schema(self.source).version is not None

    def close(self) -> None:
        super().close()
        self.source.close()

    def leave(self) -> None:
        """Takes the copy away; `source` stays open."""
        super().close()
        for folder in (self._server.installation.data, self._server.home):
            shutil.rmtree(folder, ignore_errors=True)

    def _copied(self, row: Row) -> Row:
        mine = self.table_map.read(row)
        times = {name: parse_time(mine.get(name)) for name in ("created_at", "updated_at")}
        return (
            {name: None if mine.get(name) is None else str(mine[name]) for name in _KEPT}
            | {name: at.isoformat() if at else None for name, at in times.items()}
            | {"whole": row}
        )


def looked_at(database: Database, folder: Path) -> Database:
    """The database, or what can be seen of it before Dailies has its schema there. Raises as `Before`."""
    if check_schema(database).version is not None:
        return database
    return Before(cast("PostgresDatabase | SupabaseDatabase", database), folder)


def _tables(source: PostgresDatabase | SupabaseDatabase) -> list[AppTable]:
    if isinstance(source, PostgresDatabase):
        with source.transaction("look") as connection:
            return app_table.look(connection)
    return [_seen(source, name, types) for name, types in source.tables().items()]


def _seen(source: SupabaseDatabase, name: str, types: Mapping[str, str]) -> AppTable:
    rows = source.rows(name, limit=300)
    try:
        proposal = propose(rows, table=f"public.{name}", types=types)
    except ValueError as error:
        return AppTable(f"public.{name}", len(rows), False, types, (), None, str(error))
    return AppTable(f"public.{name}", len(rows), False, types, (), proposal)


def _newest(source: PostgresDatabase | SupabaseDatabase, table_map: TableMap, limit: int) -> list[Row]:
    created = table_map.columns["created_at"]
    if not isinstance(source, PostgresDatabase):
        name = table_map.table.partition(".")[2]
        return [_short(row) for row in source.rows(name, order=created, limit=limit)]
    query = sql.SQL(_ROWS).format(
        longest=sql.Literal(_LONGEST),
        table=sql.SQL(table_map.table),
        created=sql.Identifier(created),
        limit=sql.Literal(limit),
    )
    with source.transaction("read the newest rows") as connection:
        connection.execute("set transaction read only")
        connection.execute("set local statement_timeout = '20s'")
        return [row for (row,) in connection.execute(query)]


def _short(row: Row) -> Row:
    return {
        name: f"{value[:100]} …" if isinstance(value, str) and len(value) > _LONGEST else value
        for name, value in row.items()
    }

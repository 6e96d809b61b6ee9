"""The app's table: found in a database, proposed as a mapping, kept there as what everything goes through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from lib.data.postgres import Connection
from lib.domain.mapping import TableMap
from lib.domain.table_guess import Proposal, propose
from lib.domain.video import STATUSES
from lib.errors import BadInput
from lib.settings import ROOT

_FILE = ROOT / "supabase" / "migrations" / "20261121000040_tables.sql"
_FUNCTIONS = _FILE.with_name("20261121000050_mapping.sql")
_SAMPLE = 300  # rows that are looked at
_SECONDS = 20  # for counting the words of one table
_KEPT = """
insert into dailies.mapping (relation, columns, statuses, left_out, provider, runway, fixed)
values (%s, %s, %s, %s, %s, %s, %s)
on conflict (one) do update set
    relation = excluded.relation, columns = excluded.columns, statuses = excluded.statuses,
    left_out = excluded.left_out, provider = excluded.provider, runway = excluded.runway,
    fixed = excluded.fixed, changed_at = case
        when to_jsonb(mapping) - '{fixed,changed_at}'::text[]
            = to_jsonb(excluded) - '{fixed,changed_at}'::text[]
        then mapping.changed_at else now() end
"""
HIDES = (
    "Row security hides rows of {} from this role: what is seen is not all there is. Use the table's owner,"
    " or a role with BYPASSRLS."
)
_QUOTED = re.compile(r"'((?:[^']|''){1,60})'::")


@dataclass(frozen=True)
class AppTable:
    """A table of the app. `rows` is Postgres' estimate; `hides_rows`: row security keeps some from this role;
    `required` columns have no default and refuse null; `proposal` is None where it cannot hold videos, and
    `why` says why."""

    name: str
    rows: int
    hides_rows: bool
    types: Mapping[str, str]
    required: tuple[str, ...]
    proposal: Proposal | None
    why: str = ""

    @property
    def is_candidate(self) -> bool:
        """Whether its rows look like generations: they have a task, or a status and a video."""
        if self.proposal is None:
            return False
        found = self.proposal.map.columns
        return "runway_video_id" in found or "video_url" in found

    def __str__(self) -> str:
        hidden = f". {HIDES.format('it')}" if self.hides_rows else ""
        if self.proposal is None:
            return f"{self.name}: {self.why}{hidden}"
        found, counts = self.proposal.map.columns, self.proposal.counts
        words = ", ".join(f"{word} {n:,}" for word, n in list(counts.items())[:6])
        told = [f"status `{found['status']}`" + (f" ({words})" if words else "")]
        told += [f"{ours} `{found[ours]}`" for ours in ("runway_video_id", "video_url") if ours in found]
        return f"{self.name}: about {self.rows:,} rows, {', '.join(told)}{hidden}"


def look(connection: Connection) -> list[AppTable]:
    """Every table that an app has here, candidates first. Reads rows and changes nothing."""
    connection.execute("set local search_path = ''")
    tables = connection.execute(_FILE.read_text().split("$$")[1].encode()).fetchall()
    found = [_table(connection, *row) for row in tables]
    connection.execute("set local search_path to default")
    return sorted(found, key=lambda table: (not table.is_candidate, table.name))


def _table(
    connection: Connection, name: str, _kind: str, rows: int, hides_rows: bool, columns: Any
) -> AppTable:
    types = {column["name"]: column["type"] for column in columns}
    required = tuple(column["name"] for column in columns if column["required"])
    try:
        with connection.transaction():
            query = f"select to_jsonb(t) from {name} t limit {_SAMPLE}"  # noqa: S608 - quoted by Postgres
            sample = [row for (row,) in connection.execute(query.encode())]
        proposal = propose(sample, table=name, types=types)
        status = proposal.map.columns["status"]
        labels = next(column["labels"] for column in columns if column["name"] == status)
        counts = dict.fromkeys(labels or _checked(connection, name, status), 0)
        counts |= _counts(connection, name, status) or proposal.counts
        rows = rows or sum(counts.values())  # a new table has no estimate yet
        proposal = propose(sample, table=name, types=types, counts=counts)
        return AppTable(name, rows, hides_rows, types, required, proposal)
    except ValueError as error:
        why = str(error)
    except psycopg.Error as error:
        why = error.diag.message_primary or "cannot be read"
    return AppTable(name, rows, hides_rows, types, required, None, why)


def _counts(connection: Connection, name: str, status: str) -> dict[str, int] | None:
    """Rows by status word, the commonest first; None where counting takes too long."""
    query = sql.SQL("select {0}::text, count(*) from {1} where {0} is not null group by 1 order by 2 desc")
    try:
        with connection.transaction():
            connection.execute(f"set local statement_timeout = '{_SECONDS}s'".encode())
            counted = connection.execute(query.format(sql.Identifier(status), sql.SQL(name))).fetchall()
    except psycopg.errors.QueryCanceled:
        return None
    return dict(counted)


def _checked(connection: Connection, name: str, status: str) -> list[str]:
    """The words that a check constraint of the column allows."""
    query = """
        select pg_get_constraintdef(k.oid) from pg_catalog.pg_constraint k
        join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
        where k.conrelid = %s::regclass and k.contype = 'c' and a.attname = %s"""
    constraints = connection.execute(query, [name, status]).fetchall()
    return [word.replace("''", "'") for (text,) in constraints for word in _QUOTED.findall(text[:4000])]


def choose(tables: list[AppTable]) -> TableMap | None:
    """The mapping of the one table that can be meant; None where there is no app here yet, or where only the
    table `videos` can be meant and what keeps it from being used is to be said.

    Raises BadInput listing what there is to choose from.
    """
    candidates = [table for table in tables if table.is_candidate]
    named = [table for table in candidates if table.name == "public.videos"]
    if named and named[0].proposal and "runway_video_id" in named[0].types:
        candidates = named
    if len(candidates) == 1 and candidates[0].proposal:
        return candidates[0].proposal.map
    if not tables or (not candidates and any(table.name == "public.videos" for table in tables)):
        return None
    raise BadInput("\n".join(_choices(tables, candidates)))


def _choices(tables: list[AppTable], candidates: list[AppTable]) -> Iterator[str]:
    if candidates:
        yield "Dailies does not know which table holds the videos:"
    else:
        yield "No table here looks as if it held videos, and none is made beside them:"
    yield from (f"- {table}" for table in (candidates or tables)[:20])
    yield (
        "Run `python -m lib map --table NAME --out map.toml`, look the file through, then "
        "`python -m lib map --apply map.toml`."
    )


def kept(connection: Connection) -> TableMap | None:
    """The mapping that is in use; None where there is none."""
    there = connection.execute("select to_regclass('dailies.mapping')").fetchone()
    query = "select relation, columns, statuses, left_out, provider, runway, fixed from dailies.mapping"
    row = connection.execute(query).fetchone() if there and there[0] else None
    if row is None:
        return None
    table, columns, statuses, left_out, provider, runway, fixed = row
    words = {status: tuple(statuses.get(status, ())) if statuses else (status,) for status in STATUSES}
    return TableMap(columns, words, (), tuple(left_out), provider, tuple(runway), fixed, table)


def problems(connection: Connection, table_map: TableMap) -> list[str]:
    """What keeps a mapping from being used, each with what to do: tried and undone."""
    try:
        with connection.transaction(force_rollback=True):
            keep(connection, table_map)
            connection.execute(_FUNCTIONS.read_text().encode())
            return [said for (said,) in connection.execute("select dailies.mapping_problems()")]
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as error:
        return [f"This role cannot install Dailies: {error.diag.message_primary}."]


def keep(connection: Connection, table_map: TableMap) -> None:
    """Stores a mapping; `migrate` makes what follows from it."""
    connection.execute(_FILE.read_text().encode())
    words = {status: list(words) for status, words in table_map.statuses.items() if words}
    ours = all(words == [status] for status, words in words.items()) and not table_map.unmapped
    kept = (
        table_map.table,
        Jsonb(dict(table_map.columns)),
        Jsonb({} if ours else words),
        list(table_map.leave_out),
        table_map.provider_column,
        list(table_map.runway),
        Jsonb(dict(table_map.fixed)),
    )
    connection.execute(_KEPT, kept)

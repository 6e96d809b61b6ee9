"""Brings a database to the schema of this version: the files of supabase/migrations, in order.

Every file is idempotent and only adds, so running one again is harmless. When a file is new or has changed,
it and all after it are run: a later file may replace a function of an earlier one. The files wait for nobody
who uses the app's table; what is added to that table comes afterwards, one statement at a time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from itertools import dropwhile
from pathlib import Path

import psycopg

from lib.data import app_table
from lib.data.database import Database
from lib.data.postgres import Connection, PostgresDatabase, failure
from lib.domain.mapping import TableMap
from lib.errors import DatabaseError, DatabaseUnavailable, SchemaMissing, SettingsError
from lib.settings import ROOT

FOLDER = ROOT / "supabase" / "migrations"
LOCK_TIMEOUT = "100ms"
LOCK_PAUSE = 0.5
LOCK_SECONDS = 60.0
# What another process that does the same, or a long transaction of the app's, leads to.
_PASSING = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.DuplicateTable,
    psycopg.errors.DuplicateObject,
    psycopg.errors.DuplicateColumn,
    psycopg.errors.UndefinedObject,
    psycopg.errors.UniqueViolation,
    psycopg.errors.InternalError_,  # tuple concurrently updated
)
_NEWER = "The schema is of a newer Dailies than this one, and stays as it is. Update this Dailies."
_PIECE = """
-- ---------------------------------------------------------------------------------------------------
-- To be run apart: what the app's table gets. While an index is built, writers wait: about a second for
-- 100,000 rows.
-- Is the table larger and in use? Then run the statements of `select * from dailies.table_steps();` by
-- themselves, each alone, in their order, and `select dailies.complete();` after them.
-- "canceling statement due to lock timeout" means that the app is busy: run it again.
set lock_timeout = '2s';
select dailies.complete();
reset lock_timeout;
notify pgrst, 'reload schema';
"""
# PostgREST answers for functions that it has read; elsewhere nobody listens.
_RELOAD = "notify pgrst, 'reload schema'"
# In one transaction under a lock: of two processes starting together, the second finds all done.
_PROLOGUE = """
select pg_advisory_xact_lock(hashtext('dailies.migrations'));
set local client_min_messages = warning;
create schema if not exists dailies;
create table if not exists dailies.migrations (
  version text primary key, name text not null, digest text not null,
  applied_at timestamptz not null default now()
);
alter table dailies.migrations enable row level security;
"""


@dataclass(frozen=True)
class Migration:
    version: str
    name: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def script(self) -> str:
        """The statements and the record that they were run, for our runner and for an SQL editor alike."""
        record = (
            "insert into dailies.migrations (version, name, digest) "  # noqa: S608 - names of our own files
            f"values ('{self.version}', '{self.name}', '{self.digest}') "
            "on conflict (version) do update set digest = excluded.digest, applied_at = now();"
        )
        return f"-- {self.version}_{self.name}\n{self.text.rstrip()}\n{record}\n"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """What the database has, beside what this version of Dailies needs."""

    version: str | None
    expected: str
    missing: tuple[str, ...]

    @property
    def problem(self) -> str | None:
        """What is wrong and what to do, or None."""
        if self.version is None:
            return "The schema of Dailies is not there. Run `python -m lib migrate`."
        if self.missing:
            return f"The database lacks {', '.join(self.missing)}. Run `python -m lib migrate`."
        if self.version > self.expected:
            return _NEWER
        if self.version < self.expected:
            return (
                f"The schema is of version {self.version}, and this Dailies needs {self.expected}. "
                "Run `python -m lib migrate`."
            )
        return None


def check_schema(db: Database) -> SchemaState:
    """Raises DatabaseUnavailable; a schema that is missing is an answer, not an error."""
    expected = migrations()[-1].version
    try:
        row = db.call("dailies_schema")[0]
    except SchemaMissing:
        return SchemaState(None, expected, ())
    return SchemaState(row["version"], expected, tuple(row["missing"]))


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """The files, in their order."""
    named = ((*path.stem.split("_", 1), path.read_text()) for path in sorted(folder.glob("*.sql")))
    return [Migration(*parts) for parts in named]


def script(chosen: list[Migration]) -> str:
    """For an SQL editor, in two pieces: what the app does not feel, and what its table gets."""
    return f"begin;{_PROLOGUE}" + "\n".join(migration.script for migration in chosen) + f"commit;\n{_PIECE}"


def migrate(
    database: PostgresDatabase,
    folder: Path = FOLDER,
    *,
    table_map: TableMap | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> list[Migration]:
    """Applies what is missing and returns it; nothing when the schema is up to date.

    table_map  what the app's table is called and how it is used; without it, the mapping that is kept, else
               the one table that can be meant
    say        hears of each statement on the app's table before it is run

    Killed half-way, it goes on where it stopped. Raises BadInput where nobody can tell which table is meant,
    or where it cannot be used.
    """
    chosen = _apply(database, folder, table_map)
    if folder == FOLDER:
        complete(database, say)
    return chosen


def _apply(database: PostgresDatabase, folder: Path, table_map: TableMap | None) -> list[Migration]:
    with database.transaction("migrate") as connection:
        connection.execute(_PROLOGUE.encode())
        if folder == FOLDER:
            newest = connection.execute("select max(version) from dailies.migrations").fetchone()
            if newest and newest[0] and newest[0] > migrations(folder)[-1].version:
                raise SettingsError(_NEWER)
            _map_table(connection, table_map)
        applied = dict(connection.execute("select version, digest from dailies.migrations").fetchall())
        known = dropwhile(lambda each: applied.get(each.version) == each.digest, migrations(folder))
        if chosen := list(known):
            install_pgmq(connection)
        for migration in chosen:
            try:
                connection.execute(migration.script.encode())
            except psycopg.Error as error:
                name = f"migration {migration.version}_{migration.name}"
                raise failure(error, "migrate", prefix=f"{name}: ") from error
        if folder == FOLDER:
            connection.execute("select dailies.rebuild()")
    return chosen


def _map_table(connection: Connection, table_map: TableMap | None) -> None:
    """Keeps the mapping that is given, or one where there is none yet. Every file follows from it."""
    if table_map is None:
        if app_table.kept(connection):
            return
        table_map = app_table.choose(app_table.look(connection))
    else:
        connection.execute("set local dailies.given = 'yes'")
    if table_map is not None:
        app_table.keep(connection, table_map)
        connection.execute("delete from dailies.migrations")


def complete(database: PostgresDatabase, say: Callable[[str], object]) -> None:
    """Adds to the app's table what it lacks, and marks the videos that nobody has judged yet.

    Raises DatabaseUnavailable when a lock was not to be had: the app goes first, always.
    """
    while steps := _steps(database):
        kind, name, statement, afterwards = steps[0]
        say(f"{kind} {name}")
        run_patiently(database, name, statement, afterwards, lambda: _steps(database)[:1] == steps[:1])
    place: tuple[object, ...] | None = ("infinity", None)
    while place:
        with database.transaction("migrate") as connection:
            query = "select * from dailies.mark_unknown(%s::timestamptz, %s::text::dailies.video_key)"
            place = connection.execute(query, place).fetchone()
    filled: tuple[object, ...] | None = None
    while filled != (0,):
        if filled:
            say(f"what {filled[0]} videos were asked for")
        with database.transaction("migrate") as connection:
            filled = connection.execute("select dailies.fill_asked()").fetchone()
    with database.transaction("migrate") as connection:
        counted = connection.execute("select dailies.is_counted()").fetchone()
    if counted != (True,):
        recount(database, say)
    with database.transaction("migrate") as connection:
        connection.execute("select dailies.count_all()")
        connection.execute("select dailies.mark_wordless()")
        connection.execute(_RELOAD)


def recount(database: Database, say: Callable[[str], object] = lambda _: None) -> int:
    """Counts anew by hour and day what the figures of a span are taken from, a day at a time; the number of
    days. The app's table is only read, and nobody waits."""
    began = datetime.now(UTC).isoformat()
    place, days = "infinity", 0
    while counted := database.call("dailies_recount", p_before=place, p_began=began):
        place, days = counted[0]["day"], days + 1
        say(f"count {place[:10]}")
    return days


def rejudge(database: PostgresDatabase) -> int:
    """Lets workers judge anew all that was judged, the newest first, behind what is new; how many videos that
    adds to those that wait. What was done when a worker ends stays done."""
    with database.transaction("rejudge") as connection:
        ((marked,),) = connection.execute("select dailies.mark_judged()").fetchall()
    return int(marked)


def run_patiently(
    database: PostgresDatabase,
    name: str,
    statement: str,
    afterwards: str | None = None,
    still_wanted: Callable[[], bool] = lambda: True,
) -> None:
    """Runs a statement on the app's table, tried again while the table is in use. `still_wanted` is asked
    before each new try: another process may have done it. Raises DatabaseUnavailable after LOCK_SECONDS."""
    ends = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            with database.session(name) as connection:
                _run(connection, statement, afterwards)
            return
        except DatabaseError as error:
            if not isinstance(error.__cause__, _PASSING):
                raise
            if time.monotonic() > ends:
                raise DatabaseUnavailable(
                    f"{name}: a transaction that does not end uses the app's table, and nobody may wait "
                    f"behind us. Nothing is lost: run it again later. ({error})"
                ) from error
        time.sleep(LOCK_PAUSE)
        if not still_wanted():
            return


def _steps(database: PostgresDatabase) -> list[tuple[str, str, str, str | None]]:
    with database.transaction("migrate") as connection:
        return connection.execute("select * from dailies.table_steps()").fetchall()


def _run(connection: Connection, statement: str, afterwards: str | None) -> None:
    """Whoever uses the table waits for a lock that we wait for: so we wait for a moment only. An index is
    built beside them and may take its time."""
    limit = "0" if "concurrently" in statement else LOCK_TIMEOUT
    connection.execute(f"set lock_timeout = '{limit}'".encode())
    try:
        connection.execute(statement.encode())
        if afterwards:
            connection.execute(afterwards.encode())
    finally:
        connection.execute("reset lock_timeout")


def install_pgmq(connection: Connection) -> None:
    """Installs pgmq, the queue's engine, from its package, unless it is there, or offered as an
    extension: then the migration creates it. Raises SettingsError without the package."""
    there = "select 1 where pg_catalog.to_regclass('pgmq.meta') is not null"
    offered = "select 1 from pg_catalog.pg_available_extensions where name = 'pgmq'"
    if any(connection.execute(query).fetchone() for query in (there, offered)):
        return
    try:
        file = distribution("pgmq").locate_file("pgmq/sql/pgmq.sql")
    except PackageNotFoundError:
        raise SettingsError("The package pgmq is missing. Run `pip install -r requirements.txt`.") from None
    connection.execute(Path(str(file)).read_bytes())

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
from importlib.metadata import PackageNotFoundError, distribution
from itertools import dropwhile
from pathlib import Path

import psycopg

from lib.data.database import Database
from lib.data.postgres import Connection, PostgresDatabase, failure
from lib.errors import DatabaseError, SchemaMissing, SettingsError
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
    """One transaction, for an SQL editor."""
    return f"begin;{_PROLOGUE}" + "\n".join(migration.script for migration in chosen) + "commit;\n"


def migrate(
    database: PostgresDatabase, folder: Path = FOLDER, *, say: Callable[[str], object] = lambda _: None
) -> list[Migration]:
    """Applies what is missing and returns it; nothing when the schema is up to date. `say` hears of each
    statement on the app's table before it is run. Killed half-way, it goes on where it stopped."""
    chosen = _apply(database, folder)
    if folder == FOLDER:
        complete(database, say)
    return chosen


def _apply(database: PostgresDatabase, folder: Path) -> list[Migration]:
    with database.transaction("migrate") as connection:
        connection.execute(_PROLOGUE.encode())
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


def complete(database: PostgresDatabase, say: Callable[[str], object]) -> None:
    """Adds to the app's table what it lacks, and marks the videos that nobody has judged yet.

    Raises DatabaseUnavailable when a lock was not to be had: the app goes first, always.
    """
    ends = time.monotonic() + LOCK_SECONDS
    while steps := _steps(database):
        kind, name, statement, afterwards = steps[0]
        say(f"{kind} {name}")
        try:
            with database.session(name) as connection:
                _run(connection, statement, afterwards)
            ends = time.monotonic() + LOCK_SECONDS
        except DatabaseError as error:
            if time.monotonic() > ends or not isinstance(error.__cause__, _PASSING):
                raise
            time.sleep(LOCK_PAUSE)
    while _mark_unknown(database):
        say("videos to be judged")


def _steps(database: PostgresDatabase) -> list[tuple[str, str, str, str | None]]:
    with database.transaction("migrate") as connection:
        return connection.execute("select * from dailies.table_steps()").fetchall()


def _run(connection: Connection, statement: str, afterwards: str | None) -> None:
    """Whoever uses the table waits for a lock that we wait for: so we wait for a moment only. An index is
    built beside them and may take its time."""
    limit = "0" if "concurrently" in statement else LOCK_TIMEOUT
    connection.execute(f"set lock_timeout = '{limit}'".encode())
    connection.execute("set statement_timeout = 0")
    try:
        connection.execute(statement.encode())
        if afterwards:
            connection.execute(afterwards.encode())
    finally:
        connection.execute("reset lock_timeout")
        connection.execute("reset statement_timeout")


def _mark_unknown(database: PostgresDatabase) -> int:
    with database.transaction("migrate") as connection:
        row = connection.execute("select dailies.mark_unknown()").fetchone()
        return row[0] if row else 0


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

"""Brings a database to the schema of this version: the files of supabase/migrations, in order.

Every file is idempotent and only adds, so running one again is harmless. When a file is new or has changed,
it and all after it are run: a later file may replace a function of an earlier one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import psycopg

from lib.data.pgmq import install_pgmq
from lib.data.pool import Connection
from lib.data.postgres import PostgresDatabase, failure
from lib.settings import ROOT

FOLDER = ROOT / "supabase" / "migrations"
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


def migrations(folder: Path = FOLDER) -> list[Migration]:
    found = []
    for path in sorted(folder.glob("*.sql")):
        version, _, name = path.stem.partition("_")
        found.append(Migration(version, name, path.read_text()))
    return found


def script(chosen: list[Migration]) -> str:
    """One transaction, for an SQL editor."""
    return f"begin;{_PROLOGUE}" + "\n".join(migration.script for migration in chosen) + "commit;\n"


def migrate(database: PostgresDatabase, folder: Path = FOLDER) -> list[Migration]:
    """Applies what is missing and returns it; nothing when the schema is up to date."""
    with database.transaction("migrate") as connection:
        connection.execute(_PROLOGUE.encode())
        applied = dict(connection.execute("select version, digest from dailies.migrations").fetchall())
        chosen = _outstanding(migrations(folder), applied)
        if chosen:
            install_pgmq(connection)
        for migration in chosen:
            _apply(connection, migration)
    return chosen


def _apply(connection: Connection, migration: Migration) -> None:
    try:
        connection.execute(migration.script.encode())
    except psycopg.Error as error:
        name = f"migration {migration.version}_{migration.name}"
        raise failure(error, "migrate", prefix=f"{name}: ") from error


def _outstanding(known: list[Migration], applied: dict[str, str]) -> list[Migration]:
    for position, migration in enumerate(known):
        if applied.get(migration.version) != migration.digest:
            return known[position:]
    return []

"""Opens the database that the settings name."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from lib.data.addresses import key_role, postgres_address, supabase_address
from lib.data.database import Database
from lib.data.embedded.installation import is_root
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.limited import Limited, reader
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.errors import SettingsError
from lib.settings import Settings


def open_database(settings: Settings) -> Database:
    """As a command may use it: with DAILIES_READ_ONLY every change raises NotAllowed."""
    database = open_fully(settings)
    if not settings.read_only:
        return database
    return Limited(database, reader(settings))


def keep_private(folder: Path) -> None:
    """What this process writes from now on is its user's alone; so is a data folder that is there already.

    Postgres, which does not run as root, has to pass through a folder that root made before.
    """
    os.umask(0o077)
    if folder.is_dir() and folder.stat().st_uid == os.geteuid():
        folder.chmod(folder.stat().st_mode & (0o711 if is_root() else 0o700))


def open_fully(settings: Settings) -> Database:
    """DATABASE_URL, else Supabase, else the embedded Postgres, which is brought up to date as well.

    A database of somebody else's is only opened: `python -m lib migrate` changes it. Raises SettingsError
    or, where connecting happens here, DatabaseUnavailable.
    """
    keep_private(settings.data_dir)
    if settings.database_kind == "supabase":
        from lib.data.supabase import SupabaseDatabase  # imports for half a second: only where it is used

        if not settings.supabase_url or not settings.supabase_key:
            missing = "SUPABASE_SERVICE_ROLE_KEY" if settings.supabase_url else "SUPABASE_URL"
            raise SettingsError(f"{missing} is not set, and Supabase needs the address and the key.")
        key = settings.supabase_key.get_secret_value()
        if (role := key_role(key)) not in ("service_role", "unknown"):  # to it every table looks empty
            raise SettingsError(
                f"SUPABASE_SERVICE_ROLE_KEY is the {role} key, which cannot read the videos: set it to the "
                "service role (secret) key of the project's settings under API keys."
            )
        return SupabaseDatabase(supabase_address(settings.supabase_url), key)
    database = open_postgres(settings)
    if settings.database_kind == "embedded":
        migrate(database)
    return database


def open_postgres(settings: Settings) -> PostgresDatabase:
    """The database as SQL sees it, for migrations. Raises SettingsError where only REST is configured."""
    if settings.database_url:
        url = postgres_address(settings.database_url.get_secret_value())
        return PostgresDatabase(url, label=_label(url))
    if settings.database_kind == "supabase":
        raise SettingsError(
            "Migrations need SQL, and only the REST address of Supabase is set. Either set DATABASE_URL "
            "(Supabase: Connect > Session pooler) and run `python -m lib migrate` again, or run "
            "`python -m lib migrate --print` and paste what it prints into Supabase's SQL editor."
        )
    server = EmbeddedPostgres(settings.data_dir / "postgres").start()
    return PostgresDatabase(server.conninfo, label="embedded Postgres", on_close=server.stop)


def _label(url: str) -> str:
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise SettingsError(
            "DATABASE_URL is not a Postgres address such as postgresql://user:password@host:5432/database."
        ) from None
    return f"Postgres {parts.get('host') or 'localhost'}/{parts.get('dbname') or 'postgres'}"

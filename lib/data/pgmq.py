"""pgmq, the queue's engine, where Postgres does not offer it as an extension: its SQL comes from PyPI."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from lib.data.pool import Connection
from lib.errors import SettingsError

_OFFERED = "select 1 from pg_catalog.pg_available_extensions where name = 'pgmq'"
_INSTALLED = "select 1 where pg_catalog.to_regclass('pgmq.meta') is not null"


def install_pgmq(connection: Connection) -> bool:
    """Installs it unless it is there or is an extension, which the migration creates. True when it did."""
    if any(connection.execute(query).fetchone() for query in (_INSTALLED, _OFFERED)):
        return False
    connection.execute(pgmq_sql())
    return True


def pgmq_sql() -> bytes:
    """Raises SettingsError when the package is not installed."""
    try:
        file = distribution("pgmq").locate_file("pgmq/sql/pgmq.sql")
    except PackageNotFoundError:
        raise SettingsError("The package pgmq is missing. Run `pip install -r requirements.txt`.") from None
    return Path(str(file)).read_bytes()

"""The one door to the database: SQL functions called by name, over two transports."""

from __future__ import annotations

from typing import Any, Protocol

Row = dict[str, Any]


class Database(Protocol):
    """Implemented by `postgres.PostgresDatabase` and `supabase.SupabaseDatabase`."""

    @property
    def label(self) -> str:
        """What people see in the header, without any secret: `embedded Postgres`, `Supabase abcd`, …"""

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        """The rows of the SQL function `function`, called with named arguments.

        Arguments and values are JSON types (str, int, float, bool, None, list, dict); times travel as ISO
        strings in both directions, uuids as strings. Arguments left out take the function's defaults. One
        call is one transaction.

        Raises DatabaseUnavailable, SchemaMissing, DatabaseConflict, NotFound or DatabaseError.
        """

    def close(self) -> None: ...

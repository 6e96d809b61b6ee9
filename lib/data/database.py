"""The one door to the database: SQL functions called by name, over two transports."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Protocol

from lib.errors import BadInput

Row = dict[str, Any]

# JSON can carry the character 0, Postgres text cannot. After an escaped backslash `u0000` is plain text.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)(?:\\u0000)+")


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

        Raises DatabaseUnavailable, SchemaMissing, DatabaseConflict, NotFound, DatabaseError, or BadInput for
        what JSON cannot hold.
        """

    def close(self) -> None: ...


def encode(value: Any) -> bytes:
    """Writes JSON. Raises BadInput for dates, NaN, infinity and whatever else both transports must refuse."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"A value cannot be stored: {error}") from error


def storable(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, without the character 0 in any text. Raises BadInput as `encode` does."""
    encoded = encode(arguments)
    if rb"\u0000" not in encoded:
        return arguments
    cleaned: dict[str, Any] = json.loads(_NUL.sub(rb"\1", encoded))
    return cleaned


def span(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """Arguments of a function that reads a span of time; those left out take its defaults."""
    return {name: at.isoformat() for name, at in (("p_from", since), ("p_to", until)) if at}

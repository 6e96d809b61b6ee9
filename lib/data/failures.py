"""What went wrong in the database, in the errors of Dailies: one table for both transports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from lib.errors import (
    BadInput,
    BudgetUsedUp,
    DailiesError,
    DatabaseConflict,
    DatabaseError,
    DatabaseUnavailable,
    NotFound,
    SchemaMissing,
)

# The longest prefix decides. `PTxyz` is what our own functions raise; PGRST… comes from PostgREST.
_BY_CODE: dict[str, type[DailiesError]] = {
    "PT400": BadInput,
    "PT402": BudgetUsedUp,
    "PT404": NotFound,
    "PT409": DatabaseConflict,
    "08": DatabaseUnavailable,
    "22": BadInput,
    "23": DatabaseConflict,
    "28": DatabaseUnavailable,
    "3D000": DatabaseUnavailable,
    "502": DatabaseUnavailable,  # the gateway's own status, where it answers without a code
    "503": DatabaseUnavailable,
    "504": DatabaseUnavailable,
    "540": DatabaseUnavailable,
    "3F000": SchemaMissing,
    "40": DatabaseConflict,
    "42703": SchemaMissing,
    "42883": SchemaMissing,
    "42P01": SchemaMissing,
    "53300": DatabaseUnavailable,
    "57P": DatabaseUnavailable,
    "PGRST0": DatabaseUnavailable,
    "PGRST202": SchemaMissing,
    "PGRST205": SchemaMissing,
    "PGRST3": DatabaseUnavailable,
}
_HINTS: dict[str, str] = {
    "42501": "This role may not do that: Dailies needs the service role key, or the owner of its schema.",
    **dict.fromkeys(
        ("502", "503", "504", "540"), "Supabase does not answer: look whether the project is paused."
    ),
    "57014": "The database took too long to answer. Narrow the time window, or look what keeps it busy.",
    "PGRST3": "Supabase refused the key. Set SUPABASE_SERVICE_ROLE_KEY to the project's service role key.",
}


def database_failure(
    code: str | None, message: str, function: str, *, hint: str | None = None
) -> DailiesError:
    """The error to raise. `code` is an SQLSTATE, a PostgREST code, or None where there was no answer. Only
    hints of our own functions are passed on: Postgres' own speak to people who write SQL."""
    if code is None:
        return DatabaseUnavailable(f"The database cannot be reached: {message}")
    kind = _longest(_BY_CODE, code) or DatabaseError
    if kind is SchemaMissing:
        return SchemaMissing(f"{function}: {message}. Run `python -m lib migrate`.")
    advice = hint if code.startswith("PT") else _longest(_HINTS, code)
    return kind(" ".join(part for part in (message, advice) if part))


T = TypeVar("T")


def _longest(table: Mapping[str, T], code: str) -> T | None:
    matches = [prefix for prefix in table if code.startswith(prefix)]
    return table[max(matches, key=len)] if matches else None

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
    "57014": "Narrow the time window, or ask for fewer videos. Hosted Supabase stops a question after 8 s: "
    "`alter role service_role set statement_timeout = '30s'` gives them longer.",
    "PGRST3": "Supabase refused the key. Set SUPABASE_SERVICE_ROLE_KEY to the project's service role key.",
}


def database_failure(
    code: str | None, message: str, function: str, *, hint: str | None = None, where: str | None = None
) -> DailiesError:
    """The error to raise. `code` is an SQLSTATE, a PostgREST code, or None where there was no answer. Only
    hints of our own functions stand in the message: Postgres' own speak to people who write SQL. Those are
    noted on the error, with its code and the place."""
    if code is None:
        return DatabaseUnavailable(f"The database cannot be reached: {message}")
    kind = _longest(_BY_CODE, code) or DatabaseError
    if kind is SchemaMissing:
        return _noted(
            SchemaMissing(f"{function}: {message}. Run `python -m lib migrate`."), code, function, hint, where
        )
    if code == "57014":
        message = f"The question {function.removeprefix('dailies_')!r} was too big: the database stopped it."
    ours = code.startswith("PT")
    advice = hint if ours else _longest(_HINTS, code)
    error = kind(" ".join(part for part in (message, advice) if part))
    return error if ours else _noted(error, code, function, hint, where)


def _noted(
    error: DailiesError, code: str, function: str, hint: str | None, where: str | None
) -> DailiesError:
    """For whoever looks into it: code, hint and place as the database gave them."""
    said = (
        f"{code or 'no code'} in {function}",
        f"hint: {hint}" if hint else "",
        f"at {where}" if where else "",
    )
    error.add_note("; ".join(filter(None, said)))
    return error


T = TypeVar("T")


def _longest(table: Mapping[str, T], code: str) -> T | None:
    matches = [prefix for prefix in table if code.startswith(prefix)]
    return table[max(matches, key=len)] if matches else None

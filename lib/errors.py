"""Every error Dailies raises on purpose.

DailiesError
├── SettingsError            a setting is missing or malformed
├── NotAllowed               it takes another role
│   ├── NotSignedIn          nobody has signed in, or it is too long ago
│   └── TooFast              more paid actions within a minute than one person may have
├── BadInput                 a file, an id or a form field that cannot be used
├── DatabaseError
│   ├── DatabaseUnavailable  not reachable, or it went away in the middle
│   │   └── TableUnknown     it is there, and nobody can tell which table holds the videos
│   ├── SchemaMissing        a table, column or function of ours is not there
│   ├── DatabaseConflict     a constraint or a state transition refused the change
│   │   └── BudgetUsedUp     it would have cost more than may be spent now
│   └── NotFound             no such video, attempt, …
└── RunwayError              carries `cause`, `permanent` and `outcome_unknown`

A message says what happened, to which id, and what to do next. It is shown to people as it is, so it
never carries a secret. `domain` does not import this module: pure code raises ValueError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class DailiesError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())

    @property
    def told(self) -> str:
        """The message, and below it what else is known: SQLSTATE, hint and where."""
        return "\n".join((str(self), *getattr(self, "__notes__", ())))


class SettingsError(DailiesError):
    """A setting is missing or malformed. Open the Environment page for the list of checks."""


class NotAllowed(DailiesError):
    """You may look here, and not act."""


class NotSignedIn(NotAllowed):
    """You are not signed in any more. Reload the page to sign in."""


class TooFast(NotAllowed):
    """Paid actions come too fast. Wait a minute."""


class BadInput(DailiesError):
    """The input cannot be used."""


class DatabaseError(DailiesError):
    """The database refused the request."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached. Check that it runs and that its address is right."""


class TableUnknown(DatabaseUnavailable):
    """Nobody can tell which table holds the videos. Run `python -m lib map`."""


class SchemaMissing(DatabaseError):
    """The database lacks a table or function of Dailies. Run `python -m lib migrate`."""


class DatabaseConflict(DatabaseError):
    """Somebody else changed this first. Reload and look again."""


class BudgetUsedUp(DatabaseConflict):
    """The budget of credits is used up. Wait, or change it with `python -m lib budget`."""


class NotFound(DatabaseError):
    """There is no such record."""


class RunwayError(DailiesError):
    """A call to Runway did not succeed.

    cause            the cause of lib/domain/diagnosis.py that this error proves
    permanent        the same request can never succeed: do not retry it unchanged
    outcome_unknown  the request may have been carried out: a task may exist and cost credits
    status           HTTP status, None when there was no answer
    retry_after      seconds that Runway asked to wait, when it said so
    """

    def __init__(
        self,
        message: str,
        *,
        cause: str,
        permanent: bool = False,
        outcome_unknown: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.permanent = permanent
        self.outcome_unknown = outcome_unknown
        self.status = status
        self.retry_after = retry_after


def everything_wrong(error: ValidationError) -> str:
    """What a validation found, without the values: `rules.0.limit: Input should be a valid number; …`."""
    found = ((".".join(map(str, each["loc"])), each["msg"]) for each in error.errors(include_input=False))
    return "; ".join(f"{where}: {what}" if where else what for where, what in found)

"""Reads Runway's account around a paid call, so that an unknown outcome can be decided. Free.

That a reading fails never holds up a paid call nor loses anything: then there is one hint less.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from lib.app import App
from lib.data import credits
from lib.domain.account import AccountReading, Outlook, outlook
from lib.domain.attempt import Attempt
from lib.errors import DatabaseError, RunwayError
from lib.runway.organization import Organization

FRESH_SECONDS = 60.0  # the attempts made since are counted, so a reading need not be newer


def read_before(app: App, attempt: Attempt) -> None:
    with suppress(RunwayError, DatabaseError):
        seen = app.runway.organization_seen(FRESH_SECONDS)
        credits.save_reading(app.db, attempt.id, "before", _reading(attempt, seen.at, seen.organization))


def read_after(app: App, attempt: Attempt) -> None:
    with suppress(RunwayError, DatabaseError):
        look_now(app, attempt)


def look_now(app: App, attempt: Attempt) -> Outlook:
    """Compares with the account as it is now. Raises RunwayError and DatabaseError."""
    at = datetime.now(UTC)
    credits.save_reading(app.db, attempt.id, "after", _reading(attempt, at, app.runway.organization()))
    return known(app, attempt)


def known(app: App, attempt: Attempt) -> Outlook:
    """What the readings that were taken say."""
    return outlook(credits.readings_around(app.db, attempt.id), attempt.credits)


def _reading(attempt: Attempt, at: datetime, organization: Organization) -> AccountReading:
    limits = organization.models.get(attempt.request.get("model", ""))
    return AccountReading(at, organization.credit_balance, limits.used_today if limits else None)

"""The ledger: where the credits of a span of time went."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from lib.data.database import Database


class Ledger(NamedTuple):
    """Credits, and how many they belong to. What is at risk is of all times.

    rescued      of recovered tasks that made their video
    undelivered  charged for tasks that ended without a delivered video
    written_off  of attempts whose risk an operator accepted
    at_risk      of attempts whose outcome nobody knows
    """

    spent: float
    rescued: float
    rescued_videos: int
    undelivered: float
    undelivered_tasks: int
    written_off: float
    written_off_attempts: int
    at_risk: float
    at_risk_attempts: int


def ledger(db: Database, since: datetime | None = None, until: datetime | None = None) -> Ledger:
    span = {"p_from": since, "p_to": until}
    row = db.call("dailies_ledger", **{name: at.isoformat() for name, at in span.items() if at})[0]
    return Ledger(**row)

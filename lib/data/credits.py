"""Credits: the budgets that bind every attempt, where credits went, what Runway's account said."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from lib.data.database import Database, span
from lib.domain.account import AccountReading, Around
from lib.errors import BadInput

EVERYBODY = "*"  # all operators, workers and the sweep together


class Budget(NamedTuple):
    """What attempts may cost in any hour and day; `spent_…` in the hour and the day that end now."""

    operator: str
    per_hour: float
    per_day: float
    spent_hour: float
    spent_day: float

    @property
    def left(self) -> float:
        return max(min(self.per_hour - self.spent_hour, self.per_day - self.spent_day), 0)


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


def budgets(db: Database) -> list[Budget]:
    """Everybody's first."""
    return [Budget(**row) for row in db.call("dailies_budgets")]


def budget(db: Database, operator: str) -> Budget | None:
    """None for an operator without one of their own."""
    return next((each for each in budgets(db) if each.operator == operator), None)


def left(db: Database, operator: str) -> float:
    """What `operator` may spend now; infinite without any budget."""
    binding = [each.left for each in budgets(db) if each.operator in (EVERYBODY, operator)]
    return min(binding, default=float("inf"))


def set_budget(db: Database, operator: str, per_hour: float, per_day: float, by: str) -> None:
    """Raises BadInput unless both are finite and 0 or more."""
    for wanted in (per_hour, per_day):
        if not 0 <= wanted < float("inf"):
            raise BadInput(f"A budget is a finite number of credits, 0 or more, not {wanted:g}.")
    db.call("dailies_set_budget", p_operator=operator, p_per_hour=per_hour, p_per_day=per_day, p_by=by)


def ledger(db: Database, since: datetime | None = None, until: datetime | None = None) -> Ledger:
    """Where the credits of a span of time went."""
    return Ledger(**db.call("dailies_ledger", **span(since, until))[0])


def save_reading(
    db: Database, attempt_id: str, moment: Literal["before", "after"], reading: AccountReading
) -> None:
    """Keeps what Runway's account said, with the attempt it was asked for."""
    db.call("dailies_save_reading", p_attempt=attempt_id, p_moment=moment, p_reading=reading.as_json())


def readings_around(db: Database, attempt_id: str) -> Around:
    """What the account said before and after this attempt."""
    rows = db.call("dailies_readings", p_attempt=attempt_id)
    return Around.from_row(rows[0]) if rows else Around(None, None)

"""Budgets: the credits that attempts may cost in any hour and day. Every claim is held to them."""

from __future__ import annotations

from typing import NamedTuple

from lib.data.database import Database

EVERYBODY = "*"  # all operators, workers and the sweep together


class Budget(NamedTuple):
    """Credits; `spent_…` in the hour and the day that end now."""

    operator: str
    per_hour: float
    per_day: float
    spent_hour: float
    spent_day: float

    @property
    def left(self) -> float:
        return max(min(self.per_hour - self.spent_hour, self.per_day - self.spent_day), 0)


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
    """Raises BadInput for a negative one."""
    db.call("dailies_set_budget", p_operator=operator, p_per_hour=per_hour, p_per_day=per_day, p_by=by)

"""`python -m lib budget`: what may be spent, by whom, and how much of it is left."""

from __future__ import annotations

import click

from lib.data.connect import open_database
from lib.data.credits import EVERYBODY, Budget, budgets, set_budget
from lib.settings import load_settings


@click.command("budget")
@click.option(
    "--set", "limits", nargs=2, type=float, metavar="HOUR DAY", help="The credits that may be spent."
)
@click.option(
    "--operator", default=EVERYBODY, help="Whose; `sweep` retries by itself. Default: all together."
)
def command(limits: tuple[float, float] | None, operator: str) -> None:
    """Show what attempts may cost in any hour and day, and set it. No claim of an attempt exceeds it."""
    settings = load_settings()
    database = open_database(settings)
    try:
        if limits:
            set_budget(database, operator, *limits, by=settings.operator)
        for each in budgets(database):
            click.echo(_line(each))
    finally:
        database.close()


def _line(budget: Budget) -> str:
    whose = "everybody" if budget.operator == EVERYBODY else budget.operator
    return (
        f"{whose}: {budget.spent_hour:g} of {budget.per_hour:g} credits used in the past hour, "
        f"{budget.spent_day:g} of {budget.per_day:g} in the past day; {budget.left:g} left."
    )

"""`python -m lib budget`: what may be spent, by whom, and how much of it is left."""

from __future__ import annotations

import click

from lib.app import open_app
from lib.data.credits import EVERYBODY, budgets, set_budget


@click.command("budget")
@click.option(
    "--set", "limits", nargs=2, type=float, metavar="HOUR DAY", help="The credits that may be spent."
)
@click.option(
    "--operator", default=EVERYBODY, help="Whose; `sweep` retries by itself. Default: all together."
)
def command(limits: tuple[float, float] | None, operator: str) -> None:
    """Show what attempts may cost in any hour and day, and set it. No claim of an attempt exceeds it."""
    with open_app(runway=False) as app:
        if limits:
            set_budget(app.db, operator, *limits, by=app.operator)
        for each in budgets(app.db):
            whose = "everybody" if each.operator == EVERYBODY else each.operator
            click.echo(
                f"{whose}: {each.spent_hour:g} of {each.per_hour:g} credits used in the past hour, "
                f"{each.spent_day:g} of {each.per_day:g} in the past day; {each.left:g} left."
            )

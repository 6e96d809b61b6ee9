"""`python -m lib uninstall`: takes everything of Dailies out of a database, after saying what that is."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import click

from lib.data.connect import open_postgres
from lib.data.uninstall import removals, uninstall
from lib.settings import load_settings


@click.command()
@click.option("--keep-history", is_flag=True, help="Leave the tables of the schema dailies.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(*, keep_history: bool, yes: bool) -> None:
    """Take Dailies out of the database. The app's table keeps its rows and columns, also those that Dailies
    added: they hold the ids of tasks."""
    with closing(open_postgres(load_settings())) as database:
        found = removals(database, keep_history=keep_history)
        told = ("function" if each.what.startswith("function ") else each.what for each in found)
        for what, n in Counter(told).items():
            click.echo(f"{n} × {what}" if n > 1 else what)
        if not found:
            click.echo(f"{database.label}: Dailies is not installed here.")
        elif yes or click.confirm(f"Take this out of {database.label}?"):
            uninstall(database, keep_history=keep_history)
            click.echo(f"{database.label}: Dailies has been removed.")

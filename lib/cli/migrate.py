"""`python -m lib migrate`: the schema of Dailies, applied or printed."""

from __future__ import annotations

from contextlib import closing

import click

from lib.cli.telling import say_unmapped
from lib.data.app_table import HIDES
from lib.data.connect import open_postgres
from lib.data.mapping import mapped
from lib.data.migrations import migrate, migrations, recount, rejudge, script
from lib.settings import load_settings


@click.command()
@click.option("--print", "print_only", is_flag=True, help="Print the SQL for an SQL editor; change nothing.")
@click.option("--recount", "again", is_flag=True, help="Count all verdicts anew by hour and day.")
@click.option("--rejudge", "judge", is_flag=True, help="Judge all videos anew, behind what is new.")
def command(print_only: bool, again: bool, judge: bool) -> None:
    """Create or update the schema of Dailies. Only adds; safe to run again at any time."""
    if print_only:
        click.echo(script(migrations()))
        return
    with closing(open_postgres(load_settings())) as database:
        for migration in migrate(database, say=click.echo):
            click.echo(f"applied {migration.version} {migration.name}")
        if again:
            click.echo(f"counted {recount(database, click.echo)} days")
        if judge:
            n = rejudge(database)
            click.echo(f"{n:,} more videos wait to be judged anew; the dashboard or a worker does it.")
        say_unmapped(database)
        found = mapped(database)
        if found["row_security"]:
            click.echo(HIDES.format(found["relation"]))
        click.echo(f"{database.label}: the schema is up to date; the videos are in {found['relation']}.")

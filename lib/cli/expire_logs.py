"""`python -m lib expire-logs`: drops old logs, after saying which."""

from __future__ import annotations

import click

from lib.app import open_app
from lib.data.logs import old_weeks
from lib.errors import BadInput
from lib.operations.expire_logs import expire_logs


@click.command("expire-logs")
@click.option(
    "--older-than", "days", type=click.IntRange(1, 3650), help="Days; default: DAILIES_KEEP_LOGS_DAYS."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(days: int | None, *, yes: bool) -> None:
    """Drop the logs of whole weeks that ended so long ago. Verdicts and stages stay, and so do the lines of
    videos that are unfinished, stuck or have a task to be found. But what is to be done may change: nothing
    follows from lines that are gone, so a person is asked before a video of that time is retried.
    """
    with open_app(runway=False) as app:
        days = days or app.settings.keep_logs_days
        if days is None:
            raise BadInput("Say how old: `--older-than DAYS`, or DAILIES_KEEP_LOGS_DAYS.")
        weeks = old_weeks(app.db, days)
        for week in weeks:
            click.echo(
                f"up to {week.until[:10]}: {week.lines - week.kept:,} lines go, {week.kept:,} stay, "
                f"{week.bytes / 2**20:,.0f} MB"
            )
        if not weeks:
            click.echo(f"No week of logs ended more than {days} days ago.")
            return
        click.echo(_of_retries(sum(week.retries for week in weeks)))
        if yes or click.confirm(f"Drop these lines from {app.db.label}? They cannot be had back."):
            gone = sum(week.lines - week.kept for week in expire_logs(app, days))
            click.echo(f"{gone:,} lines were dropped.")


def _of_retries(stuck: int) -> str:
    """What changes beside the lines."""
    return (
        "Verdicts and stages stay, but a person is asked before a video of that time is retried. "
        f"Stuck videos whose action is Retry today: {stuck:,}."
    )

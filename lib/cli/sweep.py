"""`python -m lib sweep`: one sweep of the videos that have no task although they should."""

from __future__ import annotations

import click

from lib.data.connect import open_database
from lib.data.database import Database
from lib.data.journal import Journal
from lib.errors import BadInput
from lib.operations.sweep import Report, preview, sweep
from lib.runway.opening import open_runway
from lib.settings import Settings, load_settings
from lib.worker.start import worker_id


@click.command("sweep")
@click.option("--dry-run", is_flag=True, help="Say what would be decided; change nothing.")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(min=1), help="Videos at most.")
def command(dry_run: bool, limit: int) -> None:
    """Decide about stuck videos: recover (free), retry (only with DAILIES_AUTO_RETRY=1), or flag."""
    settings = load_settings()
    database = open_database(settings)
    try:
        report = preview(database, settings, limit=limit) if dry_run else _sweep(database, settings, limit)
        _tell(report)
    finally:
        database.close()


def _sweep(database: Database, settings: Settings, limit: int) -> Report:
    runway = open_runway(settings)
    journal = Journal(settings.data_dir / "journal.jsonl")
    try:
        report = sweep(database, runway, journal, settings, holder=worker_id(), limit=limit)
    finally:
        runway.close()
    if report is None:
        raise BadInput("Another sweep is going on: nothing was done.")
    return report


def _tell(report: Report) -> None:
    for each in report.decisions:
        click.echo(f"{each.action:8} {each.video_id}  {each.cause or ''}: {each.reason}")
    counts = ", ".join(f"{n} {action}" for action, n in report.counts().items())
    click.echo(f"{len(report.decisions)} videos{': ' + counts if counts else ''}.")
    if not report.complete:
        click.echo("Another sweep has taken over: the rest is its.")

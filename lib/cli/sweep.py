"""`python -m lib sweep`: one sweep of the videos that have no task although they should."""

from __future__ import annotations

import click

from lib.app import open_app
from lib.errors import BadInput
from lib.operations.sweep import preview, sweep
from lib.worker.start import worker_id


@click.command("sweep")
@click.option("--dry-run", is_flag=True, help="Say what would be decided; change nothing.")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(min=1), help="Videos at most.")
def command(dry_run: bool, limit: int) -> None:
    """Decide about stuck videos: recover, retry (with DAILIES_AUTO_RETRY=1), or leave them to people."""
    with open_app(runway=not dry_run) as app:
        report = preview(app, limit=limit) if dry_run else sweep(app, holder=worker_id(), limit=limit)
    if report is None:
        raise BadInput("Another sweep is going on: nothing was done.")
    for each in report.decisions:
        click.echo(f"{each.action:12} {each.video_id}  {each.cause or ''}: {each.reason}")
    counts = ", ".join(f"{n} {action}" for action, n in report.counts().items())
    click.echo(f"{len(report.decisions)} videos{': ' + counts if counts else ''}.")
    if not report.complete:
        click.echo("Another sweep has taken over and does the rest.")

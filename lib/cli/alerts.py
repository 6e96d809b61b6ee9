"""`python -m lib alerts`: what is wrong now, and keeping an alert quiet."""

from __future__ import annotations

from datetime import timedelta

import click

from lib.app import open_app
from lib.data import alerts as data
from lib.domain.times import length_of
from lib.errors import BadInput
from lib.operations.alerts import active_alerts, silence


@click.command("alerts")
@click.option(
    "--silence", "name", metavar="ALERT", help="A rule (`no-logs`) or one of its alerts (`stuck/moderated`)."
)
@click.option(
    "--for", "span", default="1h", show_default=True, help="How long: 30m, 4h, 7d; 0 lifts the silence."
)
@click.option("--reason", help="Why, for the audit.")
@click.option("--all", "everything", is_flag=True, help="Those that are over, too.")
def command(name: str | None, span: str, reason: str | None, everything: bool) -> None:
    """List what is wrong now; or keep an alert from being told for a while."""
    with open_app(runway=False) as app:
        if name:
            minutes = parse_minutes(span)
            silence(app, name, minutes, reason=reason)
            click.echo(f"{name} is silenced for {span}." if minutes else f"{name} is no longer silenced.")
            return
        alerts = data.history(app.db) if everything else active_alerts(app)
    if not alerts:
        click.echo("Nothing is wrong.")
    for alert in alerts:
        state = "over" if alert.ended_at else "silenced" if alert.is_silenced else alert.severity
        click.echo(f"{alert.started_at:%Y-%m-%d %H:%M}  {state:<8}  {alert.name:<24}  {alert.text}")
        if alert.problem:
            click.echo(f"{'':18}not delivered: {alert.problem}")


def parse_minutes(span: str) -> int:
    """Raises BadInput."""
    length = timedelta() if span == "0" else length_of(span)
    if length is None:
        raise BadInput(f"{span!r} is not a length of time. Write 30m, 4h, 7d, or 0.")
    return length // timedelta(minutes=1)

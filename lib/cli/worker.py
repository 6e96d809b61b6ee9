"""`python -m lib worker`: what runs by itself, without the dashboard."""

from __future__ import annotations

import logging
import sys

import click

from lib.app import open_app
from lib.cli.terminal import until_stopped
from lib.data.limited import reader
from lib.errors import NotAllowed
from lib.settings import load_settings
from lib.worker.start import Pace, start_worker

PACE = Pace()
WITHOUT_KEY = (
    "RUNWAY_API_KEY is not set: it looks and judges. Generating what is queued, repairs, polling, sweeps and"
    " copies of outputs need a key."
)


@click.command("worker")
@click.option(
    "--visibility",
    default=PACE.visibility,
    show_default=True,
    type=click.IntRange(min=1),
    help="Seconds until a killed worker's job is given to another.",
)
@click.option(
    "--stale",
    default=PACE.stale,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Seconds until an attempt without an outcome counts as left behind.",
)
@click.option(
    "--idle",
    default=PACE.idle,
    show_default=True,
    type=click.FloatRange(min=0.01),
    help="Seconds to rest when there is nothing to do.",
)
def command(visibility: int, stale: float, idle: float) -> None:
    """Generate what is queued, poll, judge and sweep, until stopped (SIGTERM, Ctrl-C).

    Start as many as you like, on as many machines: they share the work. The unit in hand is finished first.
    Without a Runway key it only judges, sends alerts and reads logs.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    stop = until_stopped()
    if (settings := load_settings()).read_only:
        raise NotAllowed(reader(settings).reason)
    with open_app(settings, runway=settings.has_runway) as app:
        loop = start_worker(app, Pace(visibility=visibility, stale=stale, idle=idle))
        click.echo(f"Working on {app.db.label}.")
        if app.client is None:
            click.echo(WITHOUT_KEY)
        while loop.is_running and not stop.wait(1):
            pass
        crashed = not stop.is_set()
        finished = loop.stop()
    if crashed or not finished:
        sys.exit(1)  # its supervisor starts it again
    click.echo("Stopped; nothing is left half done.")

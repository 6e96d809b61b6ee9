"""`python -m lib seed`: a history to look at, for a database that has none."""

from __future__ import annotations

import click

from lib.app import open_app
from lib.data.limited import READ_ONLY
from lib.data.postgres import PostgresDatabase
from lib.errors import BadInput, NotAllowed
from lib.operations.judge import judge_all
from lib.runway.simulator import ensure_simulator
from lib.seed.calendar import VIDEOS
from lib.seed.many import DAYS, repeat_history, totals
from lib.seed.write import may_be_seeded, seed_sample
from lib.settings import load_settings

MOST = 100_000_000  # takes a day and 400 GB


@click.command("seed")
@click.option(
    "--videos",
    type=click.IntRange(min=1, max=MOST),
    help=f"So many, about: the two weeks again and again. At least the {VIDEOS:,} of the two weeks.",
)
@click.option(
    "--log-entries", type=click.IntRange(min=0, max=MOST), help="So many, of the newest videos. [all]"
)
@click.option(
    "--days",
    type=click.IntRange(min=DAYS, max=3660),
    default=DAYS,
    show_default=True,
    help="Over so many, in fortnights.",
)
def command(videos: int | None, log_entries: int | None, days: int) -> None:
    """Write two weeks of an imagined production app into the empty embedded database and the simulator.

    Never into a database of yours: with DATABASE_URL, SUPABASE_URL or RUNWAY_API_KEY set it refuses, and so
    it does when the database holds videos. To begin anew, stop Dailies and delete the data folder.
    Interrupted, it leaves the two weeks, or nothing.
    """
    settings = load_settings()
    if not may_be_seeded(settings):
        raise BadInput(
            "A history is only written into the embedded database and the Runway simulator. Unset "
            "DATABASE_URL, SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY and RUNWAY_API_KEY to get one."
        )
    with open_app(settings, runway=False) as app:
        if not isinstance(app.db, PostgresDatabase):
            raise NotAllowed(READ_ONLY)
        seeded = seed_sample(app.db, settings)
        tasks = len(seeded.tasks)
        click.echo(f"{seeded.videos:,} videos, {seeded.entries:,} log entries and {tasks:,} tasks written.")
        if videos:
            judge_all(app)
            store = ensure_simulator(settings.data_dir).store
            repeat_history(
                app.db, store, seeded.tasks, videos=videos, entries=log_entries, days=days, say=click.echo
            )
        if videos or log_entries is not None or days != DAYS:
            click.echo(totals(app.db, videos=videos, entries=log_entries, days=days))

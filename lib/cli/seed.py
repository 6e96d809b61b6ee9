"""`python -m lib seed`: a history to look at, for a database that has none."""

from __future__ import annotations

import click

from lib.app import open_app
from lib.data.limited import READ_ONLY
from lib.data.postgres import PostgresDatabase
from lib.errors import BadInput, NotAllowed
from lib.seed.write import may_be_seeded, seed_sample
from lib.settings import load_settings


@click.command("seed")
def command() -> None:
    """Write two weeks of an imagined production app into the empty embedded database and the simulator.

    Never into a database of yours: with DATABASE_URL, SUPABASE_URL or RUNWAY_API_KEY set it refuses, and so
    it does when the database holds videos. To begin anew, stop Dailies and delete the data folder.
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
    click.echo(f"{seeded.videos} videos, {seeded.entries} log entries and {seeded.tasks} tasks written.")

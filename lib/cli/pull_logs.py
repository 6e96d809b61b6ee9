"""`python -m lib pull-logs`: the production app's logs from Vercel, by token."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import click

from lib.app import open_app
from lib.cli.terminal import until_stopped
from lib.domain.times import length_of
from lib.errors import BadInput
from lib.logs.vercel import API
from lib.operations.pull_logs import LogFollower, LogPull, open_vercel, said
from lib.settings import load_settings


@click.command("pull-logs")
@click.option("--follow", is_flag=True, help="Go on until stopped (Ctrl-C, SIGTERM).")
@click.option("--since", metavar="TIME", help="Read again from then: 30m, 6h, 2d, or an ISO time.")
@click.option("--api", default=API, help="Another address of Vercel's API; its dashboard's is then the same.")
def command(follow: bool, since: str | None, api: str) -> None:
    """Read the production app's logs from Vercel into the database, from where the last pull ended.

    Needs VERCEL_TOKEN, VERCEL_PROJECT_ID and, where a team owns the project, VERCEL_TEAM_ID.
    """
    begin = parse_since(since, datetime.now(UTC)) if since else None
    settings = load_settings()
    vercel = open_vercel(settings, api)
    with closing(vercel), open_app(settings, runway=False) as app:
        pull = LogPull(app, vercel)
        if begin or not follow:
            for line in said(pull.catch_up(begin)):
                click.echo(line)
        if follow:
            LogFollower(pull).run(until_stopped(), click.echo)


def parse_since(text: str, now: datetime) -> datetime:
    """Raises BadInput."""
    try:
        if ago := length_of(text):
            return now - ago
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadInput(f"{text!r} is not a time. Write 30m, 6h, 2d, or 2026-03-14T12:00:00Z.") from None
    return at if at.tzinfo else at.astimezone()

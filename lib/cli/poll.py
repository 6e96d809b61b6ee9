"""`python -m lib poll`: asks Runway what became of tasks, and writes it into the rows."""

from __future__ import annotations

import click

from lib.app import open_app
from lib.cli.telling import video_id_of
from lib.data.videos import Filters, every_video
from lib.operations.poll import Polled, poll, poll_due


@click.command("poll")
@click.argument("videos", nargs=-1)
@click.option(
    "--apply", is_flag=True, help="Look up every unfinished video that is due; without it they are listed."
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(min=1), help="Look-ups at most.")
def command(videos: tuple[str, ...], apply: bool, limit: int) -> None:
    """Look up the tasks of VIDEOs (ids or their beginnings), or of all unfinished ones. It is free."""
    with open_app() as app:
        for video in videos:
            video_id = video_id_of(app, video)
            polled = poll(app, video_id)
            click.echo(
                _line(polled) if polled else f"Video {video_id}: without a task, or looked up just now."
            )
        if apply and not videos:
            for polled in poll_due(app, limit):
                click.echo(_line(polled))
        elif not videos:
            unfinished = every_video(app.db, Filters(statuses=("queued", "processing")))
            waiting = [row for row in unfinished if row["runway_video_id"]]
            for row in waiting:
                click.echo(f"Video {row['id']}: would look up task {row['runway_video_id']}.")
            hint = " Add --apply to ask." if waiting else ""
            click.echo(f"{len(waiting)} unfinished videos have a task.{hint}")


def _line(polled: Polled) -> str:
    if polled.error or polled.task is None:
        return f"Video {polled.video_id}: {polled.error}"
    return f"Video {polled.video_id}: task {polled.task.id} is {polled.task.status}."

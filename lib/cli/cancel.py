"""`python -m lib cancel`: cancels the task of a video; a finished one is left alone."""

from __future__ import annotations

import click

from lib.app import open_app
from lib.cli.telling import video_id_of
from lib.operations.cancel import cancel


@click.command("cancel")
@click.argument("video")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(video: str, yes: bool) -> None:
    """Cancel the task of VIDEO (its id, the beginning of it, or its task's). A finished one is left alone."""
    with open_app() as app:
        video_id = video_id_of(app, video)
        click.echo("Runway refunds a task that has not begun to run; one that runs is paid for either way.")
        if yes or click.confirm(f"Cancel the task of video {video_id}?"):
            click.echo(cancel(app, video_id).message)

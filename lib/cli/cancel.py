"""`python -m lib cancel`: cancels the task of a video; a finished one is left alone."""

from __future__ import annotations

import click

from lib.cli.opened import opened
from lib.operations.cancel import cancel


@click.command("cancel")
@click.argument("video")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(video: str, yes: bool) -> None:
    """Cancel the task of VIDEO (its id, the beginning of it, or its task's). A finished one is left alone."""
    with opened() as tools:
        video_id = tools.video_id(video)
        click.echo("Runway refunds a task that has not begun to run; one that runs is paid for either way.")
        if yes or click.confirm(f"Cancel the task of video {video_id}?"):
            click.echo(cancel(tools.db, tools.runway, video_id, tools.settings.operator).message)

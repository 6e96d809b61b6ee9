"""`python -m lib recover`: gives videos the task ids they lost, for nothing."""

from __future__ import annotations

from collections.abc import Iterable

import click

from lib.app import App, open_app
from lib.cli.telling import video_id_of
from lib.data.videos import Filters, every_video
from lib.errors import BadInput, DailiesError, DatabaseUnavailable
from lib.operations.judge import judge_all
from lib.operations.recover import recover, settle_interrupted


@click.command("recover")
@click.argument("videos", nargs=-1)
@click.option("--task", help="The task to save for the one VIDEO named.")
@click.option("--apply", is_flag=True, help="Recover every recoverable video; without it they are listed.")
def command(videos: tuple[str, ...], task: str | None, apply: bool) -> None:
    """Save lost task ids: first those of this machine's journal, then those that the logs name.

    With VIDEOs (ids or their beginnings) only those are recovered. Each task is looked up before it is saved.
    """
    if task and len(videos) != 1:
        raise BadInput("--task needs exactly one VIDEO.")
    with open_app() as app:
        replayed = settle_interrupted(app)
        for each in replayed.saved:
            click.echo(f"Video {each.video_id}: task {each.task_id} saved from the journal.")
        for each in (*replayed.abandoned, *replayed.unknown):
            click.echo(f"Video {each.video_id}: attempt {each.number} is {each.state}. {each.reason}")
        for problem in replayed.problems:
            click.echo(problem, err=True)
        if videos:
            _recover(app, (video_id_of(app, video) for video in videos), task)
        else:
            _recover_all(app, apply=apply)


def _recover_all(app: App, *, apply: bool) -> None:
    judge_all(app)  # what is not judged is not known to be recoverable
    found = list(every_video(app.db, Filters(trouble="recoverable")))
    if apply:
        _recover(app, (row["id"] for row in found))
        return
    for row in found:
        click.echo(f"Video {row['id']}: would save task {row['recoverable_runway_id']}.")
    click.echo(f"{len(found)} videos can be recovered." + (" Add --apply to do it." if found else ""))


def _recover(app: App, video_ids: Iterable[str], task: str | None = None) -> None:
    for video_id in video_ids:
        try:
            done = recover(app, video_id, task)
        except DatabaseUnavailable:
            raise
        except DailiesError as error:
            click.echo(f"Video {video_id}: {error}", err=True)
        else:
            click.echo(f"Video {video_id}: {done.message}")

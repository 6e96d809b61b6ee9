"""`python -m lib repair`: many videos at once; what would be done and what it costs is said first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import click

from lib.app import App, open_app
from lib.cli.telling import money, video_id_of
from lib.data import batches
from lib.data.batches import Batch
from lib.data.videos import Filters, every_video
from lib.domain.cause import CAUSES, Action
from lib.domain.repair import BY_ITSELF, Repair
from lib.errors import BadInput
from lib.operations.batches import COLUMNS, freeze, work_on
from lib.operations.export import as_csv
from lib.operations.repair import plan


@click.command("repair")
@click.argument("videos", nargs=-1)
@click.option(
    "--trouble", type=click.Choice(["stuck", "recoverable", "failed", "any"]), help="All of this kind."
)
@click.option("--cause", type=click.Choice(list(CAUSES)), help="Only those with this verdict.")
@click.option("--hours", type=click.FloatRange(min=0), help="Only those of the past HOURS.")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(min=1), help="Videos at most.")
@click.option("--apply", is_flag=True, help="Do it, after asking; without it, it is only said.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--resume", metavar="BATCH", help="Go on with a batch that was paused or interrupted.")
@click.option(
    "--csv", "csv_file", type=click.Path(path_type=Path), help="Write the list with its results here."
)
def command(
    *,
    videos: tuple[str, ...],
    trouble: str | None,
    cause: str | None,
    hours: float | None,
    limit: int,
    apply: bool,
    yes: bool,
    resume: str | None,
    csv_file: Path | None,
) -> None:
    """Repair VIDEOs (ids or their beginnings), or all that fit: recover, look up, or retry where safe.

    The list is frozen before anything is done. Ctrl-C pauses it after the video in hand.
    """
    with open_app() as app:
        if resume:
            _run(app, batches.get(app.db, resume).id)
            _export(app, resume, csv_file)
            return
        if not (videos or trouble or cause):
            raise BadInput("Say which videos: their ids, --trouble or --cause.")
        chosen = {"trouble": trouble, "cause": cause, "hours": hours, "videos": list(videos) or None}
        if videos:
            ids = [video_id_of(app, video) for video in videos]
        else:
            since = datetime.now(UTC) - timedelta(hours=hours) if hours else None
            fitting = Filters(trouble=trouble, causes=(cause,) if cause else (), since=since)
            ids = [row["id"] for row in islice(every_video(app.db, fitting), limit)]
        if not apply:
            _say_plan(plan(app, ids))
        elif ids:
            batch = freeze(app, ids, {k: v for k, v in chosen.items() if v is not None})
            if _agreed(app, batch, yes=yes):
                _run(app, batch.id)
            _export(app, batch.id, csv_file)
        else:
            click.echo("No video fits.")


def _say_plan(repairs: Sequence[Repair]) -> None:
    for repair in repairs:
        price = f" {money(repair.credits)}." if repair.credits and repair.action in BY_ITSELF else ""
        click.echo(f"Video {repair.video_id}: {_word(repair.action)}.{price} {repair.reason}")
    for action, number in Counter(repair.action for repair in repairs).items():
        click.echo(f"{number} × {_word(action)}")
    total = sum(repair.credits or 0 for repair in repairs if repair.action in BY_ITSELF)
    click.echo(f"{len(repairs)} videos; it would cost {money(total)} at most." + " Add --apply to do it.")


def _word(action: Action) -> str:
    return action.replace("_", " ") + ("" if action in BY_ITSELF else ", left out")


def _agreed(app: App, batch: Batch, *, yes: bool) -> bool:
    for part in batch.parts:
        click.echo(f"{part.n} × {_word(Action(part.kind))}")
    question = f"Repair {batch.to_do} videos for {money(batch.credits)} at most?"
    if batch.to_do and (yes or click.confirm(question)):
        return True
    batches.steer(app.db, batch.id, "aborted", app.operator)
    click.echo("Nothing was done.")
    return False


def _run(app: App, batch_id: str) -> None:
    """Until it is over, or somebody pauses it."""
    batches.steer(app.db, batch_id, "running", app.operator)
    try:
        while work_on(app, batch_id):
            batch = batches.get(app.db, batch_id)
            click.echo(f"\r{batch.count(*batches.ENDED)} of {batch.to_do} …", nl=False)
    except KeyboardInterrupt:
        batches.steer(app.db, batch_id, "paused", app.operator, "Interrupted.")
    click.echo("")
    batch = batches.get(app.db, batch_id)
    for item in batches.items(app.db, batch.id):
        if item["result"]:
            click.echo(f"Video {item['video_id']}: {item['result']}")
    click.echo(
        f"{batch.count('done')} of {batch.to_do} repaired, {batch.count('failed')} not; "
        f"{money(batch.spent)} spent. Batch {batch.id} is {batch.state}."
        + (f" {batch.note}" if batch.note else "")
    )
    if batch.state == "paused":
        click.echo(f"Go on with `python -m lib repair --resume {batch.id}`.")


def _export(app: App, batch_id: str, path: Path | None) -> None:
    if path is None:
        return
    try:
        path.write_text(as_csv(COLUMNS, batches.items(app.db, batch_id)), "utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error

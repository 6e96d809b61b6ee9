"""`python -m lib repair`: many videos at once; what would be done and what it costs is said first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from lib.cli.opened import Opened, opened
from lib.cli.telling import money
from lib.data import batches
from lib.data.batches import Batch
from lib.data.videos import Filters, every_video
from lib.domain.cause import CAUSES
from lib.errors import BadInput
from lib.operations.batches import as_csv, freeze, work_on
from lib.operations.repairs import BY_ITSELF, Kind, Repair, plan_all


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
    with opened() as tools:
        if resume:
            _run(tools, batches.get(tools.db, resume).id)
            _export(tools, resume, csv_file)
            return
        if not (videos or trouble or cause):
            raise BadInput("Say which videos: their ids, --trouble or --cause.")
        chosen = {"trouble": trouble, "cause": cause, "hours": hours, "videos": list(videos) or None}
        ids = _chosen(tools, videos, _filters(trouble, cause, hours), limit)
        if not apply:
            _say_plan(plan_all(tools.db, ids))
        elif ids:
            batch = freeze(
                tools.db, ids, tools.settings.operator, {k: v for k, v in chosen.items() if v is not None}
            )
            if _agreed(tools, batch, yes=yes):
                _run(tools, batch.id)
            _export(tools, batch.id, csv_file)
        else:
            click.echo("No video fits.")


def _filters(trouble: str | None, cause: str | None, hours: float | None) -> Filters:
    since = datetime.now(UTC) - timedelta(hours=hours) if hours else None
    return Filters(trouble=trouble, causes=(cause,) if cause else (), since=since)


def _chosen(tools: Opened, videos: Sequence[str], filters: Filters, limit: int) -> list[str]:
    if videos:
        return [tools.video_id(video) for video in videos]
    found = every_video(tools.db, filters)
    return [row["id"] for row, _ in zip(found, range(limit), strict=False)]


def _say_plan(repairs: Sequence[Repair]) -> None:
    for repair in repairs:
        price = f" {money(repair.credits)}." if repair.credits and repair.kind in BY_ITSELF else ""
        click.echo(f"Video {repair.video_id}: {_word(repair.kind)}.{price} {repair.reason}")
    kinds = Counter(repair.kind for repair in repairs)
    for kind, number in kinds.items():
        click.echo(f"{number} × {_word(kind)}")
    total = sum(repair.credits or 0 for repair in repairs if repair.kind in BY_ITSELF)
    click.echo(f"{len(repairs)} videos; it would cost {money(total)} at most." + " Add --apply to do it.")


def _word(kind: Kind) -> str:
    return kind.value.replace("_", " ") + ("" if kind in BY_ITSELF else ", left out")


def _agreed(tools: Opened, batch: Batch, *, yes: bool) -> bool:
    for part in batch.parts:
        click.echo(f"{part.n} × {_word(Kind(part.kind))}")
    question = f"Repair {batch.to_do} videos for {money(batch.credits)} at most?"
    if batch.to_do and (yes or click.confirm(question)):
        return True
    batches.steer(tools.db, batch.id, "aborted", tools.settings.operator)
    click.echo("Nothing was done.")
    return False


def _run(tools: Opened, batch_id: str) -> None:
    """Until it is over, or somebody pauses it."""
    batches.steer(tools.db, batch_id, "running", tools.settings.operator)
    try:
        while work_on(tools.db, tools.runway, tools.journal, batch_id):
            batch = batches.get(tools.db, batch_id)
            click.echo(f"\r{batch.count(*batches.ENDED)} of {batch.to_do} …", nl=False)
    except KeyboardInterrupt:
        batches.steer(tools.db, batch_id, "paused", tools.settings.operator, "Interrupted.")
    click.echo("")
    _say_results(tools, batches.get(tools.db, batch_id))


def _say_results(tools: Opened, batch: Batch) -> None:
    for item in batches.items(tools.db, batch.id):
        if item["result"]:
            click.echo(f"Video {item['video_id']}: {item['result']}")
    click.echo(
        f"{batch.count('done')} of {batch.to_do} repaired, {batch.count('failed')} not; "
        f"{money(batch.spent)} spent. Batch {batch.id} is {batch.state}."
        + (f" {batch.note}" if batch.note else "")
    )
    if batch.state == "paused":
        click.echo(f"Go on with `python -m lib repair --resume {batch.id}`.")


def _export(tools: Opened, batch_id: str, path: Path | None) -> None:
    if path is None:
        return
    try:
        path.write_text(as_csv(batches.items(tools.db, batch_id)), "utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error

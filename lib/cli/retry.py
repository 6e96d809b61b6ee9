"""`python -m lib retry`: tries a failed or stuck video again, when that is not for nothing."""

from __future__ import annotations

import click

from lib.app import App, open_app
from lib.cli.generate import image_of
from lib.cli.telling import NoVideo, say_cost, video_id_of, wait_for
from lib.domain.asked import Changes
from lib.domain.attempt import AttemptState
from lib.domain.repair import FREE, Repair
from lib.operations.account import look_now
from lib.operations.paid_call import cost
from lib.operations.poll import poll
from lib.operations.repair import Agreed, carry_out, plan


@click.command("retry")
@click.argument("video")
@click.option("--override", help="The video's short id: pay although a task may exist already.")
@click.option("--prompt", help="Another prompt.")
@click.option("--image", help="Another image: an https address or a file.")
@click.option("--model", help="Another model.")
@click.option("--ratio", help="Another ratio.")
@click.option("--video", "film", help="Another video to start from: an https address.")
@click.option("--setting", help="Another frame rate, resolution or scale, where the model has one.")
@click.option("--duration", type=int, help="Another duration in seconds.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before paying.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Poll until the video is there.")
def command(
    *,
    video: str,
    override: str | None,
    image: str | None,
    film: str | None,
    dry_run: bool,
    yes: bool,
    wait: bool,
    **options: object,
) -> None:
    """Try VIDEO (its id, the beginning of it, or its task's) again. What is free is done first."""
    given = options | {"video": film} | ({"image": image_of(image)} if image else {})
    changes: Changes = {name: value for name, value in given.items() if value is not None}
    with open_app() as app:
        video_id = video_id_of(app, video)
        if not dry_run:
            poll(app, video_id)
        (repair,) = plan(app, [video_id], changes)
        _say(app, repair)
        if dry_run:
            return
        agreed = Agreed(video_id, repair.action, repair.key, override, changes)
        if repair.action not in FREE:
            if not agreed.covers(repair):
                raise NoVideo(f"Video {video_id} was not tried again.")
            say_cost(app, cost(repair.request))
            if not (yes or click.confirm("Try it again?")):
                return
        done = carry_out(app, agreed)
        if not done.is_done:
            raise NoVideo(f"Video {video_id}: {done.message}")
        click.echo(f"Video {video_id}: {done.message}")
        if wait and done.task_id:
            wait_for(app, video_id)


def _say(app: App, repair: Repair) -> None:
    click.echo(f"Video {repair.video_id}: {repair.action.replace('_', ' ')}. {repair.reason}")
    last = repair.last
    if last and last.state is AttemptState.UNKNOWN:
        click.echo(look_now(app, last).text)
    if repair.override:
        risk = f"{repair.credits_at_risk:g} credits are at risk. " if repair.credits_at_risk else ""
        click.echo(f"{risk}To pay anyway: --override {repair.override}")

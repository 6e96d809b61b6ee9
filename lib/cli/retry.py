"""`python -m lib retry`: tries a failed or stuck video again, when that is not for nothing."""

from __future__ import annotations

import click

from lib.cli.generate import image_of
from lib.cli.opened import Opened, opened
from lib.cli.telling import NoVideo, say_attempt, say_cost, wait_for
from lib.data import attempts
from lib.domain.attempt import AttemptState, RetryDecision, RetryVerdict
from lib.operations.account import look_now
from lib.operations.paid_call import cost
from lib.operations.poll import poll
from lib.operations.retry import Changes, Retried, decide, request_of, retry


@click.command("retry")
@click.argument("video")
@click.option("--override", help="The video's short id: pay although a task may exist already.")
@click.option("--prompt", help="Another prompt.")
@click.option("--image", help="Another image: an https address or a file.")
@click.option("--model", help="Another model.")
@click.option("--ratio", help="Another ratio.")
@click.option("--duration", type=int, help="Another duration in seconds.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before paying.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Poll until the video is there.")
def command(
    *,
    video: str,
    override: str | None,
    image: str | None,
    dry_run: bool,
    yes: bool,
    wait: bool,
    **options: object,
) -> None:
    """Try VIDEO (its id, the beginning of it, or its task's) again. What is free is done first."""
    given = options | ({"image": image_of(image)} if image else {})
    changes: Changes = {name: value for name, value in given.items() if value is not None}
    with opened() as tools:
        video_id = tools.video_id(video)
        if not dry_run:
            poll(tools.db, tools.runway, video_id, operator=tools.settings.operator)
        decision = decide(tools.db, video_id, changed=bool(changes))
        _say_decision(video_id, decision)
        _say_outlook(tools, video_id)
        if not dry_run and _agreed(tools, video_id, decision, override, changes, yes=yes):
            _retry(tools, video_id, decision, override, changes)
            if wait:
                wait_for(tools, video_id)


def _say_decision(video_id: str, decision: RetryDecision) -> None:
    click.echo(f"Video {video_id}: {decision.verdict}. {decision.reason}")
    if decision.override:
        risk = f"{decision.credits_at_risk:g} credits are at risk. " if decision.credits_at_risk else ""
        click.echo(f"{risk}To pay all the same: --override {decision.override}")


def _say_outlook(tools: Opened, video_id: str) -> None:
    """What Runway's account says about an attempt whose outcome nobody knows."""
    last = next(iter(attempts.of_video(tools.db, video_id)), None)
    if last and last.state is AttemptState.UNKNOWN:
        click.echo(look_now(tools.db, tools.runway, last).text)


def _agreed(
    tools: Opened,
    video_id: str,
    decision: RetryDecision,
    override: str | None,
    changes: Changes,
    *,
    yes: bool,
) -> bool:
    """Raises NoVideo when there is nothing to agree to."""
    if decision.verdict is RetryVerdict.ID_KNOWN:
        return True  # it is free
    if not decision.allows(override):
        raise NoVideo(f"Video {video_id} was not tried again.")
    say_cost(tools, cost(request_of(tools.db, video_id, changes)))
    return yes or click.confirm("Try it again?")


def _retry(
    tools: Opened, video_id: str, decision: RetryDecision, override: str | None, changes: Changes
) -> None:
    done = retry(
        tools.db,
        tools.runway,
        tools.journal,
        video_id,
        tools.settings.operator,
        override=override,
        changes=changes,
        key=decision.key,
    )
    _say_outcome(video_id, done)


def _say_outcome(video_id: str, done: Retried) -> None:
    """Raises NoVideo when there is nothing to wait for."""
    if done.recovered:
        click.echo(f"Video {video_id}: {done.recovered.message}")
    elif done.attempt is None:
        raise NoVideo(f"Video {video_id} was not tried again: {done.decision.reason}")
    else:
        say_attempt(done.attempt)

"""What the commands say of attempts and tasks, one line a fact, each with its id."""

from __future__ import annotations

import time

import click

from lib.app import App
from lib.data.database import Database
from lib.data.mapping import unmapped
from lib.data.videos import find_videos, get_video
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.pricing import CREDITS_PER_DOLLAR
from lib.domain.video import Video
from lib.errors import BadInput, DailiesError, NotFound
from lib.operations.poll import FASTEST, poll

WAIT_SECONDS = 900.0


class NoVideo(DailiesError):
    """The video was not made."""


def money(credits: float) -> str:
    return f"{credits:g} credits (${credits / CREDITS_PER_DOLLAR:.2f})"


def say_cost(app: App, credits: int) -> None:
    balance = app.runway.organization().credit_balance
    click.echo(f"It costs {money(credits)} at most; the balance is {money(balance)}.")


def say_unmapped(db: Database) -> None:
    """The status words that nobody has mapped, with their rows and what to do."""
    if words := unmapped(db):
        told = ", ".join(f"{each.word!r} ({each.rows:,} rows)" for each in words)
        click.echo(
            f"Status words that are not mapped, so neither stuck nor unfinished: {told}. Say what they mean: "
            "`python -m lib map --out map.toml`, look it through, `python -m lib map --apply map.toml`."
        )


def video_id_of(app: App, text: str) -> str:
    """The full id of the one video whose id begins like this, or whose task it is."""
    found = find_videos(app.db, text)
    if not found:
        raise NotFound(f"No video has the id or task {text!r}, nor begins with it (four characters or more).")
    if len(found) > 1:
        raise BadInput(f"{text!r} fits {len(found)} videos: {', '.join(found[:5])} …")
    return found[0]


def say_attempt(attempt: Attempt) -> None:
    """Raises NoVideo when the attempt created no task, or when nobody knows."""
    if attempt.state is AttemptState.CREATED:
        click.echo(f"Video {attempt.video_id}: attempt {attempt.number} created task {attempt.task_id}.")
    else:
        raise NoVideo(
            f"Video {attempt.video_id}: attempt {attempt.number} is {attempt.state}. {attempt.reason or ''}"
        )


def wait_for(app: App, video_id: str) -> None:
    """Polls until the task has ended. Raises NoVideo when it ends without a video."""
    if not Video.from_mapped(get_video(app.db, video_id)["video"]).runway_video_id:
        raise NoVideo(f"The row of video {video_id} did not accept its task's id; Dailies keeps the id.")
    ends, shown = time.monotonic() + WAIT_SECONDS, ""
    while time.monotonic() < ends:
        polled = poll(app, video_id)
        if polled:
            now = polled.task
            progress = f" {now.progress:.0%}" if now and now.progress is not None else ""
            line = polled.error or (f"{now.status}{progress}" if now else "")
            if line != shown:
                click.echo(f"  {line}")
            shown = line
        if polled and (task := polled.task) and task.is_terminal:
            if task.status != "SUCCEEDED":
                raise NoVideo(f"Task {task.id} is {task.status}. {task.failure or ''}")
            click.echo(f"Video {video_id}: {task.output[0] if task.output else 'without output'}")
            return
        time.sleep(FASTEST / 5)
    raise NoVideo(
        f"Video {video_id} is not ready after {WAIT_SECONDS:g} s. Ask again with `python -m lib poll`."
    )

"""`python -m lib generate`: makes a video, or queues several; says what it costs before."""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path

import click

from lib.app import open_app
from lib.cli.telling import say_attempt, say_cost, wait_for
from lib.domain.pricing import DEFAULT_MODEL, MODELS, VIDEO_MODELS, request_for
from lib.errors import BadInput
from lib.operations.generate import enqueue, generate
from lib.operations.paid_call import cost


@click.command("generate")
@click.option(
    "--image",
    default="",
    help="An https address, or a JPEG, PNG or WebP file; none for a video from the prompt.",
)
@click.option("--prompt", default="", help="What is to happen in the video.")
@click.option("--model", default=DEFAULT_MODEL, show_default=True, type=click.Choice(list(MODELS)))
@click.option("--ratio", help="Width and height; 1280:720 where the model makes it.")
@click.option("--duration", type=int, help="Seconds; of a video that is put in, its length.")
@click.option("--video", default="", help="The video to start from, for a model that needs one.")
@click.option("--setting", default="", help="Frame rate, resolution or scale, where the model has one.")
@click.option(
    "--count",
    default=1,
    show_default=True,
    type=click.IntRange(1, 100),
    help="More than one are queued: the workers make them, as many at once as Runway allows.",
)
@click.option("--yes", is_flag=True, help="Do not ask before paying.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Poll until the video is there.")
def command(
    *,
    image: str,
    prompt: str,
    model: str,
    ratio: str | None,
    duration: int | None,
    count: int,
    yes: bool,
    wait: bool,
    **more: str,
) -> None:
    """Generate a video: one call is made, whatever happens. With --count, queue a batch for the workers."""
    request = request_for(model, image_of(image), prompt, ratio=ratio, seconds=duration, **more)
    credits = cost(request) * count
    if count > 1 and MODELS[model].endpoint:
        raise BadInput(f"Only {', '.join(VIDEO_MODELS)} can be queued: make those of {model} one by one.")
    with open_app() as app:
        say_cost(app, credits)
        if not (yes or click.confirm("Generate it?" if count == 1 else f"Queue {count} videos?")):
            return
        if count > 1:
            for video_id in enqueue(app, [request] * count):
                click.echo(f"video {video_id}: queued")
            return
        made = generate(app, request)
        say_attempt(made.attempt)
        if wait and made.attempt.task_id:
            wait_for(app, made.video_id)


def image_of(text: str) -> str:
    """An address as it is, a file as a data URI. Raises BadInput when there is no such file."""
    if not text or "://" in text or text.startswith("data:"):
        return text
    path = Path(text)
    try:
        content = base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise BadInput(f"The image {text} cannot be read: {error.strerror}.") from error
    return f"data:{mimetypes.guess_type(path.name)[0]};base64,{content}"

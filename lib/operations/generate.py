"""Generates videos: a row, one paid attempt, its id saved before anything is answered; or queues them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid4, uuid5

from lib.app import App
from lib.data import queue
from lib.data.queue import NewJob
from lib.domain.attempt import Attempt
from lib.domain.pricing import GenerationRequest
from lib.operations.paid_call import cost, not_too_fast, pay

BATCH = 200


class Generation(NamedTuple):
    """`paid` is False when this key had been carried out before: then nothing was sent."""

    video_id: str
    attempt: Attempt
    paid: bool


def video_id_of(key: str) -> str:
    """What the row of a key is asked for by: the same key can only ever make the same row. It is its id too,
    unless the app's table chooses ids itself."""
    return str(uuid5(NAMESPACE_URL, f"dailies:{key}"))


def generate(app: App, request: GenerationRequest, *, key: str | None = None) -> Generation:
    """`key` names the click: a page makes one per form, so that a second click generates nothing new.

    A refusal by Runway or an unknown outcome is in the returned attempt, not raised. Raises BadInput before
    anything is written or paid, DatabaseError, and paid_call.NotSaved.
    """
    video_id = video_id_of(key or uuid4().hex)
    attempt, paid = pay(app, video_id, f"{video_id}/1", request, new={})
    return Generation(attempt.video_id, attempt, paid)


def enqueue(app: App, requests: Sequence[GenerationRequest], *, key: str | None = None) -> list[str]:
    """Puts videos into the queue, for the workers to generate: the ids of their rows. `key` names the click:
    the same one queues nothing twice.

    Raises BadInput before anything is written, naming what Runway would refuse, and TooFast.
    """
    for request in requests:
        cost(request)
    not_too_fast(app)
    name = key or uuid4().hex
    jobs = [_job(request, app.operator, f"{name}/{i}") for i, request in enumerate(requests)]
    return [
        queued.video_id
        for start in range(0, len(jobs), BATCH)
        for queued in queue.enqueue(app.db, jobs[start : start + BATCH])
    ]


def _job(request: GenerationRequest, operator: str, key: str) -> NewJob:
    video_id = video_id_of(key)
    return NewJob(
        video_id=video_id,
        key=f"{video_id}/1",
        operator=operator,
        model=request.model,
        ratio=request.ratio,
        duration=request.duration,
        new={"prompt": request.prompt, "input_image_url": request.image},
    )

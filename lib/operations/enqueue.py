"""Puts videos into the queue, for the workers to generate: batches for demos, and rows that wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from lib.data import queue
from lib.data.database import Database
from lib.data.queue import NewJob
from lib.domain.pricing import GenerationRequest
from lib.operations.generate import video_id_of
from lib.operations.paid_call import cost

BATCH = 200


def enqueue(
    db: Database,
    requests: Sequence[GenerationRequest],
    operator: str,
    *,
    key: str | None = None,
    dance_style: str | None = None,
) -> list[str]:
    """The ids of the new videos, queued. `key` names the click: the same one queues nothing twice.

    Raises BadInput before anything is written, naming what Runway would refuse.
    """
    for request in requests:
        cost(request)
    name = key or uuid4().hex
    jobs = [_job(request, operator, f"{name}/{i}", dance_style) for i, request in enumerate(requests)]
    for start in range(0, len(jobs), BATCH):
        queue.enqueue(db, jobs[start : start + BATCH])
    return [job.video_id for job in jobs]


def _job(request: GenerationRequest, operator: str, key: str, dance_style: str | None) -> NewJob:
    video_id = video_id_of(key)
    row: dict[str, Any] = {"prompt": request.prompt, "input_image_url": request.image}
    return NewJob(
        video_id=video_id,
        key=f"{video_id}/1",
        operator=operator,
        model=request.model,
        ratio=request.ratio,
        duration=request.duration,
        new=row | {"dance_style": dance_style},
    )

"""Generates a video: its row, one paid attempt, and the task id saved before anything is answered."""

from __future__ import annotations

from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid4, uuid5

from lib.data.database import Database
from lib.data.journal import Journal
from lib.domain.attempt import Attempt
from lib.domain.pricing import GenerationRequest
from lib.operations.paid_call import SAVE_SECONDS, OnStep, Tools, pay
from lib.runway.client import RunwayClient


class Generation(NamedTuple):
    """`paid` is False when this key had been carried out before: then nothing was sent."""

    video_id: str
    attempt: Attempt
    paid: bool


def video_id_of(key: str) -> str:
    """The id of the video that a key generates: the same key can only ever make the same row."""
    return str(uuid5(NAMESPACE_URL, f"dailies:{key}"))


def generate(
    db: Database,
    runway: RunwayClient,
    journal: Journal,
    request: GenerationRequest,
    operator: str,
    *,
    key: str | None = None,
    dance_style: str | None = None,
    on_step: OnStep = lambda _: None,
    save_seconds: float = SAVE_SECONDS,
) -> Generation:
    """`key` names the click: a page makes one per form, so that a second click generates nothing new.

    A refusal by Runway or an unknown outcome is in the returned attempt, not raised. Raises BadInput before
    anything is written or paid, DatabaseError, and paid_call.NotSaved.
    """
    video_id = video_id_of(key or uuid4().hex)
    tools = Tools(db, runway, journal, operator, on_step, save_seconds)
    attempt, paid = pay(tools, video_id, f"{video_id}/1", request, new={"dance_style": dance_style})
    return Generation(video_id, attempt, paid)

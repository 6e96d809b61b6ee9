"""An attempt: one try to create a task for a video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from lib.domain.video import parse_time


class AttemptState(StrEnum):
    CLAIMED = "claimed"  # the video is ours; nothing has left this machine
    SENT = "sent"  # the call is on its way: a task may exist
    CREATED = "created"  # the task exists and its id is saved
    REFUSED = "refused"  # Runway, or the network before it, said no: nothing was created
    UNKNOWN = "unknown"  # nobody knows whether a task exists
    ABANDONED = "abandoned"  # the process ended before it sent: nothing was created
    WRITTEN_OFF = "written_off"  # was unknown; an operator accepted the risk and went on


@dataclass(frozen=True, slots=True)
class Attempt:
    """request     what was asked of Runway: model, image, prompt, ratio, duration (seconds)
    overridden  whether somebody accepted, when it was made, that a task may exist already
    """

    id: str
    video_id: str
    key: str
    number: int  # 1 is the first of its video
    previous_id: str | None
    state: AttemptState
    operator: str
    request: Mapping[str, Any]
    credits: float
    task_id: str | None
    reason: str | None
    cause: str | None
    claimed_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    overridden: bool = False

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Attempt:
        times = {name: parse_time(row[name]) for name in ("claimed_at", "sent_at", "settled_at")}
        return msgspec.convert({**row, **times}, cls, strict=False)

    @property
    def request_id(self) -> str:
        """Under which Dailies logs what it does for this attempt."""
        return f"dailies-{self.id}"

    @property
    def credits_at_risk(self) -> float:
        return self.credits if self.state in (AttemptState.SENT, AttemptState.UNKNOWN) else 0.0

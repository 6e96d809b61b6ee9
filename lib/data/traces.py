"""Stages over many videos: where flows die."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, cast

from lib.data.database import Database
from lib.data.overview import span


class FunnelStage(TypedDict):
    """How many videos of a flow were in each state at a stage; `position` counts from 1."""

    flow: str
    stage: str
    position: int
    seen: int
    missing: int
    not_reached: int
    not_observable: int


def stage_funnel(
    db: Database, since: datetime | None = None, until: datetime | None = None
) -> list[FunnelStage]:
    """By flow, in the order of its stages."""
    return cast("list[FunnelStage]", db.call("dailies_stage_funnel", **span(since, until)))

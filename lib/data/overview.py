"""How generation is doing: counts, errors, incidents and stages of a span of time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict, cast

from lib.data.database import Database, span
from lib.data.videos import VideoRow


class Totals(TypedDict):
    """Counts of one span. `success_rate` is 0 to 1 of the finished ones, None without any; `stuck_now` and
    `recoverable_now` are of all times and stand, like `previous`, only in the outer one."""

    total: int
    by_status: dict[str, int]
    succeeded: int
    failed: int
    unfinished: int
    success_rate: float | None
    stuck: int
    recoverable: int
    credits: float
    seconds_to_id_p50: float | None
    seconds_to_id_p95: float | None
    seconds_to_finish_p50: float | None
    seconds_to_finish_p95: float | None
    stuck_now: int
    recoverable_now: int
    previous: dict[str, Any]


class Overview(TypedDict):
    """`series` holds only buckets that have videos: {at, status, n}; `causes` {cause, n, first_at, last_at};
    `freshness` {last_log_at, last_video_at, last_judged_at, dirty}."""

    totals: Totals
    series: list[dict[str, Any]]
    causes: list[dict[str, Any]]
    trouble: list[VideoRow]
    freshness: dict[str, Any]


class ErrorGroup(TypedDict):
    """`trend` counts each of twelve equal parts of the span; `grp` is a filter of the video list."""

    grp: str
    cause: str | None
    stage: str | None
    n: int
    previous_n: int
    first_at: str
    last_at: str
    example_video_id: str
    trend: list[int]


class Incident(TypedDict):
    """Videos of one deployment with one cause, close together. `share` (0 to 1) of its videos in between."""

    cause: str
    deployment_id: str | None
    n: int
    share: float
    first_at: str
    last_at: str
    example_video_id: str


class FunnelStage(TypedDict):
    """How many videos of a flow were in each state at a stage; `position` counts from 1."""

    flow: str
    stage: str
    position: int
    seen: int
    missing: int
    not_reached: int
    not_observable: int


class IncidentDetails(TypedDict):
    """One incident in full. `deployment_at`: the first video of its deployment; `previous_…`: the last 24
    hours of the deployment before; `hour_…`: the hour before it began, of all deployments."""

    cause: str
    deployment_id: str | None
    n: int
    videos: int
    first_at: str
    last_at: str
    first_video_id: str
    error_message: str | None
    evidence: list[dict[str, Any]]
    deployment_at: str | None
    previous_deployment_id: str | None
    previous_videos: int
    previous_failed: int
    hour_videos: int
    hour_failed: int


def overview(
    db: Database, since: datetime | None = None, until: datetime | None = None, *, bucket_seconds: int = 3600
) -> Overview:
    rows = db.call("dailies_overview", **span(since, until), p_bucket_seconds=bucket_seconds)
    return cast("Overview", rows[0])


def error_groups(
    db: Database, since: datetime | None = None, until: datetime | None = None, *, limit: int = 50
) -> list[ErrorGroup]:
    """The largest first."""
    return cast("list[ErrorGroup]", db.call("dailies_error_groups", **span(since, until), p_limit=limit))


def incidents(db: Database, since: datetime | None = None, until: datetime | None = None) -> list[Incident]:
    """The latest first."""
    return cast("list[Incident]", db.call("dailies_incidents", **span(since, until)))


def incident(db: Database, cause: str, at: datetime, deployment_id: str | None = None) -> IncidentDetails:
    """The one going on at `at`. Raises NotFound."""
    rows = db.call("dailies_incident", p_cause=cause, p_at=at.isoformat(), p_deployment=deployment_id)
    return cast("IncidentDetails", rows[0])


def stage_funnel(
    db: Database, since: datetime | None = None, until: datetime | None = None
) -> list[FunnelStage]:
    """Where flows die: by flow, in the order of its stages."""
    return cast("list[FunnelStage]", db.call("dailies_stage_funnel", **span(since, until)))

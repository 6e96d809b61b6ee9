"""How generation is doing: counts, errors, incidents and stages of a span of time.

Videos that Dailies made itself, samples and drills, are left out; with `own` they count like the app's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, TypedDict, cast

from lib.data.database import Database, span
from lib.data.videos import VideoRow


class Totals(TypedDict):
    """Counts of one span. `success_rate` is 0 to 1 of the finished ones, None without any; `troubled` failed,
    are stuck or can be recovered; `credits_own` were spent on Dailies' own videos where those do not count;
    `stuck_now` and `recoverable_now` are of all times and stand, like `previous`, only in the outer one."""

    total: int
    by_status: dict[str, int]
    succeeded: int
    failed: int
    unfinished: int
    success_rate: float | None
    stuck: int
    recoverable: int
    troubled: int
    credits: float
    credits_own: float
    seconds_to_id_p50: float | None
    seconds_to_id_p95: float | None
    seconds_to_finish_p50: float | None
    seconds_to_finish_p95: float | None
    stuck_now: int
    recoverable_now: int
    previous: dict[str, Any]


class Overview(TypedDict):
    """`series` holds only buckets that have videos: {at, status, n}; `causes` {cause, n, first_at, last_at};
    `freshness` {last_log_at, first_video_at, last_video_at, last_judged_at, dirty}."""

    totals: Totals
    series: list[dict[str, Any]]
    causes: list[dict[str, Any]]
    trouble: list[VideoRow]
    freshness: dict[str, Any]


class ErrorGroup(TypedDict):
    """`trend` counts each of twelve equal parts of the span; `grp` is a filter of the video list;
    `first_seen` is of all times."""

    grp: str
    cause: str | None
    stage: str | None
    n: int
    previous_n: int
    first_at: str
    last_at: str
    example_video_id: str
    trend: list[int]
    first_seen: str


class Incident(TypedDict):
    """`n` videos of one deployment with one cause, close together, of all its `videos` in between."""

    cause: str
    deployment_id: str | None
    n: int
    videos: int
    first_at: str
    last_at: str
    first_video_id: str


class ListedIncident(Incident):
    """One of `total` in the span."""

    total: int


class FunnelStage(TypedDict):
    """How many videos of a flow were in each state at a stage; `position` counts from 1."""

    flow: str
    stage: str
    position: int
    seen: int
    missing: int
    not_reached: int
    not_observable: int


class IncidentDetails(Incident):
    """One incident in full. `failed`: of its videos, those in trouble of whatever cause; `deployment_at`: the
    first video of its deployment; `cause_before_at`: the last one before the incident that it hit with the
    same cause; `clean_videos`: its videos since then, or since it began; `previous_…`: the last 24 hours of
    the deployment before; `hour_…`: the hour before it began, of all deployments."""

    error_message: str | None
    evidence: list[dict[str, Any]]
    failed: int
    deployment_at: str | None
    cause_before_at: str | None
    clean_videos: int
    previous_deployment_id: str | None
    previous_videos: int
    previous_failed: int
    hour_videos: int
    hour_failed: int


class Pulse(NamedTuple):
    """The videos requested since a moment, against a usual hour of the seven days before it.

    older_stuck   stuck ones requested before `since`
    usual_rate    0 to 1: in the median hour, the part of the ended videos (succeeded, failed or stuck) that
                  succeeded; None where no video ended in those days
    usual_videos  videos of the median hour
    usual_hours   hours that these are taken from
    """

    since: str
    videos: int
    succeeded: int
    failed: int
    stuck: int
    older_stuck: int
    usual_rate: float | None
    usual_videos: float | None
    usual_hours: int

    @property
    def all_stuck(self) -> int:
        return self.stuck + self.older_stuck

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed + self.stuck


def pulse(db: Database, since: datetime, *, own: bool = False) -> Pulse:
    """How it goes now: `since` is an hour ago."""
    return Pulse(**db.call("dailies_pulse", p_since=since.isoformat(), p_own=own)[0])


def overview(
    db: Database,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    bucket_seconds: int = 3600,
    own: bool = False,
) -> Overview:
    rows = db.call("dailies_overview", **span(since, until), p_bucket_seconds=bucket_seconds, p_own=own)
    return cast("Overview", rows[0])


def error_groups(
    db: Database,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    limit: int = 50,
    own: bool = False,
) -> list[ErrorGroup]:
    """The largest first."""
    rows = db.call("dailies_error_groups", **span(since, until), p_limit=limit, p_own=own)
    return cast("list[ErrorGroup]", rows)


def incidents(
    db: Database,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    limit: int = 100,
    own: bool = False,
) -> list[ListedIncident]:
    """The latest that the span saw, the latest first; each as a whole, also what of it lies outside."""
    rows = db.call("dailies_incidents", **span(since, until), p_own=own, p_limit=limit)
    return cast("list[ListedIncident]", rows)


def incident(
    db: Database, cause: str, at: datetime, deployment_id: str | None = None, *, own: bool = False
) -> IncidentDetails:
    """The one going on at `at`. Raises NotFound."""
    rows = db.call(
        "dailies_incident", p_cause=cause, p_at=at.isoformat(), p_deployment=deployment_id, p_own=own
    )
    return cast("IncidentDetails", rows[0])


def stage_funnel(
    db: Database, since: datetime | None = None, until: datetime | None = None, *, own: bool = False
) -> list[FunnelStage]:
    """Where flows die: by flow, in the order of its stages."""
    return cast("list[FunnelStage]", db.call("dailies_stage_funnel", **span(since, until), p_own=own))

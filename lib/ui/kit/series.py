"""What charts over time read, cached like everything that pages read."""

from __future__ import annotations

from datetime import UTC, datetime

from lib.data import series
from lib.data.database import Row
from lib.data.series import GroupKey, GroupState, Hit
from lib.operations.stage_log import DEPLOYMENT
from lib.ui.kit.dashboard import running_app
from lib.ui.kit.kept import kept
from lib.ui.kit.window import Window


def _span(window: Window) -> tuple[datetime, datetime]:
    return window.span(datetime.now(UTC))


@kept()
def deployments(window: Window) -> list[Row]:
    """Of the app: Dailies' own is none of them."""
    found = series.deployments(running_app().db, *_span(window))
    return [row for row in found if row["deployment_id"] != DEPLOYMENT]


@kept()
def states(groups: tuple[GroupKey, ...], own: bool) -> dict[GroupKey, GroupState]:
    return series.error_states(running_app().db, groups, own=own)


@kept()
def hit(window: Window, group: GroupKey) -> Hit:
    return series.hit_by(running_app().db, group, *_span(window), own=window.own)


@kept()
def stage_latency(window: Window, flow: str) -> list[Row]:
    seconds, own = window.bucket_seconds, window.own
    return series.stage_latency(running_app().db, *_span(window), flow, seconds, own=own)


@kept()
def first_missing(window: Window, flow: str) -> list[Row]:
    return series.first_missing(running_app().db, *_span(window), flow, own=window.own)


@kept()
def latency(window: Window, deployment: str | None) -> list[Row]:
    seconds, own = window.bucket_seconds, window.own
    return series.latency(running_app().db, *_span(window), seconds, deployment, own=own)


@kept()
def histogram(window: Window, deployment: str | None) -> list[Row]:
    return series.latency_histogram(running_app().db, *_span(window), deployment, own=window.own)


@kept()
def usual_rate(window: Window) -> Row | None:
    """Of the fourteen days before the window."""
    since, _ = _span(window)
    return series.usual_rate(running_app().db, since, window.bucket_seconds, own=window.own)


@kept()
def cost(window: Window) -> list[Row]:
    return series.cost_by_day(running_app().db, *_span(window), own=window.own)

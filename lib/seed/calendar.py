"""Two weeks of a production app: deployments, incidents, the rhythm of days. Times are hours before now."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

HOURS = 14 * 24
VIDEOS = 2000
SILENT = "silent"  # not a scenario: no log was kept of it


class Planned(NamedTuple):
    at: datetime
    flow: str
    deployment_id: str
    scenario: str


class Deployment(NamedTuple):
    flow: str
    since: float
    scenario: str | None = None  # what every video of it goes through


class PlannedIncident(NamedTuple):
    since: float
    until: float
    scenario: str


_DEPLOYMENTS = (
    Deployment("async-fetch", HOURS),
    Deployment("async-fetch", 262.0, "wrong_endpoint"),  # a new base URL, rolled back in an hour and a half
    Deployment("async-fetch", 260.4),
    Deployment("async-sdk", 222.0),
    Deployment("async-sdk", 170.2, "missing_api_key"),  # an environment without the key, for two hours
    Deployment("async-sdk", 168.2),
    Deployment("sync-sdk", 98.0),  # the fix
    Deployment("sync-sdk", 30.0),
)
_INCIDENTS = (
    PlannedIncident(141.0, 140.33, "network_error"),  # Runway down
    PlannedIncident(117.0, 116.3, "db_save_failed"),  # the API lost its schema cache
    PlannedIncident(54.0, 46.0, "no_credits"),  # a night until somebody bought some
    PlannedIncident(20.0, 19.5, "runway_5xx"),
)
_EVERYDAY: Mapping[str, Mapping[str, float]] = {
    "async-fetch": {
        "ok": 79, "function_terminated": 7, "task_failed": 2.5, "moderated": 2, "asset_rejected": 1.2,
        "runway_5xx": 1.2, "bad_request": 1.2, "network_error": 0.6, "rate_limited": 0.8, "unauthorized": 0.3,
        "db_processing_failed": 0.5, "no_id": 0.4, "cancelled": 0.5, "never_polled": 0.8,
    },
    "async-sdk": {
        "ok": 80, "function_terminated": 6, "task_failed": 2.5, "moderated": 2, "asset_rejected": 1.2,
        "runway_5xx": 1, "bad_request": 1.2, "network_error": 0.5, "db_processing_failed": 0.5,
        "retrieve_failed": 0.8, "no_id": 0.3, "cancelled": 0.4, "never_polled": 0.8, "polling_failing": 0.3,
    },
    "sync-sdk": {
        "ok": 88, "timeout": 1.2, "task_failed": 2.2, "moderated": 1.8, "asset_rejected": 1.2,
        "runway_5xx": 0.6, "bad_request": 0.8, "network_error": 0.4, "rate_limited": 0.5, "unauthorized": 0.2,
        "db_processing_failed": 0.4, "retrieve_failed": 0.7, "db_save_failed": 0.3, "no_id": 0.2,
        "never_polled": 0.5, "polling_failing": 0.2, "cancelled": 0.2,
    },
}  # fmt: skip
# the last hours: how many, and between how many minutes before now
_LATELY = (
    ("in_progress", 6, 0.7, 3.5),
    ("throttled", 5, 1.5, 12),
    ("ok", 10, 2, 50),
    ("timeout", 7, 12, 260),
    ("never_polled", 8, 12, 300),
    ("polling_failing", 4, 20, 200),
    ("retrieve_failed", 5, 10, 320),
    ("db_save_failed", 3, 60, 75),
    (SILENT, 3, 30, 240),
    ("no_id", 1, 90, 120),
    ("rate_limited", 3, 15, 40),
    ("moderated", 2, 20, 200),
    ("task_failed", 3, 15, 240),
    ("runway_5xx", 2, 30, 90),
    ("model_unavailable", 1, 100, 110),
    ("wrong_headers", 1, 150, 156),
    ("storage_failed", 1, 30, 280),
    ("service_failed", 1, 25, 300),
)


def plan(now: datetime, rng: Random) -> list[Planned]:
    """Every video, oldest first."""
    ids = [f"dpl_{rng.getrandbits(112):028x}" for _ in _DEPLOYMENTS]
    chosen = [*_everyday(rng)]
    for scenario, count, newest, oldest in _LATELY:
        chosen += [(rng.uniform(newest, oldest) / 60, scenario) for _ in range(count)]
    return sorted(
        Planned(now - timedelta(hours=before), deployment.flow, ids[_DEPLOYMENTS.index(deployment)], scenario)
        for before, scenario in chosen
        for deployment in [_deployment(before)]
    )


def _everyday(rng: Random) -> Iterator[tuple[float, str]]:
    hours = [h / 4 for h in range(24, HOURS * 4)]  # quarters of an hour, up to six hours ago
    # they come by day, and the app is growing
    traffic = [(1.15 + math.cos(h / 24 * 2 * math.pi)) * (1.6 - h / HOURS) for h in hours]
    for start in rng.choices(hours, traffic, k=VIDEOS - sum(n for _, n, *_ in _LATELY)):
        before = start + rng.random() / 4
        yield before, _scenario(before, rng)


def _scenario(before: float, rng: Random) -> str:
    deployment = _deployment(before)
    if deployment.scenario:
        return deployment.scenario
    incident = next((i.scenario for i in _INCIDENTS if i.until <= before <= i.since), None)
    if incident and rng.random() < 0.94:
        return incident
    mix = _EVERYDAY[deployment.flow]
    return rng.choices(list(mix), list(mix.values()))[0]


def _deployment(before: float) -> Deployment:
    return next(d for d in reversed(_DEPLOYMENTS) if before <= d.since)

"""What the process says of itself over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lib.data.database import Database


@dataclass(frozen=True, slots=True)
class HealthReadings:
    """Ages in seconds; None where there is nothing yet. The backlog is of videos to judge.

    The sweep's counts from the last one that was completed, or from the first while none has been.
    """

    queue_waiting: int
    queue_oldest_seconds: float | None
    sweep_age_seconds: float | None
    workers_alive: int
    workers_dead: int
    worker_age_seconds: float | None  # since the last sign of life of any that has not stopped
    backlog: int
    backlog_oldest_seconds: float | None
    last_log_age_seconds: float | None


class VideosNow(NamedTuple):
    """What is wrong with the app's videos: how many are stuck, how many have come since the last log entry.

    Seconds since the oldest of them was created; None where there is none.
    """

    stuck: int
    oldest_stuck_seconds: float | None
    unlogged: int
    unlogged_seconds: float | None


class Sample(NamedTuple):
    """One number for Prometheus; `name` without prefix."""

    name: str
    labels: dict[str, str]
    value: float


def health(db: Database) -> HealthReadings:
    return HealthReadings(**db.call("dailies_health")[0])


def videos_now(db: Database) -> VideosNow:
    return VideosNow(**db.call("dailies_videos_now")[0])


def metrics(db: Database) -> list[Sample]:
    rows = db.call("dailies_metrics")
    return [Sample(r["name"], r["labels"], float(r["value"])) for r in rows if r["value"] is not None]

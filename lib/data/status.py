"""What the process says of itself over HTTP, and how far the logs of a source were read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from lib.data.database import Database
from lib.domain.video import parse_time


@dataclass(frozen=True, slots=True)
class Health:
    """Ages in seconds; None where there is nothing yet. The backlog is of videos to judge."""

    queue_waiting: int
    queue_oldest_seconds: float | None
    sweep_age_seconds: float | None
    workers_alive: int
    workers_dead: int
    worker_age_seconds: float | None  # since the last sign of life of any that has not stopped
    backlog: int
    backlog_oldest_seconds: float | None
    last_log_age_seconds: float | None


class Sample(NamedTuple):
    """One number for Prometheus; `name` without prefix."""

    name: str
    labels: dict[str, str]
    value: float


class LogSource(NamedTuple):
    """How far a source was read, and the last span of it that was lost."""

    read_to: datetime
    gap: tuple[datetime, datetime] | None


def health(db: Database) -> Health:
    return Health(**db.call("dailies_health")[0])


def metrics(db: Database) -> list[Sample]:
    rows = db.call("dailies_metrics")
    return [Sample(r["name"], r["labels"], float(r["value"])) for r in rows if r["value"] is not None]


def log_source(db: Database, source: str) -> LogSource | None:
    """None while it was never read."""
    for row in db.call("dailies_log_source", p_source=source):
        read_to, gap_from, gap_to = (parse_time(row[name]) for name in ("read_to", "gap_from", "gap_to"))
        assert read_to is not None
        return LogSource(read_to, (gap_from, gap_to) if gap_from and gap_to else None)
    return None


def save_log_source(
    db: Database, source: str, read_to: datetime, gap: tuple[datetime, datetime] | None = None
) -> None:
    """Only ever moves forward."""
    lost = {"p_gap_from": gap[0].isoformat(), "p_gap_to": gap[1].isoformat()} if gap else {}
    db.call("dailies_save_log_source", p_source=source, p_read_to=read_to.isoformat(), **lost)

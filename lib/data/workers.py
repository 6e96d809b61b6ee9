"""Workers and leases: who is alive, and whose turn it is. All by the database's clock."""

from __future__ import annotations

from typing import NamedTuple

from lib.data.database import Database


class WorkerRow(NamedTuple):
    """`state` is alive, stopped or dead."""

    id: str
    host: str
    pid: int
    started_at: str
    beat_at: str
    silent_seconds: float
    doing: str | None
    state: str


class LeaseRow(NamedTuple):
    holder: str
    began_at: str
    age_seconds: float
    held: bool


def beat(
    db: Database, worker: str, host: str, pid: int, doing: str | None = None, *, stopped: bool = False
) -> None:
    db.call("dailies_beat", p_id=worker, p_host=host, p_pid=pid, p_doing=doing, p_stopped=stopped)


def workers(db: Database, dead_seconds: float = 45) -> list[WorkerRow]:
    """Newest sign of life first; `dead` are those silent for `dead_seconds` that did not say goodbye."""
    return [WorkerRow(**row) for row in db.call("dailies_workers", p_dead_seconds=dead_seconds)]


def take_lease(db: Database, name: str, holder: str, seconds: float, *, every_seconds: float = 0) -> bool:
    """False when somebody has it, or took it less than `every_seconds` ago."""
    rows = db.call(
        "dailies_take_lease", p_name=name, p_holder=holder, p_seconds=seconds, p_every_seconds=every_seconds
    )
    return bool(rows[0]["taken"])


def keep_lease(db: Database, name: str, holder: str, seconds: float) -> bool:
    """For `seconds` more; 0 ends it. False when it is lost: whoever held it stops."""
    return bool(db.call("dailies_keep_lease", p_name=name, p_holder=holder, p_seconds=seconds)[0]["kept"])


def lease(db: Database, name: str) -> LeaseRow | None:
    """Who took it last, and when; None when nobody ever did."""
    return next((LeaseRow(**row) for row in db.call("dailies_lease", p_name=name)), None)

"""Signs of life of workers, and leases: whose turn it is. All by the database's clock."""

from __future__ import annotations

from lib.data.database import Database


def beat(
    db: Database, worker: str, host: str, pid: int, doing: str | None = None, *, stopped: bool = False
) -> None:
    db.call("dailies_beat", p_id=worker, p_host=host, p_pid=pid, p_doing=doing, p_stopped=stopped)


def take_lease(db: Database, name: str, holder: str, seconds: float, *, every_seconds: float = 0) -> bool:
    """False when somebody has it, or took it less than `every_seconds` ago."""
    rows = db.call(
        "dailies_take_lease", p_name=name, p_holder=holder, p_seconds=seconds, p_every_seconds=every_seconds
    )
    return bool(rows[0]["taken"])


def keep_lease(db: Database, name: str, holder: str, seconds: float) -> bool:
    """For `seconds` more; 0 ends it. False when it is lost: whoever held it stops."""
    return bool(db.call("dailies_keep_lease", p_name=name, p_holder=holder, p_seconds=seconds)[0]["kept"])


def completed(db: Database, name: str, holder: str) -> bool:
    """Notes that what the lease was taken for has been done. False when another has it by now."""
    return bool(db.call("dailies_lease_completed", p_name=name, p_holder=holder)[0]["noted"])

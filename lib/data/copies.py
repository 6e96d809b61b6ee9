"""Which outputs were copied, where to, and which is to be copied next."""

from __future__ import annotations

from typing import NamedTuple

from lib.data.database import Database


class Copy(NamedTuple):
    """`copied_at` is None while there is none; `problem` says why."""

    place: str | None
    path: str | None
    bytes: int | None
    content_type: str | None
    copied_at: str | None
    problem: str | None


class Due(NamedTuple):
    task_id: str
    tries: int  # this one included


def claim(db: Database, lease_seconds: float = 900) -> Due | None:
    """An output to copy, ours alone for that long."""
    return next((Due(**row) for row in db.call("dailies_claim_copy", p_lease_seconds=lease_seconds)), None)


def save(db: Database, task_id: str, *, place: str, path: str, size: int, content_type: str) -> None:
    copy = {"place": place, "path": path, "bytes": size, "content_type": content_type}
    db.call("dailies_save_copy", p_task_id=task_id, p_copy=copy)


def failed(db: Database, task_id: str, problem: str, again_seconds: float) -> None:
    copy = {"problem": problem, "again_seconds": again_seconds}
    db.call("dailies_save_copy", p_task_id=task_id, p_copy=copy)


def of_task(db: Database, task_id: str) -> Copy | None:
    return next((Copy(**row) for row in db.call("dailies_copy", p_task_id=task_id)), None)

"""The queue of videos to generate: pgmq behind functions of ours, the same over both transports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import msgspec

from lib.data.database import Database, Row

VISIBILITY_SECONDS = 300  # longer than a job can take, and than a claim takes to count as left behind


@dataclass(frozen=True, slots=True)
class NewJob:
    """A video to generate under `key`. `new` holds the columns of its row when there is none yet."""

    video_id: str
    key: str
    operator: str
    model: str
    ratio: str
    duration: int
    new: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Job:
    """A job in hand. `reads` counts the times it was given out; `video` is its row, None when deleted."""

    id: int
    reads: int
    video_id: str
    key: str
    operator: str
    model: str
    ratio: str
    duration: int
    video: Row | None

    @classmethod
    def from_row(cls, row: Row) -> Job:
        return msgspec.convert(row["job"] | row | {"id": row["msg_id"]}, cls)


class Queued(NamedTuple):
    """`video_id` is that of the row; `added` is False where it waits already."""

    video_id: str
    added: bool


def enqueue(db: Database, jobs: Sequence[NewJob]) -> list[Queued]:
    """Of each job, in their order. One transaction."""
    rows = db.call("dailies_enqueue", p_jobs=[job.as_json() for job in jobs])
    return [Queued(row["video_id"], row["added"]) for row in rows]


def dequeue(
    db: Database,
    *,
    limit: int = 1,
    visibility_seconds: int = VISIBILITY_SECONDS,
    done: Sequence[int] = (),
    slots: Mapping[str, int] | None = None,
    app_model: str = "gen4_turbo",
) -> list[Job]:
    """Jobs for the caller alone, for `visibility_seconds`; `done` ones are acknowledged on the same way.

    slots   generations that may go on at once, by model, over all workers and the production app
    """
    rows = db.call(
        "dailies_dequeue",
        p_limit=limit,
        p_visibility_seconds=visibility_seconds,
        p_done=list(done),
        p_slots=dict(slots or {}),
        p_app_model=app_model,
    )
    return [Job.from_row(row) for row in rows]


def acknowledge(db: Database, ids: Sequence[int]) -> int:
    return int(db.call("dailies_ack", p_ids=list(ids))[0]["acknowledged"])


def requeue(db: Database, jobs: Sequence[Job], *, delay_seconds: int = 0, unread: bool = False) -> int:
    """Gives back those that are still the caller's; `unread` ones at once, as if never given out."""
    held = [{"msg_id": job.id, "reads": job.reads} for job in jobs]
    answer = db.call("dailies_requeue", p_jobs=held, p_delay_seconds=delay_seconds, p_unread=unread)
    return int(answer[0]["requeued"])

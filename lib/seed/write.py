"""Writes a seeded history into an empty database, and its tasks into the simulator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from lib.data.postgres import PostgresDatabase
from lib.data.seeding import Seeding, seeding
from lib.domain.task import Task
from lib.domain.trace import time_of
from lib.domain.video import UNFINISHED
from lib.logs.repeats import EntryKeys
from lib.runway.simulator.app import signed_link
from lib.runway.simulator.schedule import StoredTask
from lib.runway.simulator.store import SimulatorStore
from lib.seed.calendar import plan
from lib.seed.history import History, SeededAudit, SeededLookUp
from lib.seed.render import Renderer
from lib.seed.repairs import repair
from lib.seed.tasks import Links

SEED = 20261121
_LOG = (
    "key", "at", "request_id", "level", "message", "path", "status_code", "deployment_id",
    "video_id", "task_id",
)  # fmt: skip
_REQUESTS = ("request_id", "at", "method", "path", "status_code", "duration_ms", "deployment_id")
_TASKS = (
    "task_id", "status", "created_at", "progress", "output", "failure", "failure_code", "credits", "video_id",
    "checked_at",
)  # fmt: skip
_CLAIMED = ("id", "video_id", "key", "number", "operator", "request", "credits", "claimed_at", "sent_at")
_AUDIT = ("at", "operator", "action", "video_id", "attempt_id", "before", "after", "credits")

Values = Sequence[Any]


class Seeded(NamedTuple):
    videos: int
    entries: int
    tasks: int


def history(now: datetime, links: Links, seed: int = SEED) -> History:
    """The same arguments give the same history."""
    told, rng = History(), Random(seed)  # noqa: S311 - not for secrets
    renderer = Renderer(told, rng, now, links)
    repair(renderer, [renderer.add(planned) for planned in plan(now, rng)])
    return told


def seed_history(
    db: PostgresDatabase, simulator: SimulatorStore, simulator_url: str, now: datetime
) -> Seeded:
    """Raises BadInput when the database holds videos: a history is only written into an empty one."""
    links = links_of(simulator, simulator_url)
    with seeding(db) as into:
        told = history(now, links)
        simulator.import_tasks(told.tasks)
        return _write(into, told, links)


def _write(into: Seeding, told: History, links: Links) -> Seeded:
    # the log before the videos: every line looks for videos to mark, and each video marks itself
    into.add("requests", _REQUESTS, ((r.request_id, time_of(r.at_ms), *r[2:]) for r in told.requests))
    entries = into.add("log_entries", _LOG, _log(told))
    into.add("tasks", _TASKS, (_task(look_up, links) for look_up in told.look_ups))
    into.add("look_ups", ("task_id", "asked_at", "next_at"), _put_off(told))
    into.add_videos(told.videos)
    claimed = [attempt._asdict() for attempt in told.attempts]
    into.add("attempts", _CLAIMED, _claims(claimed))
    into.settle_attempts(claimed)
    told.audit.sort(key=_when)
    into.add("audit", _AUDIT, told.audit)
    return Seeded(len(told.videos), entries, len(told.tasks))


def links_of(simulator: SimulatorStore, url: str) -> Links:
    """The addresses a look-up gave when the task had ended: those of the last day still work."""
    return lambda task: signed_link(simulator, f"{url}/", task.id, task.ends_at)


def _log(told: History) -> Iterator[Values]:
    keys = EntryKeys()
    for entry, video_id, task_id in told.entries:
        yield (
            UUID(bytes=keys.key(entry)),
            time_of(entry.at_ms),
            entry.request_id,
            entry.level,
            entry.message,
            entry.path,
            entry.status_code,
            entry.deployment_id,
            video_id,
            task_id,
        )


def _task(look_up: SeededLookUp, links: Links) -> Values:
    return (
        *_seen(look_up.task, look_up.checked_at, links).as_row().values(),
        look_up.video_id,
        look_up.checked_at,
    )


def _put_off(told: History) -> Iterator[Values]:
    """What nobody polled stays so for a day: there would be nothing to look at otherwise."""
    status = {video["id"]: video["status"] for video in told.videos}
    for task, video_id, checked_at in told.look_ups:
        if status[video_id] in UNFINISHED and checked_at.timestamp() > task.ends_at:
            yield task.id, checked_at, checked_at + timedelta(days=1)


def _seen(stored: StoredTask, at: datetime, links: Links) -> Task:
    """The task as a look-up at that time answered."""
    status = stored.status(at.timestamp())
    ended = at.timestamp() >= stored.ends_at
    return Task(
        id=stored.id,
        status=status,
        created_at=time_of(round(stored.created_at * 1000)),
        progress=stored.progress(at.timestamp()) if status == "RUNNING" else None,
        output=(links(stored),) if status == "SUCCEEDED" else (),
        failure=stored.failure if ended else None,
        failure_code=stored.failure_code if ended else None,
        credits=stored.final_credits if ended else stored.credits,
    )


def _claims(attempts: Iterable[dict[str, Any]]) -> Iterator[Values]:
    for attempt in attempts:
        key = f"{attempt['video_id']}/{attempt['number']}"
        values = attempt | {"key": key, "sent_at": attempt["claimed_at"]}
        yield [values[column] for column in _CLAIMED]


def _when(entry: SeededAudit) -> datetime:
    return entry.at

"""Writes a seeded history into an empty database, and its tasks into the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from random import Random
from typing import NamedTuple

from lib.data.database import Database, Row
from lib.data.logs import DAY_MS, as_json, entry_row
from lib.data.postgres import PostgresDatabase
from lib.data.seeding import seeding
from lib.domain.task import Task
from lib.domain.times import iso
from lib.domain.trace import RequestSummary, time_of
from lib.domain.video import UNFINISHED
from lib.errors import NotAllowed
from lib.logs.repeats import EntryKeys
from lib.runway.simulator import ensure_simulator
from lib.runway.simulator.app import signed_link
from lib.runway.simulator.schedule import StoredTask
from lib.runway.simulator.store import SimulatorStore
from lib.seed.calendar import plan
from lib.seed.history import History, SeededAttempt, SeededLookUp
from lib.seed.render import Links, Renderer
from lib.seed.repairs import repair
from lib.settings import Settings

SEED = 20261121


class Seeded(NamedTuple):
    videos: int
    entries: int
    tasks: list[StoredTask]


def history(now: datetime, links: Links, seed: int = SEED) -> History:
    """The same arguments give the same history."""
    told, rng = History(), Random(seed)  # noqa: S311 - not for secrets
    renderer = Renderer(told, rng, now, links)
    repair(renderer, [renderer.add(planned) for planned in plan(now, rng)])
    return told


def may_be_seeded(settings: Settings) -> bool:
    """Only what Dailies has brought itself: never a database of somebody's, nor tasks at Runway."""
    return settings.database_kind == "embedded" and settings.runway_kind == "simulator"


def seed_sample(db: Database, settings: Settings) -> Seeded:
    """The history up to now. Raises as `seed_history`, and NotAllowed for whoever is no admin."""
    if not isinstance(db, PostgresDatabase):
        raise NotAllowed("It takes an admin to write a history into the database.")
    simulator = ensure_simulator(settings.data_dir)
    return seed_history(db, simulator.store, simulator.url, datetime.now(UTC))


def seed_history(
    db: PostgresDatabase, simulator: SimulatorStore, simulator_url: str, now: datetime
) -> Seeded:
    """Raises BadInput when the database holds videos: a history is only written into an empty one."""
    links = links_of(simulator, simulator_url)
    with seeding(db, simulator.folder.parent) as into:
        told = history(now, links)
        simulator.import_tasks(told.tasks)
        # the log before the videos: every line looks for videos to mark, and each video marks itself
        into.add("requests", (_request(each) for each in told.requests))
        into.add_log_weeks({time_of(each.entry.at_ms // DAY_MS * DAY_MS) for each in told.entries})
        keys = EntryKeys()
        lines = (as_json(entry_row(keys.key(each.entry), *each)) for each in told.entries)
        entries = into.add("log_entries", lines)
        into.add("tasks", (_task(look_up, links) for look_up in told.look_ups))
        into.add("look_ups", _put_off(told))
        into.add_videos(told.videos)
        into.add("attempts", map(_claim, told.attempts))
        into.settle_attempts([attempt._asdict() for attempt in told.attempts])
        into.add("audit", (each._asdict() for each in sorted(told.audit, key=attrgetter("at"))))
        return Seeded(len(told.videos), entries, told.tasks)


def links_of(simulator: SimulatorStore, url: str) -> Links:
    """The addresses a look-up gave when the task had ended: those of the last day still work."""
    return lambda task: signed_link(simulator, f"{url}/", task, task.ends_at)


def _request(request: RequestSummary) -> Row:
    row = request._asdict()
    return {"at": iso(row.pop("at_ms"))} | row


def _claim(attempt: SeededAttempt) -> Row:
    columns = ("id", "video_id", "number", "operator", "request", "credits", "claimed_at")
    key = f"{attempt.video_id}/{attempt.number}"
    return {name: getattr(attempt, name) for name in columns} | {"key": key, "sent_at": attempt.claimed_at}


def _put_off(told: History) -> Iterator[Row]:
    """What nobody polled stays so for a day: there would be nothing to look at otherwise."""
    status = {video["id"]: video["status"] for video in told.videos}
    for task, video_id, checked_at in told.look_ups:
        if status[video_id] in UNFINISHED and checked_at.timestamp() > task.ends_at:
            next_at = checked_at + timedelta(days=1)
            yield {"task_id": task.id, "asked_at": checked_at, "next_at": next_at}


def _task(look_up: SeededLookUp, links: Links) -> Row:
    """The task as that look-up answered."""
    stored, at = look_up.task, look_up.checked_at
    status = stored.status(at.timestamp())
    ended = at.timestamp() >= stored.ends_at
    task = Task(
        id=stored.id,
        status=status,
        created_at=time_of(round(stored.created_at * 1000)),
        progress=stored.progress(at.timestamp()) if status == "RUNNING" else None,
        output=(links(stored),) if status == "SUCCEEDED" else (),
        failure=stored.failure if ended else None,
        failure_code=stored.failure_code if ended else None,
        credits=stored.final_credits if ended else stored.credits,
    )
    return task.as_row() | {"video_id": look_up.video_id, "checked_at": at}

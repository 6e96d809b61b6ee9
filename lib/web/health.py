"""`GET /api/health`: whether the process can do its work, part by part.

It is *ready* (200, else 503) when it can read and write its data: an open database with the schema of this
version. Other parts are reported without making it unready: their trouble is for people, not for a load
balancer. `/api/health/live` only says that the process answers.

Anybody learns the states. Figures, and words that may quote others, are for whoever may read the metrics.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import anyio.to_thread
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lib.app import GetApp
from lib.data import status as edge
from lib.data.migrations import SchemaState, check_schema
from lib.errors import DailiesError
from lib.logs.redact import redact
from lib.web.metrics import may_watch
from lib.web.replies import Endpoint, found
from lib.web.runway_watch import RunwayWatch
from lib.web.snapshot import Snapshot

KEEP_SECONDS = 1.0
PROBE_BYTES = 64 << 10
LIMIT_SECONDS = 5.0
SKEW_SECONDS = 60  # how far the clocks of machines may be apart
QUEUE_LATE_SECONDS = 600
SWEEP_LATE_SECONDS = 300
BACKLOG_LATE_SECONDS = 600
LOGS_LATE_SECONDS = 1800  # that videos come without one, as the shipped alert rule allows

FUTURE = "Its time lies in the future: a clock was set back, or is wrong."


class State(StrEnum):
    OK = "ok"
    UNKNOWN = "unknown"  # nothing of it was seen yet
    TROUBLE = "trouble"
    DOWN = "down"  # and without it nothing works


class PartHealth(NamedTuple):
    """`age` in seconds: of what the state was read from, or of what waits."""

    state: State
    age: float | None
    message: str | None = None
    figures: Mapping[str, float] = MappingProxyType({})

    def as_json(self, *, whole: bool) -> dict[str, Any]:
        age = None if self.age is None else round(self.age, 1)
        told: dict[str, Any] = {"state": self.state, "age_seconds": age}
        if whole:
            told |= ({"message": redact(self.message)} if self.message else {}) | dict(self.figures)
        return told


class Readings(NamedTuple):
    schema: SchemaState
    health: edge.HealthReadings | None  # None where the schema lacks what it takes
    videos: edge.VideosNow | None = None


def parts_of(readings: Readings) -> Iterator[tuple[str, PartHealth]]:
    """Every part that the database knows of. What seems to have happened in the future proves nothing."""
    for name, part in _read_parts(readings):
        if part.age is None or part.age >= 0:
            yield name, part
        elif part.age >= -SKEW_SECONDS:
            yield name, part._replace(age=0.0)
        else:
            yield name, part._replace(state=State.TROUBLE, age=None, message=FUTURE)


def _read_parts(readings: Readings) -> Iterator[tuple[str, PartHealth]]:
    yield "database", PartHealth(State.OK, 0.0)
    problem = readings.schema.problem
    yield "schema", PartHealth(State.DOWN if problem else State.OK, 0.0, problem)
    if (seen := readings.health) is None:
        return
    yield "queue", _queue(seen)
    yield "sweep", _late(seen.sweep_age_seconds, SWEEP_LATE_SECONDS, "No sweep was completed for a while.")
    yield "workers", _workers(seen)
    waiting = _late(seen.backlog_oldest_seconds, BACKLOG_LATE_SECONDS, "Videos wait to be judged.")
    state = State.OK if waiting.state is State.UNKNOWN else waiting.state
    yield "judging", waiting._replace(state=state, figures={"waiting": seen.backlog})
    if now := readings.videos:
        yield "videos", _videos(now)
        yield "logs", _logs(seen, now)


def _videos(now: edge.VideosNow) -> PartHealth:
    figures = {"stuck": now.stuck}
    if not now.stuck:
        return PartHealth(State.OK, None, None, figures)
    message = "1 video is stuck." if now.stuck == 1 else f"{now.stuck:,} videos are stuck."
    return PartHealth(State.TROUBLE, now.oldest_stuck_seconds, message, figures)


def _logs(seen: edge.HealthReadings, now: edge.VideosNow) -> PartHealth:
    age = seen.last_log_age_seconds
    if age is None:
        return PartHealth(State.UNKNOWN, None, "No log entry of the app has been read.")
    late = (now.unlogged_seconds or 0) > LOGS_LATE_SECONDS
    return PartHealth(State.TROUBLE if late else State.OK, age, "Videos come without logs." if late else None)


def _queue(seen: edge.HealthReadings) -> PartHealth:
    late = (seen.queue_oldest_seconds or 0) > QUEUE_LATE_SECONDS
    message = "Jobs wait for a worker." if late else None
    figures = {"waiting": seen.queue_waiting}
    return PartHealth(State.TROUBLE if late else State.OK, seen.queue_oldest_seconds, message, figures)


def _workers(seen: edge.HealthReadings) -> PartHealth:
    figures = {"alive": seen.workers_alive, "dead": seen.workers_dead}
    if seen.workers_dead or not seen.workers_alive:
        state = State.TROUBLE if seen.workers_dead else State.UNKNOWN
        message = (
            "A worker fell silent." if seen.workers_dead else "No worker runs: start `python -m lib worker`."
        )
        return PartHealth(state, seen.worker_age_seconds, message, figures)
    return PartHealth(State.OK, seen.worker_age_seconds, None, figures)


def _late(age: float | None, limit: float, message: str) -> PartHealth:
    if age is None:
        return PartHealth(State.UNKNOWN, None)
    return PartHealth(State.TROUBLE, age, message) if age > limit else PartHealth(State.OK, age)


def _runway(watch: RunwayWatch) -> PartHealth:
    seen = watch.seen
    if seen is None:
        return PartHealth(State.UNKNOWN, None)
    if seen.credits is None:
        return PartHealth(State.TROUBLE, watch.age, seen.problem)
    return PartHealth(State.OK, watch.age)


def _data_folder(app: GetApp) -> PartHealth:
    """Whether a task id could be kept there before it is saved: without that, nothing may be paid for."""
    try:
        folder = app().settings.data_dir
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except DailiesError:  # the process still starts
        return PartHealth(State.UNKNOWN, None)
    except OSError as error:
        return PartHealth(State.DOWN, 0.0, f"The data folder takes nothing: {error.strerror}.")
    return PartHealth(State.OK, 0.0)


class HealthEndpoints:
    def __init__(self, app: GetApp, watch: RunwayWatch) -> None:
        self._app = app
        self._watch = watch
        self._readings = Snapshot(self._read, keep_seconds=KEEP_SECONDS, limit_seconds=LIMIT_SECONDS)

    async def ready(self, request: Request) -> Response:
        try:
            found_parts = dict(parts_of(await self._readings.get()))
        except DailiesError as error:
            found_parts = {"database": PartHealth(State.DOWN, None, str(error))}
        found_parts["data_folder"] = await anyio.to_thread.run_sync(_data_folder, self._app)
        found_parts["runway"] = _runway(self._watch)
        states = {part.state for part in found_parts.values()}
        whole = self._may_watch(request)
        is_ready = State.DOWN not in states
        return JSONResponse(
            {
                "status": next(s for s in (State.DOWN, State.TROUBLE, State.OK) if s in states),
                "live": True,
                "ready": is_ready,
                "parts": {name: part.as_json(whole=whole) for name, part in found_parts.items()},
            },
            200 if is_ready else 503,
            background=BackgroundTask(self._watch.refresh),
        )

    async def live(self, request: Request) -> Response:  # noqa: ARG002
        return found(live=True)

    def _may_watch(self, request: Request) -> bool:
        try:
            return may_watch(request, self._app().settings)
        except DailiesError:  # the process still starts
            return False

    def _read(self) -> Readings:
        database = self._app().db
        schema = check_schema(database)
        if schema.problem:
            return Readings(schema, None)
        return Readings(schema, edge.health(database), edge.videos_now(database))


def routes(app: GetApp, watch: RunwayWatch) -> list[Route]:
    health = HealthEndpoints(app, watch)
    return [
        Route("/api/health", Endpoint(GET=health.ready)),
        Route("/api/health/live", Endpoint(GET=health.live)),
    ]

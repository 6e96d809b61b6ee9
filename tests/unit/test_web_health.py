"""HealthReadings and metrics: what they say when all is well, when not, and to whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from lib.app import App
from lib.data import queue, workers
from lib.data.database import Row
from lib.data.migrations import SchemaState
from lib.data.postgres import PostgresDatabase
from lib.data.status import HealthReadings, VideosNow
from lib.data.videos import import_videos
from lib.errors import DailiesError, DatabaseUnavailable
from lib.web.health import Readings, State, parts_of
from lib.web.runway_watch import RunwayWatch
from lib.web.snapshot import Snapshot
from tests.examples import WALTZ, the_videos
from tests.web import CRON_SECRET, DRAIN_SECRET, FakeParts, Runway, application, served, settings

GOOD = SchemaState("1", "1", ())
QUIET = HealthReadings(0, None, None, 1, 0, 1.0, 0, None, 5.0)


@pytest.fixture
def parts(postgres: PostgresDatabase) -> FakeParts:
    return FakeParts(postgres, settings(metrics_token=None))


@pytest.fixture
def client(parts: FakeParts) -> Iterator[httpx.Client]:
    with served(application(parts)) as http:
        yield http


class Broken:
    """A database that went away."""

    label = "broken"

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        raise DatabaseUnavailable("The database cannot be reached: connection refused")

    def close(self) -> None: ...


WORKING = ("database", "schema", "queue", "sweep", "workers", "judging")


def states(readings: Readings) -> dict[str, str]:
    return {name: part.state for name, part in parts_of(readings)}


def test_a_process_that_can_work_is_ready(client: httpx.Client, postgres: PostgresDatabase) -> None:
    import_videos(postgres, the_videos())
    workers.beat(postgres, "w1", "host", 1)
    workers.take_lease(postgres, "sweep", "w1", 60)
    workers.completed(postgres, "sweep", "w1")
    answer = client.get("/api/health")
    body = answer.json()
    assert (answer.status_code, body["ready"], body["status"]) == (200, True, "ok")
    assert answer.headers["cache-control"] == "no-store"
    found = {name: part["state"] for name, part in body["parts"].items()}
    assert found == dict.fromkeys((*WORKING, "videos"), "ok") | {
        "logs": "unknown",
        "runway": "unknown",
    }
    assert body["parts"]["judging"]["waiting"] == 3
    assert all("age_seconds" in part for part in body["parts"].values())


def test_without_its_database_it_is_alive_and_not_ready() -> None:
    with served(application(FakeParts(Broken(), settings()))) as client:
        answer = client.get("/api/health")
        assert client.get("/api/health/live").json() == {"live": True}
    assert (answer.status_code, answer.json()["ready"], answer.json()["live"]) == (503, False, True)
    assert "connection refused" in answer.json()["parts"]["database"]["message"]


def test_while_it_starts_it_is_not_ready() -> None:
    with served(application(FakeParts(None, settings(), no_database="Opening the database"))) as client:
        answer = client.get("/api/health")
    assert (answer.status_code, answer.json()["parts"]["database"]["message"]) == (
        503,
        "Opening the database",
    )


def test_a_schema_of_another_version_makes_it_unready() -> None:
    behind = Readings(SchemaState("1", "2", ()), None)
    assert states(behind) == {"database": "ok", "schema": "down"}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"queue_oldest_seconds": 601.0}, "queue"),
        ({"sweep_age_seconds": 301.0}, "sweep"),
        ({"workers_dead": 1}, "workers"),
        ({"backlog_oldest_seconds": 601.0}, "judging"),
    ],
)
def test_what_is_late_or_dead_is_named(change: dict[str, float], part: str) -> None:
    before = states(Readings(GOOD, QUIET))
    after = states(
        Readings(
            GOOD, HealthReadings(**{name: getattr(QUIET, name) for name in HealthReadings.__slots__} | change)
        )
    )
    assert before[part] != State.TROUBLE
    assert {name for name, state in after.items() if state is State.TROUBLE} == {part}


@pytest.mark.parametrize(
    ("seen", "now", "expected"),
    [
        (QUIET, VideosNow(0, None, 0, None), {"videos": "ok", "logs": "ok"}),
        (QUIET, VideosNow(18, 9000.0, 0, None), {"videos": "trouble", "logs": "ok"}),
        (QUIET, VideosNow(0, None, 12, 2400.0), {"videos": "ok", "logs": "trouble"}),
        (replace(QUIET, last_log_age_seconds=None), VideosNow(0, None, 0, None), {"logs": "unknown"}),
    ],
)
def test_nothing_is_called_ok_about_videos_that_are_stuck_or_logs_that_are_not_there(
    seen: HealthReadings, now: VideosNow, expected: dict[str, str]
) -> None:
    assert expected.items() <= states(Readings(GOOD, seen, now)).items()


def test_no_worker_at_all_is_said(client: httpx.Client) -> None:
    told = client.get("/api/health").json()["parts"]["workers"]
    assert (told["state"], told["message"]) == ("unknown", "No worker runs: start `python -m lib worker`.")


def test_runway_is_asked_beside_the_requests_and_seldom(client: httpx.Client, parts: FakeParts) -> None:
    for _ in range(5):
        client.get("/api/health")
    while not parts.runway.asked:
        time.sleep(0.01)
    told = client.get("/api/health").json()["parts"]["runway"]
    assert told["state"] == "ok"
    assert parts.runway.asked == 1


def test_of_runway_nothing_is_said_before_it_was_asked_in_a_process_that_has_started(
    postgres: PostgresDatabase,
) -> None:
    """Whoever asks for health during the start must not see a minute of trouble after it."""
    parts = FakeParts(postgres, settings(), None)
    watch = RunwayWatch(lambda: parts.app)
    told = []
    for parts.runway in (None, Runway(1000)):
        watch.refresh()
        told.append(watch.seen.credits if watch.seen else None)
    assert told == [None, 1000]


def test_a_process_that_has_opened_nothing_yet_has_asked_nothing() -> None:
    def nothing() -> App:
        raise DailiesError("nothing has been opened")

    watch = RunwayWatch(nothing)
    watch.refresh()
    assert watch.seen is None


def test_runway_is_asked_again_when_its_answer_is_old(parts: FakeParts) -> None:
    now = 0.0
    watch = RunwayWatch(lambda: parts.app, lambda: now)
    watch.refresh()
    now = 59.0
    watch.refresh()
    assert (parts.runway.asked, watch.age) == (1, 59.0)
    now = 61.0
    parts.runway.credits = None
    watch.refresh()
    assert watch.seen is not None
    assert (watch.seen.credits, watch.age) == (None, 0.0)


def test_no_secret_is_in_any_answer(client: httpx.Client) -> None:
    texts = [client.get(path).text for path in ("/api/health", "/metrics", "/api/cron/sweep", "/api/none")]
    assert not any(
        secret in text for text in texts for secret in (DRAIN_SECRET, CRON_SECRET, "postgresql://")
    )


def test_a_database_that_hangs_is_unready_within_seconds_and_gathers_no_threads() -> None:
    release = threading.Event()

    async def ask() -> int:
        snapshot = Snapshot(release.wait, keep_seconds=1, limit_seconds=0.05)
        for _ in range(8):
            with pytest.raises(DatabaseUnavailable, match=r"did not answer within 0\.05 s"):
                await snapshot.get()
        await anyio.sleep(0.1)
        hanging = sum("AnyIO" in thread.name for thread in threading.enumerate())
        release.set()
        return hanging

    assert anyio.run(ask) <= 3  # one of them hangs, others idle until they are used again


def test_many_who_ask_at_once_cost_one_query(parts: FakeParts) -> None:
    reads = 0

    def read() -> int:
        nonlocal reads
        reads += 1
        time.sleep(0.05)
        return reads

    async def ask() -> None:
        snapshot = Snapshot(read, keep_seconds=5, limit_seconds=5)
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(snapshot.get)

    anyio.run(ask)
    assert reads == 1


def samples(text: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_metrics_are_prometheus_text(client: httpx.Client, postgres: PostgresDatabase) -> None:
    import_videos(postgres, the_videos())
    queue.enqueue(postgres, [queue.NewJob(WALTZ, "k", "ada", "gen4_turbo", "1280:720", 5)])
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = samples(answer.text)
    assert found["dailies_up",] == 1
    assert found["dailies_videos", "succeeded"] == 1
    assert found["dailies_queue_jobs", "waiting"] == 1
    assert found["dailies_judging_backlog",] == 3


def test_metrics_say_when_the_database_is_away() -> None:
    with served(application(FakeParts(Broken(), settings(), Runway(None)))) as client:
        assert samples(client.get("/metrics").text)["dailies_up",] == 0


def test_metrics_tell_what_runway_said_last(client: httpx.Client, parts: FakeParts) -> None:
    client.get("/metrics")
    while not parts.runway.asked:
        time.sleep(0.01)
    assert samples(client.get("/metrics").text)["dailies_runway_credits",] == 1000


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
def test_metrics_are_for_this_machine_unless_a_token_is_set(client: httpx.Client, header: str) -> None:
    answer = client.get("/metrics", headers={header: "127.0.0.1"})
    assert (answer.status_code, answer.json()["error"]) == (403, "not_configured")


def test_with_a_token_metrics_are_for_who_sends_it(postgres: PostgresDatabase) -> None:
    with served(application(FakeParts(postgres, settings(metrics_token="scrape-me")))) as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic scrape-me"}):
            assert client.get("/metrics", headers=headers).status_code == 401
        headers = {"authorization": "bearer scrape-me", "x-forwarded-for": "203.0.113.9"}
        assert client.get("/metrics", headers=headers).status_code == 200

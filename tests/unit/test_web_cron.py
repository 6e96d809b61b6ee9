"""Cron: who may fire it, and that what is fired twice, or beside a worker, happens once."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from lib.data import audit, videos
from lib.data.postgres import PostgresDatabase
from lib.data.queue import NewJob, enqueue
from lib.operations.sweep import sweep
from lib.web.cron import SWEEP_EVERY_SECONDS, Cron
from lib.web.replies import Endpoint
from tests.simulated import REQUEST, simulated
from tests.web import CRON_SECRET, FakeParts, Switch, application, served, settings

BEARER = {"authorization": f"Bearer {CRON_SECRET}"}


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Switch, httpx.Client]]:
    """One server for all tests."""
    switch = Switch()
    with served(application(switch)) as http:
        yield switch, http


@pytest.fixture
def parts(postgres: PostgresDatabase, tmp_path: Path) -> FakeParts:
    return FakeParts(postgres, settings(data_dir=tmp_path))


@pytest.fixture
def client(shared: tuple[Switch, httpx.Client], parts: FakeParts) -> httpx.Client:
    switch, http = shared
    switch.parts = parts
    return http


def stuck_video() -> dict[str, Any]:
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return {"id": str(uuid.uuid4()), "status": "processing", "created_at": at, "updated_at": at}


@pytest.mark.parametrize("path", ["/api/cron/sweep", "/api/cron/process"])
@pytest.mark.parametrize(
    "header", [None, CRON_SECRET, f"Basic {CRON_SECRET}", "Bearer", "Bearer wrong", f"Bearer {CRON_SECRET}x"]
)
def test_only_who_sends_the_secret_may_fire(client: httpx.Client, path: str, header: str | None) -> None:
    answer = client.get(path, headers={"authorization": header} if header else {})
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


def test_without_a_secret_nobody_may_fire(postgres: PostgresDatabase) -> None:
    with served(application(FakeParts(postgres, settings(cron_secret=None)))) as client:
        answer = client.get("/api/cron/sweep", headers={"authorization": "Bearer"})
    assert (answer.status_code, answer.json()["error"]) == (401, "not_configured")


def test_a_sweep_says_what_it_decided(client: httpx.Client, postgres: PostgresDatabase) -> None:
    videos.import_videos(postgres, [stuck_video(), stuck_video()])
    answer = client.get("/api/cron/sweep", headers=BEARER)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["done"], body["acted"], body["complete"]) == (True, True, True)
    assert sum(body["decisions"].values()) == 2


def test_a_sweep_fired_twice_at_once_beside_a_worker_acts_once(
    client: httpx.Client, parts: FakeParts, postgres: PostgresDatabase
) -> None:
    videos.import_videos(postgres, [stuck_video() for _ in range(20)])
    start = threading.Barrier(8)

    def fire(number: int) -> bool:
        start.wait()
        if number % 2:
            return bool(client.get("/api/cron/sweep", headers=BEARER).json()["acted"])
        report = sweep(parts.app, holder=f"worker-{number}", every_seconds=SWEEP_EVERY_SECONDS)
        return report is not None

    with ThreadPoolExecutor(8) as threads:
        acted = list(threads.map(fire, range(8)))
    assert acted.count(True) == 1
    decided = [row for row in audit.trail(postgres, limit=1000) if row["video_id"]]
    assert len({row["video_id"] for row in decided}) == len(decided)


def test_a_queue_processed_twice_at_once_pays_once(parts: FakeParts, tmp_path: Path) -> None:
    with simulated(tmp_path / "simulator") as runway:
        parts.runway = runway.client
        enqueue(
            parts.app.db,
            [
                NewJob(
                    video_id=str(uuid.uuid4()),
                    key=f"key-{number}",
                    operator="ada",
                    model=REQUEST.model,
                    ratio=REQUEST.ratio,
                    duration=REQUEST.duration,
                    new={"prompt": REQUEST.prompt, "input_image_url": REQUEST.image},
                )
                for number in range(2)
            ],
        )
        with (
            served(application(parts)) as one,
            served(application(parts)) as other,
            ThreadPoolExecutor(4) as threads,
        ):
            answers = list(
                threads.map(
                    lambda http: http.get("/api/cron/process", headers=BEARER), [one, other, one, other]
                )
            )
        assert [answer.status_code for answer in answers] == [200] * 4
        assert sum(answer.json()["processed"] for answer in answers) == 2
        assert len(runway.task_ids) == 2


def test_an_answer_comes_in_time_while_the_work_goes_on(parts: FakeParts) -> None:
    finish = threading.Event()

    def slow(_: Any, is_late: Any) -> dict[str, Any]:
        finish.wait(5)
        return {}

    cron = Cron(lambda: parts.app, slow, seconds=0.1)
    with served(Starlette(routes=[Route("/slow", Endpoint(GET=cron.fire))])) as client:
        began = time.monotonic()
        answer = client.get("/slow", headers=BEARER)
        finish.set()
    assert (answer.status_code, answer.json()["done"]) == (202, False)
    assert time.monotonic() - began < 2

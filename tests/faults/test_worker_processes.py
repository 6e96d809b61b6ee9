"""Real worker processes over a real Postgres: killed, told to stop, side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from lib.data import attempts, queue, videos, workers
from lib.data.postgres import PostgresDatabase
from lib.operations.generate import enqueue
from lib.operations.sweep import AT_ONCE
from lib.runway.simulator import SIMULATOR_KEY
from lib.runway.simulator.programme import PlannedFault
from lib.settings import ROOT
from tests import production
from tests.apps import app_of
from tests.examples import queue_metrics, worker_states
from tests.production import attempts_of
from tests.simulated import REQUEST, Simulated, simulated

CREATION = ("POST", "/v1/image_to_video")
N = 8
LOOK_UP = ("GET", "/v1/tasks/")


class Plant:
    """Workers as processes; each on a machine, that is a data folder, of its own."""

    def __init__(self, db: PostgresDatabase, url: str, runway: Simulated, folder: Path) -> None:
        self.db, self.url, self.runway, self.folder = db, url, runway, folder
        self.started: list[subprocess.Popen[bytes]] = []

    def worker(self) -> subprocess.Popen[bytes]:
        home = self.folder / f"machine{len(self.started)}"
        home.mkdir()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "DAILIES_DATA": str(home),
            "DATABASE_URL": self.url,
            "RUNWAY_API_KEY": SIMULATOR_KEY,
            "RUNWAY_BASE_URL": self.runway.server.url,
        }
        patience = ("--idle", "0.1", "--visibility", "3", "--stale", "2")
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lib", "worker", *patience],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.started.append(process)
        return process

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("machine*/log")))

    def until(self, done: Callable[[], object], seconds: float = 30) -> None:
        ends = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < ends, self.logs()
            time.sleep(0.02)

    def calls_going_on(self) -> int:
        return sum(attempt.state == "sent" for attempt in attempts.stale(self.db, 0))

    def is_drained(self) -> bool:
        seen = queue_metrics(self.db)
        return bool(seen.waiting + seen.delayed + seen.in_hand == 0)

    def fault_is_used(self) -> bool:
        return not self.runway.store.programme._file.rows("select 1 from faults")


@contextmanager
def running(plant: Plant) -> Iterator[Plant]:
    try:
        yield plant
    finally:
        for process in plant.started:
            process.kill()
            process.wait(10)


@pytest.fixture
def plant(postgres: PostgresDatabase, database_url: str, tmp_path: Path) -> Iterator[Plant]:
    with (
        simulated(tmp_path / "simulator", speed=20) as runway,
        running(Plant(postgres, database_url, runway, tmp_path)) as plant,
    ):
        runway.store.configure(concurrency=50)
        yield plant


def test_two_workers_of_which_one_is_killed_lose_nothing_and_pay_nothing_twice(plant: Plant) -> None:
    ids = enqueue(app_of(plant.db), [REQUEST] * N)
    plant.runway.store.programme.add([PlannedFault("slow:0.3", *CREATION)] * N)
    victim, survivor = plant.worker(), plant.worker()
    plant.until(lambda: plant.calls_going_on() == 2)  # one is the victim's
    victim.kill()
    victim.wait(10)
    plant.until(plant.is_drained)
    assert survivor.poll() is None

    found = {video_id: attempts_of(plant.db, video_id) for video_id in ids}
    settled = {
        video_id: [a.state for a in tries if a.state != "abandoned"] for video_id, tries in found.items()
    }
    assert all(states in (["created"], ["unknown"]) for states in settled.values()), settled
    unknown = [video_id for video_id, states in settled.items() if states == ["unknown"]]
    assert len(unknown) <= 1
    saved = {videos.get_video(plant.db, video_id)["video"]["runway_video_id"] for video_id in ids} - {None}
    assert len(saved) == N - len(unknown)
    assert saved <= set(plant.runway.task_ids)
    assert len(plant.runway.task_ids) <= N
    assert plant.runway.posts <= N
    assert set(worker_states(plant.db, dead_seconds=0).values()) == {"dead"}


def test_told_to_stop_in_the_middle_of_a_paid_call_it_saves_the_id_first(plant: Plant) -> None:
    first, second = enqueue(app_of(plant.db), [REQUEST] * 2)
    plant.runway.store.programme.add([PlannedFault("slow:1", *CREATION)])
    worker = plant.worker()
    plant.until(lambda: plant.runway.posts == 1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0, plant.logs()
    assert videos.get_video(plant.db, first)["video"]["runway_video_id"] == plant.runway.task_ids[0]
    assert [job.video_id for job in queue.dequeue(plant.db, limit=5)] == [second]
    assert list(worker_states(plant.db).values()) == ["stopped"]
    assert plant.runway.posts == 1


def test_told_to_stop_in_the_middle_of_a_look_up_it_saves_what_runway_says(plant: Plant) -> None:
    video_id = production.put_row(plant.db, minutes=1, runway_video_id=plant.runway.client.create(REQUEST).id)
    plant.runway.store.configure(speed=1000)
    time.sleep(0.1)
    plant.runway.store.programme.add([PlannedFault("slow:1", *LOOK_UP)])
    worker = plant.worker()
    plant.until(plant.fault_is_used)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0, plant.logs()
    assert videos.get_video(plant.db, video_id)["task"] is not None


def test_told_to_stop_in_the_middle_of_a_sweep_it_finishes_the_recoveries_in_hand(plant: Plant) -> None:
    tasks = []
    for _ in range(2 * AT_ONCE + 1):
        tasks.append(plant.runway.client.create(REQUEST).id)
        video_id = production.put_row(plant.db, minutes=0)
        production.put_log(plant.db, video_id, *production.ANSWERED, minutes=0, task=tasks[-1])
    with psycopg.connect(plant.url) as connection:
        ago = "now() - interval '20 minutes'"
        connection.execute(f"update public.videos set created_at = {ago}, updated_at = {ago}".encode())
        connection.execute("update dailies.log_entries set at = at - interval '19 minutes'")
    plant.runway.store.programme.add([PlannedFault("slow:2", *LOOK_UP)] * AT_ONCE)
    worker = plant.worker()
    plant.until(plant.fault_is_used)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0, plant.logs()
    rows = videos.list_videos(plant.db)
    assert sorted(row["runway_video_id"] or "" for row in rows)[0] == ""
    # the next ones may have been begun, but none after these
    assert AT_ONCE <= sum(row["runway_video_id"] in tasks for row in rows) <= 2 * AT_ONCE
    assert workers.take_lease(plant.db, "sweep", "next", 60), "it gave its lease back"

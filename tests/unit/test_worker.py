"""Workers carry out queued videos; one that is killed loses nothing and pays nothing twice."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from lib.data import attempts, credits, decisions, queue, videos, workers
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.data.queue import Job, NewJob
from lib.domain.attempt import AttemptState
from lib.domain.sweep import WORKER
from lib.errors import DatabaseConflict, RunwayError
from lib.operations.generate import enqueue
from lib.operations.process import Processed, process
from lib.runway.client import RunwayClient, connect
from lib.runway.simulator import SIMULATOR_KEY
from lib.settings import ROOT
from lib.worker.jobs import JobVerb, JournalVerb, slots_of
from lib.worker.start import Pace, build_worker
from tests import production
from tests.apps import app_of
from tests.examples import queue_metrics, worker_states
from tests.production import attempts_of
from tests.simulated import COST, REQUEST, Simulated, simulated


class Killed(BaseException):
    """What SIGKILL is to a process."""


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0) as running:
        yield running


class Worker:
    """One machine: its journal, and its hands in the queue. Times are short: killed ones count at once."""

    def __init__(self, db: PostgresDatabase, runway: Simulated, folder: Path, name: str = "one") -> None:
        self.db, self.runway, self.name = db, runway, name
        self.app = app_of(db, runway.client, folder / name)
        self.stopping = threading.Event()

    def carry(self, job: Job, dies_at: str = "", stale: float = 0) -> Processed:
        def step(name: str) -> None:
            if name == dies_at:
                raise Killed

        return process(replace(self.app, on_step=step), job, stale_seconds=stale)

    def verb(self, dies_at: str = "", stale: float = 0) -> JobVerb:
        return JobVerb(
            self.app,
            lambda job: self.carry(job, dies_at, stale),
            stopping=self.stopping,
            visibility_seconds=0,
        )

    def killed_at(self, step: str) -> None:
        with pytest.raises(Killed):
            self.verb(dies_at=step).step()


@pytest.fixture
def worker(postgres: PostgresDatabase, runway: Simulated, tmp_path: Path) -> Worker:
    return Worker(postgres, runway, tmp_path)


def row(db: Database, video_id: str) -> dict[str, object]:
    return videos.get_video(db, video_id)["video"]


def states(db: Database, video_id: str) -> list[str]:
    """Of its attempts, the first one first."""
    return [attempt.state.value for attempt in reversed(attempts_of(db, video_id))]


def test_a_queued_video_gets_one_task_in_the_name_of_who_asked_for_it(worker: Worker) -> None:
    (video_id,) = enqueue(worker.app, [REQUEST])
    verb = worker.verb()
    assert verb.step() == 1
    assert verb.step() == 0
    (attempt,) = attempts_of(worker.db, video_id)
    assert (attempt.operator, attempt.state, attempt.request) == (
        "ann",
        AttemptState.CREATED,
        REQUEST.as_json(),
    )
    assert row(worker.db, video_id)["runway_video_id"] == attempt.task_id
    assert worker.runway.task_ids == [attempt.task_id]
    assert queue_metrics(worker.db).in_hand == 0


def test_a_worker_killed_before_it_sent_pays_once_in_the_end(worker: Worker) -> None:
    (video_id,) = enqueue(worker.app, [REQUEST])
    worker.killed_at("claimed")
    worker.verb().step()
    assert states(worker.db, video_id) == ["abandoned", "created"]
    assert worker.runway.posts == 1


@pytest.mark.parametrize("step", ["sent", "answered"])
def test_after_a_worker_was_killed_during_the_call_nobody_pays_again(worker: Worker, step: str) -> None:
    (video_id,) = enqueue(worker.app, [REQUEST])
    worker.killed_at(step)
    posts = worker.runway.posts
    verb = worker.verb()
    verb.step()
    assert states(worker.db, video_id) == ["unknown"]
    assert worker.runway.posts == posts
    assert "25 credits are at risk" in str(row(worker.db, video_id)["error_message"])
    assert verb.step() == 0


def test_an_id_in_the_journal_of_the_same_machine_is_saved(worker: Worker) -> None:
    (video_id,) = enqueue(worker.app, [REQUEST])
    worker.killed_at("journaled")
    worker.verb().step()
    assert states(worker.db, video_id) == ["created"]
    assert row(worker.db, video_id)["runway_video_id"] == worker.runway.task_ids[0]
    assert worker.runway.posts == 1


@pytest.mark.parametrize("step", ["saved", "logged"])
def test_a_worker_killed_after_it_saved_left_nothing_to_do(worker: Worker, step: str) -> None:
    (video_id,) = enqueue(worker.app, [REQUEST])
    worker.killed_at(step)
    worker.verb().step()
    assert states(worker.db, video_id) == ["created"]
    assert worker.runway.posts == 1


def test_an_attempt_that_is_on_its_way_is_left_to_whoever_makes_it(worker: Worker) -> None:
    (video_id,) = enqueue(worker.app, [REQUEST])
    worker.killed_at("claimed")
    assert worker.verb(stale=60).step() == 1
    assert states(worker.db, video_id) == ["claimed"]
    assert queue_metrics(worker.db).delayed == 1


def test_a_worker_that_was_only_asleep_sends_nothing_once_it_was_given_up(worker: Worker) -> None:
    (video_id,) = enqueue(worker.app, [REQUEST])
    other = Worker(worker.db, worker.runway, worker.app.settings.data_dir.parent, "two")

    def step(name: str) -> None:
        if name == "claimed":
            other.verb().step()

    (job,) = queue.dequeue(worker.db, visibility_seconds=0)
    process(replace(worker.app, on_step=step), job)
    assert states(worker.db, video_id) == ["abandoned", "created"]
    assert worker.runway.posts == 1


def test_a_refusal_is_in_the_row_and_ends_the_job(worker: Worker) -> None:
    (video_id,) = enqueue(worker.app, [replace(REQUEST, prompt=f"{REQUEST.prompt} [fault:http:401]")])
    verb = worker.verb()
    verb.step()
    assert states(worker.db, video_id) == ["refused"]
    assert row(worker.db, video_id)["status"] == "failed"
    assert verb.step() == 0


def test_how_long_runway_asked_to_wait_is_kept(worker: Worker, database_url: str) -> None:
    enqueue(worker.app, [replace(REQUEST, prompt="Rex [fault:http:429:1234]")])
    worker.verb().step()
    with psycopg.connect(database_url) as connection:
        found = connection.execute("select asked_to_wait_seconds::int from dailies.attempts").fetchall()
    assert found == [(1234,)]


def test_a_video_that_cannot_be_sent_is_set_aside_with_the_reason(worker: Worker) -> None:
    video_id = production.put_row(worker.db, status="queued", input_image_url="http://no.example/rex.jpg")
    job = NewJob(video_id, f"{video_id}/1", "ann", REQUEST.model, REQUEST.ratio, REQUEST.duration)
    queue.enqueue(worker.db, [job])
    verb = worker.verb()
    verb.step()
    assert verb.step() == 0
    (flag,) = decisions.flagged(worker.db)
    assert flag.video_id == video_id
    assert "https://" in flag.reason
    assert worker.runway.posts == 0


def test_a_job_that_fails_again_and_again_is_set_aside(worker: Worker, database_url: str) -> None:
    enqueue(worker.app, [REQUEST])
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update pgmq.q_dailies set read_ct = 10")
    worker.verb().step()
    assert "failed 10 times" in decisions.flagged(worker.db)[0].reason
    assert worker.runway.posts == 0


def test_a_deleted_video_is_not_brought_back(worker: Worker, database_url: str) -> None:
    enqueue(worker.app, [REQUEST])
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("delete from public.videos")
    verb = worker.verb()
    verb.step()
    assert verb.step() == 0
    assert videos.list_videos(worker.db, videos.Filters(own=True)) == []
    assert worker.runway.posts == 0


def test_a_row_that_the_app_took_up_meanwhile_is_left_to_it(worker: Worker) -> None:
    video_id = production.put_row(worker.db, status="queued")
    job = NewJob(video_id, f"{video_id}/1", WORKER, REQUEST.model, REQUEST.ratio, REQUEST.duration)
    queue.enqueue(worker.db, [job])
    production.put_log(worker.db, video_id, *production.ACCEPTED)
    worker.verb().step()
    assert worker.runway.posts == 0
    assert attempts_of(worker.db, video_id) == []


def test_a_job_taken_while_stopping_goes_back_unread(worker: Worker, database_url: str) -> None:
    enqueue(worker.app, [REQUEST])
    worker.stopping.set()
    worker.verb().step()
    assert worker.runway.posts == 0
    (again,) = queue.dequeue(worker.db)
    assert again.reads == 1


def test_the_last_job_is_acknowledged_at_the_end(worker: Worker) -> None:
    enqueue(worker.app, [REQUEST])
    verb = worker.verb()
    verb.step()
    verb.finish()
    assert queue.dequeue(worker.db) == []


def test_while_runway_does_not_answer_no_job_is_begun(worker: Worker) -> None:
    enqueue(worker.app, [REQUEST])
    worker.runway.server.stop()
    verb = JobVerb(worker.app, worker.carry, slots=lambda: slots_of(worker.runway.client))
    with pytest.raises(RunwayError):
        verb.step()
    assert queue_metrics(worker.db).waiting == 1


@contextmanager
def later(runway: Simulated) -> Iterator[RunwayClient]:
    """A client that has asked for nothing yet, as ours is again after a minute."""
    client = connect(SIMULATOR_KEY, runway.server.url)
    yield client
    client.close()


def test_the_limits_are_asked_for_once_a_minute(runway: Simulated) -> None:
    runway.store.configure(concurrency=3)
    assert slots_of(runway.client)[REQUEST.model] == 3
    runway.store.configure(concurrency=7)
    assert slots_of(runway.client)[REQUEST.model] == 3
    with later(runway) as client:
        assert slots_of(client)[REQUEST.model] == 7


def test_with_todays_generations_used_up_jobs_wait(worker: Worker) -> None:
    worker.runway.store.configure(daily=1)
    enqueue(worker.app, [REQUEST] * 2)
    worker.verb().step()
    with later(worker.runway) as client:
        assert slots_of(client)[REQUEST.model] == 0


def test_a_whole_worker_brings_a_batch_to_its_end_within_the_slots(
    postgres: PostgresDatabase, database_url: str, runway: Simulated, tmp_path: Path
) -> None:
    runway.store.configure(concurrency=2, speed=100)
    app = app_of(postgres, runway.client, tmp_path)
    ids = enqueue(app, [REQUEST] * 4)
    loop = build_worker(app, Pace(idle=0.02))
    loop.start()
    deadline = time.monotonic() + 20
    while any(
        video["status"] != "succeeded" for video in videos.list_videos(postgres, videos.Filters(own=True))
    ):
        assert loop.is_running
        assert time.monotonic() < deadline, (
            loop.problems,
            videos.list_videos(postgres, videos.Filters(own=True)),
        )
        with psycopg.connect(database_url) as connection:  # nobody has to wait out the five seconds
            connection.execute("update dailies.look_ups set next_at = now()")
        time.sleep(0.05)
    assert list(worker_states(postgres).values()) == ["alive"]
    assert loop.stop()
    assert list(worker_states(postgres).values()) == ["stopped"]
    assert all(str(row(postgres, video_id)["video_url"]).startswith("http") for video_id in ids)
    assert runway.posts == 4


def test_the_journal_is_replayed_when_it_has_grown(worker: Worker) -> None:
    (video_id,) = enqueue(worker.app, [REQUEST])
    verb = JournalVerb(worker.app)
    assert verb.step() == 0
    worker.killed_at("journaled")
    assert verb.step() == 1
    assert row(worker.db, video_id)["runway_video_id"] == worker.runway.task_ids[0]
    assert verb.step() == 0


def test_a_silent_worker_counts_as_dead_and_one_that_said_goodbye_does_not(
    db: Database, database_url: str
) -> None:
    for name in ("alive", "dead", "stopped"):
        workers.beat(db, name, "host", 1, "video x")
    workers.beat(db, "stopped", "host", 1, stopped=True)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "update dailies.workers set beat_at = now() - interval '46 seconds' where id <> 'alive'"
        )
    assert worker_states(db) == {
        "alive": "alive",
        "dead": "dead",
        "stopped": "stopped",
    }


def test_a_lease_has_one_holder_until_it_ends(db: Database) -> None:
    assert workers.take_lease(db, "sweep", "one", 60)
    assert not workers.take_lease(db, "sweep", "two", 60)
    assert workers.keep_lease(db, "sweep", "one", 60)
    assert not workers.keep_lease(db, "sweep", "two", 60)
    assert workers.keep_lease(db, "sweep", "one", 0)
    assert workers.take_lease(db, "sweep", "two", 60)
    assert not workers.keep_lease(db, "sweep", "one", 60)


def test_a_lease_is_not_taken_again_before_its_turn(db: Database) -> None:
    assert workers.take_lease(db, "sweep", "one", 0, every_seconds=60)
    assert not workers.take_lease(db, "sweep", "two", 60, every_seconds=60)
    assert workers.take_lease(db, "sweep", "two", 60, every_seconds=0)


def test_a_killed_holders_lease_ends_by_itself(db: Database) -> None:
    assert workers.take_lease(db, "sweep", "one", 0.2)
    time.sleep(0.3)
    assert workers.take_lease(db, "sweep", "two", 60)


@pytest.mark.parametrize("jump", ["1 day", "1 year"])
def test_after_the_databases_clock_was_set_back_a_lease_from_the_future_holds_up_nobody(
    postgres: PostgresDatabase, database_url: str, jump: str
) -> None:
    assert workers.take_lease(postgres, "sweep", "one", 60)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "update dailies.leases set began_at = began_at + %s::interval, until = until + %s::interval",
            [jump, jump],
        )
    assert workers.take_lease(postgres, "sweep", "two", 60, every_seconds=60)


def test_a_budget_is_enforced_inside_the_claim(worker: Worker) -> None:
    credits.set_budget(worker.db, "robot", COST, 1000, by="ann")
    ids = enqueue(worker.app.acting_as("robot"), [REQUEST] * 2)
    verb = worker.verb()
    while verb.step():
        pass
    assert worker.runway.posts == 1
    assert [flag.video_id in ids for flag in decisions.flagged(worker.db)] == [True]
    assert "budget of robot" in decisions.flagged(worker.db)[0].reason
    budget = credits.budget(worker.db, "robot")
    assert budget is not None
    assert (budget.spent_hour, budget.spent_day, budget.left) == (COST, COST, 0)


def test_eight_claims_at_once_stay_within_the_budget(postgres: PostgresDatabase) -> None:
    credits.set_budget(postgres, "robot", 3 * COST, 1000, by="ann")
    ids = enqueue(app_of(postgres), [REQUEST] * 8)
    won: list[str] = []

    def claim(video_id: str) -> None:
        try:
            attempts.claim(postgres, video_id, f"{video_id}/1", "robot", request=REQUEST, credits=COST)
            won.append(video_id)
        except DatabaseConflict:
            pass

    threads = [threading.Thread(target=claim, args=(video_id,)) for video_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 3


def test_when_the_databases_clock_jumps_ahead_during_a_call_its_id_is_saved_all_the_same(
    worker: Worker, database_url: str
) -> None:
    """The job comes again too early and its attempt looks left behind: unknown, and never paid twice."""
    (video_id,) = enqueue(worker.app, [REQUEST])
    other = Worker(worker.db, worker.runway, worker.app.settings.data_dir.parent, "two")

    def step(name: str) -> None:
        if name == "sent":
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute("update pgmq.q_dailies set vt = vt - interval '1 day'")
                connection.execute("update dailies.attempts set sent_at = sent_at - interval '1 day'")
            other.verb(stale=180).step()
            assert states(worker.db, video_id) == ["unknown"]

    (job,) = queue.dequeue(worker.db)
    process(replace(worker.app, on_step=step), job)
    assert states(worker.db, video_id) == ["created"]
    assert worker.runway.posts == 1


@pytest.mark.parametrize(
    "file",
    [
        *sorted((ROOT / "lib" / "worker").glob("*.py")),
        *(ROOT / "lib" / "operations" / f"{name}.py" for name in ("process", "sweep", "repair")),
        *(ROOT / "lib" / "data" / f"{name}.py" for name in ("queue", "workers", "decisions")),
    ],
    ids=lambda path: path.stem,
)
def test_no_clock_but_the_databases_says_what_is_due(file: Path) -> None:
    assert not re.findall(r"\btime\.time\b|\.(?:utc)?now\(|\btoday\(", file.read_text("utf-8"))

"""Whatever operators, workers, sweeps, polls and crashes do in between each other, the same things hold."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from lib.app import App, OnStep
from lib.data.postgres import PostgresDatabase
from lib.domain.cause import Action
from lib.domain.pricing import GenerationRequest
from lib.domain.video import short_id
from lib.operations.generate import enqueue, generate, video_id_of
from lib.operations.poll import poll, poll_due
from lib.operations.process import process
from lib.operations.recover import recover
from lib.operations.repair import Agreed, Repaired, carry_out, plan
from lib.operations.sweep import sweep
from lib.runway.simulator.faults import parse_fault
from lib.runway.simulator.schedule import StoredTask
from lib.worker.jobs import JobVerb
from tests.apps import app_of
from tests.databases import EMPTY, Cluster
from tests.faults.bench import AN_HOUR_LATER
from tests.faults.stepwise import Stepwise
from tests.faults.truth import OPEN, Left, left, untrue
from tests.production import ANSWERED, put_log, put_row, terminated
from tests.simulated import Simulated, simulated

FAULTS = (
    None, None, None, "http:401", "http:429:1", "http:500", "after-http:502", "drop", "after-drop", "no-id",
    "fail:INTERNAL",
)  # fmt: skip
KINDS = ("generated", "terminated", "lost", "never polled", "failed", "enqueued")
LATER = f"set session_replication_role = replica; {AN_HOUR_LATER}" + (
    "update pgmq.q_dailies set vt = vt - interval '1 hour'"
)
SETTINGS = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    derandomize="CI" in os.environ,
    # finding the shortest story takes minutes
    phases=(Phase.generate,) if "CI" in os.environ else (Phase.generate, Phase.shrink),
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Stage(NamedTuple):
    """What the machine plays on."""

    url: str
    db: PostgresDatabase
    runway: Simulated
    folder: Path


class Footage(NamedTuple):
    id: str
    key: str  # in the prompt of its tasks
    request: GenerationRequest
    kind: str


class Interleavings(RuleBasedStateMachine):
    """Operations wait after each step until they are told to go on, or are forgotten: that is a crash."""

    footage = Bundle("footage")

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.url, self.db, self.runway, folder = stage
        self.app = app_of(self.db, self.runway.client, folder / str(uuid.uuid4()))
        self.hands = ThreadPoolExecutor(100)
        self.going: list[Stepwise] = []
        self.crashed: list[Stepwise] = []
        self.all: list[Footage] = []
        self.overrides: list[str] = []
        self.execute(EMPTY)

    def execute(self, statements: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statements.encode())

    def begin(self, operation: Callable[[OnStep], object]) -> None:
        started = Stepwise(self.hands, operation)
        if not started.is_done:
            self.going.append(started)

    # what happens

    @rule(target=footage, kind=st.sampled_from(KINDS), fault=st.sampled_from(FAULTS))
    def a_video_comes(self, kind: str, fault: str | None) -> Footage:
        key = uuid.uuid4().hex
        prompt = f"{key} [fault:{fault}]" if fault else key
        request = GenerationRequest("https://images.example.com/rex.jpg", prompt, duration=2)
        made = Footage(self.put(kind, key, request), key, request, kind)
        self.all.append(made)
        if kind == "generated":
            self.generates(made)
        return made

    def put(self, kind: str, key: str, request: GenerationRequest) -> str:
        if kind == "generated":
            return video_id_of(key)
        if kind == "terminated":
            return terminated(self.db, prompt=request.prompt)
        if kind == "enqueued":
            return enqueue(self.app, [request])[0]
        fault = parse_fault("fail:INTERNAL") if kind == "failed" else None
        task_id = self.runway.store.create(request, fault).id
        saved = None if kind == "lost" else task_id
        video_id = put_row(self.db, prompt=request.prompt, runway_video_id=saved)
        put_log(self.db, video_id, *ANSWERED, task=task_id)
        return video_id

    def generates(self, made: Footage) -> None:
        self.begin(lambda on_step: generate(self.stepping(on_step), made.request, key=made.key))

    def stepping(self, on_step: OnStep) -> App:
        return replace(self.app, on_step=on_step)

    @rule(made=footage.filter(lambda made: made.kind == "generated"))
    def somebody_clicks_again(self, made: Footage) -> None:
        self.generates(made)

    @rule(made=footage, override=st.sampled_from((False, False, True)))
    def somebody_retries(self, made: Footage, override: bool) -> None:
        typed = short_id(made.id) if override else None
        self.overrides += [made.id] if override else []
        self.begin(lambda on_step: self.retry(made.id, typed, on_step))

    def retry(self, video_id: str, override: str | None, on_step: OnStep) -> Repaired:
        (found,) = plan(self.app, [video_id])
        agreed = Agreed(video_id, Action.ASK if override else Action.RETRY, found.key, override)
        return carry_out(self.stepping(on_step), agreed)

    @rule(made=footage)
    def somebody_recovers(self, made: Footage) -> None:
        self.begin(lambda on_step: recover(self.stepping(on_step), made.id))

    @rule(made=footage)
    def somebody_polls(self, made: Footage) -> None:
        self.begin(lambda on_step: poll(self.stepping(on_step), made.id, fastest=0))

    @rule()
    def a_worker_takes_a_job(self) -> None:
        self.begin(self.worker_step)

    def worker_step(self, on_step: OnStep) -> int:
        worker = JobVerb(self.app, lambda job: process(self.stepping(on_step), job))
        found = worker.step()
        on_step("worked")
        worker.finish()
        return found

    @rule(auto_retry=st.booleans())
    def a_sweep(self, auto_retry: bool) -> None:
        chosen = self.app.settings.model_copy(update={"auto_retry": auto_retry})
        sweep(replace(self.app, settings=chosen), holder=uuid.uuid4().hex)

    @rule()
    def a_round_of_polls(self) -> None:
        poll_due(self.app)

    @rule()
    def an_hour_passes(self) -> None:
        self.execute(LATER)

    @precondition(lambda self: self.going)
    @rule(data=st.data())
    def an_operation_goes_on(self, data: st.DataObject) -> None:
        chosen = data.draw(st.integers(0, len(self.going) - 1))
        self.going[chosen].go_on()
        self.going = [each for each in self.going if not each.is_done]

    @precondition(lambda self: self.going)
    @rule(data=st.data())
    def a_process_is_killed(self, data: st.DataObject) -> None:
        self.crashed.append(self.going.pop(data.draw(st.integers(0, len(self.going) - 1))))

    # what holds

    @invariant()
    def nothing_is_paid_twice_and_no_video_has_two_open_attempts(self) -> None:
        for made in self.all:
            found = self.left(made)
            assert found.paid_twice <= self.overrides.count(made.id), made
            assert sum(attempt.state in OPEN for attempt in found.attempts) <= 1, made

    def teardown(self) -> None:
        self.crashed += self.going
        try:
            self.end()
        finally:
            for each in self.crashed:
                each.die()
            self.hands.shutdown()

    def end(self) -> None:
        """Every process is killed, an hour passes, and after one sweep the truth is known."""
        for _ in range(2):  # what is enqueued is worked on in between
            time.sleep(0.05)
            self.an_hour_passes()
            self.a_sweep(auto_retry=False)
            self.a_round_of_polls()
            while self.worker_step(lambda _: None):
                pass
        time.sleep(0.1)
        self.an_hour_passes()
        self.a_sweep(auto_retry=False)
        self.a_round_of_polls()
        for made in self.all:
            found = self.left(made)
            assert len(found.unknown) <= found.in_doubt, (made, found)
            assert untrue(found, self.runway.store.now()) == (), (made, found)

    def left(self, made: Footage) -> Left:
        return left(self.db, made.id, self.tasks(made))

    def tasks(self, made: Footage) -> list[StoredTask]:
        return [task for task in self.runway.store.tasks() if made.key in task.prompt]


@pytest.fixture
def stage(cluster: Cluster, tmp_path: Path) -> Iterator[Stage]:
    with cluster.clone() as url, simulated(tmp_path / "simulator") as runway:
        runway.store.configure(daily=100_000, credits=10_000_000, concurrency=1000)
        db = PostgresDatabase(url, label="interleavings")
        yield Stage(url, db, runway, tmp_path)
        db.close()


def test_any_interleaving_loses_nothing_pays_nothing_twice_and_claims_nothing_untrue(stage: Stage) -> None:
    class OnStage(Interleavings):
        def __init__(self) -> None:
            super().__init__(stage)

    run_machine(OnStage, settings=SETTINGS)

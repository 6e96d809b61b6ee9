"""Many videos at once: the list is frozen, each is paid for at most once, and trouble for all stops it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lib.data import batches, credits
from lib.data.batches import Batch
from lib.data.postgres import PostgresDatabase
from lib.errors import BadInput, NotFound
from lib.operations.batches import COLUMNS, freeze, work_on
from lib.operations.export import as_csv
from lib.operations.generate import generate
from lib.runway.simulator.programme import PlannedFault
from tests.apps import app_of
from tests.production import attempts_of
from tests.simulated import COST, REQUEST, Simulated, simulated


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0) as running:
        yield running


class Desk:
    """An operator with a database and a Runway."""

    def __init__(self, db: PostgresDatabase, runway: Simulated, folder: Path) -> None:
        self.db, self.runway = db, runway
        self.app = app_of(db, runway.client, folder)

    def refused(self, number: int = 1) -> list[str]:
        """Videos whose first attempt Runway refused for the moment: a retry is safe."""
        self.runway.store.programme.add([PlannedFault("http:401", "POST")] * number)
        return [self._generate() for _ in range(number)]

    def unknown(self) -> str:
        return self._generate("after-drop")

    def _generate(self, fault: str = "") -> str:
        request = replace(REQUEST, prompt=f"Rex [fault:{fault}]") if fault else REQUEST
        return generate(self.app, request).video_id

    def frozen(self, video_ids: list[str]) -> Batch:
        return freeze(self.app.acting_as("ben"), video_ids, {"trouble": "any"})

    def running(self, video_ids: list[str]) -> Batch:
        batch = self.frozen(video_ids)
        batches.steer(self.db, batch.id, "running", "ben")
        return batch

    def work(self) -> int:
        done = 0
        while work_on(self.app):
            done += 1
        return done

    def results(self, batch: Batch) -> list[tuple[str, str]]:
        return [(item["state"], item["result"] or "") for item in batches.items(self.db, batch.id)]


@pytest.fixture
def desk(postgres: PostgresDatabase, runway: Simulated, tmp_path: Path) -> Desk:
    return Desk(postgres, runway, tmp_path)


def test_freezing_pays_nothing_and_says_what_each_video_needs(desk: Desk) -> None:
    videos = [*desk.refused(2), desk.unknown()]
    posts = desk.runway.posts
    batch = desk.frozen(videos)
    assert {(part.kind, part.state, part.n) for part in batch.parts} == {
        ("retry", "waiting", 2),
        ("ask", "left_out", 1),
    }
    assert batch.credits == 2 * COST
    assert desk.work() == 0
    assert desk.runway.posts == posts


def test_each_video_is_repaired_and_has_its_result(desk: Desk) -> None:
    batch = desk.running(desk.refused(3))
    assert desk.work() == 3
    ended = batches.get(desk.db, batch.id)
    assert (ended.state, ended.count("done"), ended.spent) == ("done", 3, 3 * COST)
    assert all(result.startswith("Attempt 2 created task") for _, result in desk.results(batch))


def test_what_was_left_out_is_never_paid_for(desk: Desk) -> None:
    video_id = desk.unknown()
    posts = desk.runway.posts
    batch = desk.running([video_id])
    desk.work()
    assert desk.runway.posts == posts
    assert desk.results(batch) == [("left_out", "")]


def test_two_batches_over_the_same_video_pay_once(desk: Desk) -> None:
    videos = desk.refused(2)
    first, second = desk.running(videos), desk.running(videos)
    desk.work()
    assert len(desk.runway.task_ids) == 2
    assert batches.get(desk.db, first.id).spent + batches.get(desk.db, second.id).spent == 2 * COST


def test_an_item_that_was_carried_out_but_not_ticked_off_is_not_paid_again(desk: Desk) -> None:
    (video_id,) = desk.refused(1)
    batch = desk.running([video_id])
    generated = attempts_of(desk.db, video_id)
    assert len(generated) == 1
    item = batches.take(desk.db, 0)  # a killed worker's lease
    assert item is not None
    work_on(desk.app)
    batches.keep_result(desk.db, item, "done", "late")
    assert len(desk.runway.task_ids) == 1
    assert batches.get(desk.db, batch.id).state == "done"


def test_a_refusal_that_hits_all_pauses_the_batch(desk: Desk) -> None:
    videos = desk.refused(3)
    batch = desk.running(videos)
    desk.runway.store.configure(credits=0)
    desk.work()
    paused = batches.get(desk.db, batch.id)
    assert (paused.state, paused.count("failed"), paused.count("waiting")) == ("paused", 1, 2)
    assert "enough credits" in (paused.note or "")


def test_a_used_up_budget_pauses_the_batch_and_fails_no_video(desk: Desk) -> None:
    videos = desk.refused(3)
    credits.set_budget(desk.db, credits.EVERYBODY, COST, 1000, by="ann")
    batch = desk.running(videos)
    desk.work()
    paused = batches.get(desk.db, batch.id)
    assert (paused.state, paused.count("done"), paused.count("waiting")) == ("paused", 1, 2)
    assert "budget of everybody" in (paused.note or "")
    credits.set_budget(desk.db, credits.EVERYBODY, 1000, 1000, by="ann")
    batches.steer(desk.db, batch.id, "running", "ben")
    desk.work()
    assert batches.get(desk.db, batch.id).count("done") == 3


def test_an_empty_choice_and_an_unknown_video_are_refused(desk: Desk) -> None:
    with pytest.raises(BadInput):
        desk.frozen([])
    with pytest.raises(NotFound):
        desk.frozen(["aaaaaaaa-0000-4000-8000-000000000001"])


def test_the_export_holds_every_video_and_no_formula(desk: Desk) -> None:
    batch = desk.running(desk.refused(2))
    desk.work()
    rows = list(csv.DictReader(io.StringIO(as_csv(COLUMNS, batches.items(desk.db, batch.id)))))
    assert [(row["kind"], row["state"]) for row in rows] == [("retry", "done")] * 2
    item = next(iter(batches.items(desk.db, batch.id)))
    assert "'=HYPERLINK" in as_csv(COLUMNS, [item | {"result": "=HYPERLINK(1)"}])

"""Cancelling: it stops what runs, says who did it, and can destroy nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lib.app import App
from lib.data import audit, videos
from lib.data.postgres import PostgresDatabase
from lib.errors import BadInput, NotFound, RunwayError
from lib.operations.cancel import cancel
from lib.operations.generate import generate
from lib.operations.poll import poll
from lib.operations.repair import plan
from lib.runway.simulator.programme import PlannedFault
from tests.apps import app_of
from tests.simulated import COST, REQUEST, Simulated, simulated


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0, speed=1.0) as running:
        yield running


@pytest.fixture
def app(postgres: PostgresDatabase, runway: Simulated, tmp_path: Path) -> App:
    return app_of(postgres, runway.client, tmp_path, "ben")


@pytest.fixture
def video_id(app: App) -> str:
    return generate(app.acting_as("ann"), REQUEST).video_id


def finish(app: App, runway: Simulated, video_id: str, *, told: bool) -> None:
    """The task ends at Runway; the row hears of it when `told`."""
    later = runway.store.now
    runway.store.now = lambda: later() + 3600
    if told:
        poll(app, video_id, fastest=0)


def row(app: App, video_id: str) -> dict[str, object]:
    return videos.get_video(app.db, video_id)["video"]


def test_a_task_that_has_not_begun_is_cancelled_for_nothing(
    app: App, runway: Simulated, video_id: str
) -> None:
    balance = runway.store.balance()
    done = cancel(app, video_id)
    assert done.task.status == "CANCELLED"
    assert "cost nothing" in done.message
    assert row(app, video_id)["status"] == "failed"
    assert runway.store.balance() == balance + COST


def test_the_audit_says_who_asked_for_it_and_what_came_of_it(
    app: App, runway: Simulated, video_id: str
) -> None:
    cancel(app, video_id)
    after, before = audit.trail(app.db, video_id, operator="ben")
    assert before["action"] == "cancel"
    assert before["after"] is not None
    assert before["after"]["task_status"] == "PENDING"
    assert after["after"] is not None
    assert (after["action"], after["after"]["task_status"]) == ("poll", "CANCELLED")


@pytest.mark.parametrize("told", [True, False])
def test_a_finished_task_is_left_alone_and_its_video_saved(
    app: App, runway: Simulated, video_id: str, told: bool
) -> None:
    finish(app, runway, video_id, told=told)
    done = cancel(app, video_id)
    assert "left alone" in done.message
    assert row(app, video_id)["status"] == "succeeded"
    assert runway.client.task(done.task.id).status == "SUCCEEDED"  # still there
    assert "cancel" not in [entry["action"] for entry in audit.trail(app.db, video_id)]


def test_a_task_that_is_nearly_done_is_let_finish(app: App, runway: Simulated, video_id: str) -> None:
    (task,) = runway.store.tasks()
    runway.store.now = lambda: task.runs_at + 0.95 * (task.ends_at - task.runs_at)
    assert "let it finish" in cancel(app, video_id).message
    assert runway.client.task(task.id).status == "RUNNING"


def test_a_cancelled_video_may_be_tried_again_without_a_risk(
    app: App, runway: Simulated, video_id: str
) -> None:
    cancel(app, video_id)
    assert plan(app, [video_id])[0].override is None


def test_a_killed_cancellation_has_left_its_name_and_polling_brings_the_rest(
    app: App, runway: Simulated, video_id: str
) -> None:
    class Killed(Exception):
        pass

    def die(step: str) -> None:
        if step == "answered":
            raise Killed

    with pytest.raises(Killed):
        cancel(replace(app, on_step=die), video_id)
    assert audit.trail(app.db, video_id)[0]["operator"] == "ben"
    time.sleep(0.01)
    poll(app, video_id, fastest=0)
    assert row(app, video_id)["status"] == "failed"


def test_when_the_look_fails_nothing_is_cancelled(app: App, runway: Simulated, video_id: str) -> None:
    runway.store.programme.add([PlannedFault("http:500", "GET", "/v1/tasks")])
    with pytest.raises(RunwayError):
        cancel(app, video_id)
    assert runway.client.task(runway.task_ids[0]).status == "PENDING"


def test_a_video_without_a_task_has_nothing_to_cancel(app: App) -> None:
    stray = {"id": "aaaaaaaa-0000-4000-8000-000000000001", "status": "processing", "created_at": "2026-03-14"}
    videos.import_videos(app.db, [stray])
    with pytest.raises(BadInput, match="no task id"):
        cancel(app, stray["id"])
    with pytest.raises(NotFound):
        cancel(app, "bbbbbbbb-0000-4000-8000-000000000002")

"""Repairs on the pages: what is at risk, cancelling, and runs over many videos that survive a reload."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.data import batches, credits
from lib.data.batches import Batch
from lib.data.postgres import PostgresDatabase
from lib.domain.pricing import GenerationRequest
from lib.operations.batches import freeze, work_on
from lib.operations.generate import generate
from lib.operations.judge import judge_dirty
from lib.runway.simulator.programme import PlannedFault
from lib.ui.kit.dashboard import Dashboard, provide
from tests.apps import app_of
from tests.pages import figures_of, opened, serve, text_of
from tests.simulated import COST, REQUEST, Simulated, simulated


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0, speed=1.0) as running:
        yield running


class Desk:
    """An operator at the pages."""

    def __init__(self, db: PostgresDatabase, runway: Simulated, folder: Path) -> None:
        self.db, self.runway = db, runway
        self.dashboard = serve(db, runway.client)
        self.app = replace(self.dashboard.whole_app, settings=app_of(folder=folder).settings)

    def generated(self, fault: str = "") -> str:
        request = replace(REQUEST, prompt=f"Rex [fault:{fault}]") if fault else REQUEST
        made = generate(self.app, request)
        judge_dirty(self.app, 50)
        return made.video_id

    def refused(self) -> str:
        self.runway.store.programme.add([PlannedFault("http:401", "POST")])
        return self.generated()

    def frozen(self, *video_ids: str) -> Batch:
        return freeze(self.app, video_ids, {})

    def work(self) -> None:
        while work_on(self.app):
            pass


@pytest.fixture
def desk(postgres: PostgresDatabase, runway: Simulated, tmp_path: Path) -> Iterator[Desk]:
    yield Desk(postgres, runway, tmp_path)
    provide(Dashboard(app_of()))


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if label in button.label).click().run()
    assert not app.exception, app.exception[0].message
    return app


def test_an_unknown_outcome_shows_what_is_at_risk_and_what_would_decide_it(desk: Desk) -> None:
    said = text_of(opened("video", id=desk.generated("after-drop")))
    assert "25 credits ($0.25) at risk** in attempt 1 by ann" in said
    assert "as if the task exists" in said


def test_the_account_can_be_read_again(desk: Desk) -> None:
    video_id = desk.generated("drop")
    desk.generated()
    app = press(opened("video", id=video_id), "Read Runway's account again")
    assert "1 and 25 credits by other attempts" in text_of(app)


def test_a_settled_attempt_shows_no_risk(desk: Desk) -> None:
    assert "at risk" not in text_of(opened("video", id=desk.generated()))


def test_an_unfinished_task_can_be_cancelled_after_it_was_said_what_that_means(desk: Desk) -> None:
    app = press(opened("video", id=desk.generated()), "Cancel the task …")
    assert "a finished one is left alone" in text_of(app)
    app.button(key="confirm-cancel").click().run()
    desk.dashboard.jobs.stop()
    assert desk.runway.client.task(desk.runway.task_ids[0]).status == "CANCELLED"


def test_a_video_without_a_task_offers_no_cancellation(desk: Desk) -> None:
    labels = [button.label for button in opened("video", id=desk.refused()).button]
    assert not [label for label in labels if "Cancel" in label or "Fresh" in label]


def test_a_run_is_seen_and_steered_from_any_page_load(desk: Desk) -> None:
    batch = desk.frozen(desk.refused(), desk.refused())
    batches.steer(desk.db, batch.id, "running", "ann")
    app = press(opened("recover"), "Pause")
    assert "Paused after 0 of 2 videos" in text_of(app)
    press(opened("recover"), "Resume")
    desk.work()
    said = text_of(opened("recover", batch=batch.id))
    assert f"**2 of 2 videos repaired**, {2 * COST} credits ($0.50) spent" in said


def test_the_figures_beside_the_end_of_a_run_were_read_after_it(desk: Desk) -> None:
    credits.set_budget(desk.db, credits.EVERYBODY, 1000, 1000, by="ann")
    batch = desk.frozen(desk.refused())
    batches.steer(desk.db, batch.id, "running", "ann")
    before = figures_of(opened("recover"))
    desk.work()  # ends before the page is drawn again
    app = opened("recover", batch=batch.id)
    assert "1 of 1 video repaired" in text_of(app)
    after = figures_of(app)
    assert after["Budget left"] != before["Budget left"]


def test_why_a_run_paused_is_told(desk: Desk) -> None:
    batch = desk.frozen(desk.refused())
    batches.steer(desk.db, batch.id, "running", "ann")
    desk.runway.store.configure(credits=0)
    desk.work()
    assert "1 of 1" not in text_of(opened("recover"))
    assert "0 of 1 video repaired" in text_of(opened("recover", batch=batch.id))


def test_an_aborted_run_says_what_it_left(desk: Desk) -> None:
    batch = desk.frozen(desk.refused())
    batches.steer(desk.db, batch.id, "running", "ann")
    press(opened("recover"), "Abort")
    assert "1 left as they were" in text_of(opened("recover", batch=batch.id))
    assert desk.runway.task_ids == []


def test_a_list_that_nobody_confirmed_is_not_shown_as_a_run(desk: Desk) -> None:
    desk.frozen(desk.refused())
    assert "run of repairs" not in [each.label for each in opened("recover").expander]


def test_a_retry_over_the_budget_says_so_and_when_it_may_be_paid(desk: Desk) -> None:
    video_id = desk.refused()
    credits.set_budget(desk.db, credits.EVERYBODY, 10, 1000, by="ann")
    app = press(opened("video", id=video_id), "Retry …")
    app.button(key="confirm-retry").click().run()
    desk.dashboard.jobs.stop()
    said = text_of(app.run())
    assert "The budget is used up" in said
    assert "more than the budget allows at all" in said
    assert desk.runway.task_ids == []


def form_of_a_retry(image: str) -> AppTest:
    """The form as it stands in the dialog; dialogs close at the next run here, unlike in a browser."""
    script = f"""
import streamlit as st
from lib.domain.pricing import GenerationRequest
from lib.ui.views.repair import edited
st.json(edited(GenerationRequest({image!r}, "Rex dances")).as_json())
"""
    return AppTest.from_string(script).run()


def asked(app: AppTest) -> dict[str, object]:
    found: dict[str, object] = json.loads(app.json[0].value)
    return found


def test_prompt_image_and_length_of_a_retry_can_be_changed() -> None:
    app = form_of_a_retry(REQUEST.image)
    assert asked(app) == REQUEST.as_json() | {"prompt": "Rex dances"}
    app.text_area(key="retry-prompt").set_value("Rex waltzes")
    app.text_input(key="retry-image").set_value("https://images.example.com/fay.jpg")
    next(box for box in app.selectbox if box.label == "Seconds").set_value(2)
    changed = asked(app.run())
    assert (changed["prompt"], changed["image"], changed["duration"]) == (
        "Rex waltzes",
        "https://images.example.com/fay.jpg",
        2,
    )


def test_an_uploaded_image_stays_until_it_is_replaced() -> None:
    uploaded = "data:image/png;base64,iVBORw0KGgo="
    app = form_of_a_retry(uploaded)
    assert asked(app)["image"] == uploaded
    app.text_input(key="retry-image").set_value("https://images.example.com/fay.jpg")
    assert asked(app.run())["image"] == "https://images.example.com/fay.jpg"


def test_the_ledger_and_the_budget_stand_above_the_list(desk: Desk) -> None:
    desk.generated("after-drop")
    shown = figures_of(opened("recover"))
    assert shown["At risk now"] == "$0.25"
    assert shown["Rescued"] == "$0.00"


def test_what_another_endpoint_was_asked_can_be_changed_and_is_kept_as_it_is() -> None:
    film = "https://films.example.com/rex.mp4"
    request = GenerationRequest(
        "", "Rex at night", "enhance_frame_rate", duration=40, video=film, setting="60"
    )
    script = f"""
import streamlit as st
from lib.domain.pricing import GenerationRequest
from lib.ui.views.repair import edited
st.json(edited(GenerationRequest(**{request.as_json()!r})).as_json())
"""
    app = AppTest.from_string(script).run()
    assert asked(app) == request.as_json()
    app.text_input(key="retry-video").set_value(f"{film}?again")
    next(box for box in app.selectbox if box.label == "Target framerate").set_value("48")
    changed = asked(app.run())
    assert (changed["video"], changed["setting"]) == (f"{film}?again", "48")

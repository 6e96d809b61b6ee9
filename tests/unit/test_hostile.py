"""Whoever asks for whatever gets no further than they may: generated, so that nothing new is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.data.database import Row
from lib.data.postgres import PostgresDatabase
from lib.operations.access import Access
from lib.operations.generate import generate
from lib.operations.judge import judge_dirty
from lib.runway.simulator.programme import PlannedFault
from lib.settings import ROOT
from lib.ui.kit.dashboard import Dashboard, provide
from lib.ui.kit.router import PAGES
from tests.apps import app_of
from tests.hostile.matrix import CALLERS, Server, everything, expected
from tests.pages import opened, serve
from tests.simulated import REQUEST, Simulated, simulated


def test_every_route_and_page_lets_in_whom_it_should(tmp_path: Path) -> None:
    server, wrong = Server(tmp_path), []
    asked = sorted(everything(), key=lambda each: each.path == "/auth/logout")  # it ends a sign-in
    assert len(asked) > 40
    for each in asked:
        for caller in CALLERS:
            found = server.ask(each, caller)
            if found != expected(each, caller):
                wrong.append((each, caller, found))
    assert not wrong


def test_the_matrix_has_every_page_there_is() -> None:
    assert {key for key, *_ in PAGES} == {path.stem for path in (ROOT / "pages").glob("*.py")}


class Watched:
    """A database that remembers what was called of it."""

    label = "test"

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self.called: list[str] = []

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        self.called.append(function)
        return self._database.call(function, **arguments)

    def close(self) -> None: ...


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0, speed=1.0) as running:
        yield running


@pytest.mark.parametrize("page", [key for key, *_ in PAGES])
def test_a_viewer_may_click_whatever_there_is_on_a_page_and_changes_nothing(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path, page: str
) -> None:
    app = app_of(postgres, runway.client, tmp_path)
    made = generate(app, REQUEST).video_id
    runway.store.programme.add([PlannedFault("http:401", "POST")])
    failed = generate(app, replace(REQUEST, prompt="Rex again")).video_id
    judge_dirty(app, 50)
    reading = {row["name"] for row in postgres.call("dailies_reading")}
    watched, paid = Watched(postgres), len(runway.store.tasks())
    settings = app_of(folder=tmp_path, anyone="viewer").settings
    serve(watched, runway.client, access=Access(settings))
    for video_id in (made, failed):
        query = {"video": {"id": video_id}, "generate": {"video": video_id}}.get(page, {})
        shown = opened(page, **query)
        for number in range(len(shown.button)):
            if not shown.button[number].disabled:
                shown.button[number].click().run()
                shown = opened(page, **query)
    assert "dailies_overview" in watched.called
    assert set(watched.called) <= reading
    assert len(runway.store.tasks()) == paid


def test_what_acts_is_off_for_a_viewer_and_says_why(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path
) -> None:
    settings = app_of(folder=tmp_path, anyone="viewer").settings
    serve(postgres, runway.client, access=Access(settings))
    shown = opened("generate")
    assert shown.button(key="generate").disabled
    assert shown.button(key="generate").help == "Your role is viewer: this takes an operator."


def test_a_forged_click_on_a_button_that_is_off_does_nothing(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path
) -> None:
    """Streamlit runs what a message of the browser asks for, whether or not the button was drawn as off."""
    serve(postgres, runway.client)
    shown = opened("generate")
    shown.text_area(key="prompt").set_value("").run()
    shown.segmented_control(key="source").set_value("address").run()
    button = shown.button(key="generate")
    assert button.disabled
    button.proto.disabled = False
    button.click().run()
    assert "video" not in shown.query_params
    assert runway.posts == 0


def test_a_click_that_is_sent_again_while_its_video_is_made_makes_no_other(
    postgres: PostgresDatabase, runway: Simulated
) -> None:
    services = serve(postgres, runway.client)
    shown = opened("generate")
    for _ in range(3):
        shown.button(key="generate").proto.disabled = False
        shown.button(key="generate").click().run()
    services.jobs.stop()
    assert runway.posts == 1


def test_messages_that_are_sent_again_pay_once_a_dialog(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path
) -> None:
    services = Dashboard(app_of(postgres, runway.client, runway_api_key="key_of_real_money"))
    provide(services)
    shown = opened("generate")
    shown.button(key="generate").click().run()
    confirm = shown.button(key="confirm-generate")
    for _ in range(3):  # the same message, before and after the dialog has closed
        confirm.click().run()
    services.jobs.stop()
    assert runway.posts == 1

"""The audit as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lib.data import attempts, credits
from lib.data.postgres import PostgresDatabase
from lib.ui.kit.dashboard import Dashboard, provide
from lib.ui.kit.paging import PAGE
from lib.ui.views.audit import change_text
from tests.apps import app_of
from tests.pages import opened, serve, text_of
from tests.simulated import REQUEST

VIDEO = "aaaaaaaa-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"status": "queued"}, {"status": "failed"}, "status: queued → failed"),
        (None, {"status": "queued"}, "status: queued"),
        ({"video_url": "x", "status": "failed"}, {"status": "failed"}, "video_url: x → none"),
        ({"status": "queued", "prompt": "Rex"}, {"reason": "wait"}, "reason: wait"),
        ({"a": 1}, {"a": 1, "task_id": "t"}, "task_id: t"),
        ({"a": 1}, {"a": 1}, "no change"),
        ({}, {"e": [{"source": "log"}]}, 'e: [{"source": "log"}]'),
        (None, {"prompt": "x" * 500}, f"prompt: {'x' * 119}…"),
    ],
)
def test_a_change_is_told_by_what_differs(before: Any, after: Any, told: str) -> None:
    assert change_text(before, after) == told


@pytest.fixture
def db(postgres: PostgresDatabase) -> Iterator[PostgresDatabase]:
    serve(postgres)
    attempts.claim(
        postgres, VIDEO, f"{VIDEO}/1", "ann", request=replace(REQUEST, prompt="![x](http://evil.test)"),
        credits=25, new={},
    )  # fmt: skip
    credits.set_budget(postgres, "sweep", 10, 20, by="ben")
    yield postgres
    provide(Dashboard(app_of()))


def table(**query: str) -> list[str]:
    (shown,) = opened("audit", **query).dataframe
    return list(shown.value["action"])


@pytest.mark.usefixtures("db")
def test_the_audit_names_operator_video_change_and_cost() -> None:
    (shown,) = opened("audit").dataframe
    assert shown.value["operator"].tolist() == ["ben", "ann"]
    assert shown.value["video"].tolist()[1].endswith(VIDEO[:8])
    assert shown.value["credits"].tolist()[1] == "25"
    assert "status: queued → processing" in shown.value["change"].tolist()[1]


@pytest.mark.usefixtures("db")
def test_the_audit_is_filtered_by_the_address() -> None:
    assert table(operator="ben") == ["set budget"]
    assert table(video=VIDEO[:8]) == ["generate"]
    assert "No entry fits these filters" in text_of(opened("audit", video="ffffffff"))


def test_the_audit_is_turned_page_by_page_and_back(db: PostgresDatabase) -> None:
    for limit in range(PAGE):
        credits.set_budget(db, "sweep", limit, 20, by="ben")
    app = opened("audit")
    assert len(app.dataframe[0].value) == PAGE
    next(button for button in app.button if button.label == "Older").click().run()
    assert app.dataframe[0].value["action"].tolist() == ["set budget", "generate"]
    next(button for button in app.button if button.label == "Newer").click().run()
    assert len(app.dataframe[0].value) == PAGE


@pytest.mark.usefixtures("db")
def test_the_video_shows_its_own_audit() -> None:
    assert "Audit (1)" in [tab.label for tab in opened("video", id=VIDEO).tabs]

"""Stages: a flow is learned from lines, corrected, and saved for everybody."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from lib.data.database import Database
from lib.data.flows import save_flow, stored_flows
from lib.data.postgres import PostgresDatabase
from lib.traces.flows import flow_of
from lib.traces.template import pattern_from, readable
from tests.apps import app_of
from tests.pages import opened, serve, text_of

TASK = "7a5c0000-0000-4000-8000-00000000000"


def one_run(number: int, *, saved: bool = True) -> list[str]:
    lines = [
        (f"ad {8 * number + 40} ordered: a lamp, turning", 0),
        ("picture is fit, to Runway now", 1),
        (f"Runway booked {TASK}{number}", 3),
        *([(f"ad {8 * number + 40} carries its booking", 4)] if saved else []),
    ]
    return [f"2026-05-0{number} 10:00:0{second}.000 [info] {text}" for text, second in lines]


LOGS = "\n".join(line for number in range(1, 6) for line in [*one_run(number), ""])
JSON_LOGS = "\n".join(
    f'{{"timestampInMs": {1_778_000_000_000 + 90_000 * number + n}, "requestId": "r{number}",'
    f' "message": "{line[31:]}", "level": "info"}}'
    for number in range(1, 6)
    for n, line in enumerate(one_run(number))
)


@pytest.fixture
def page(postgres: PostgresDatabase) -> AppTest:
    serve(postgres)
    return opened("stages")


def proposed(page: AppTest) -> AppTest:
    page.text_area(key="flow-lines").set_value(JSON_LOGS).run()
    page.button(key="propose").click().run()
    assert not page.exception
    return page


def test_lines_of_runs_that_worked_become_a_flow_that_is_checked_at_once(page: AppTest) -> None:
    proposed(page)
    table = page.session_state["flow-draft"]["stages"]
    assert [readable(stage["pattern"]) for stage in table][:2] == [
        "ad {number} ordered: a lamp, turning",
        "picture is fit, to Runway now",
    ]
    assert [stage.get("means") for stage in table] == [None, "sent", "created", "saved"]
    assert "**5 of 5 runs** complete." in text_of(page)


def test_what_was_proposed_is_saved_for_everybody(page: AppTest, postgres: Database) -> None:
    proposed(page)
    page.text_input(key="flow-key-1").set_value("lamps").run()
    page.button(key="save-flow").click().run()
    assert not page.exception
    (flow,) = stored_flows(postgres)
    assert flow_of(flow.content, "saved").key == "lamps"
    assert app_of(postgres).flows.read("picture is fit, to Runway now") == {"lamps": 1}
    page.button(key="remove-flow-lamps").click().run()
    assert stored_flows(postgres) == []


def test_what_cannot_be_a_flow_is_said_and_not_saved(page: AppTest) -> None:
    proposed(page)
    page.text_input(key="flow-key-1").set_value("My Lamps").run()
    assert "`flow` must be a key of small letters" in text_of(page)
    assert page.button(key="save-flow").disabled


def test_too_few_runs_are_told(page: AppTest) -> None:
    page.text_area(key="flow-lines").set_value("\n".join(JSON_LOGS.splitlines()[:4])).run()
    page.button(key="propose").click().run()
    assert "a flow is learned from 3 runs that worked or more" in text_of(page)


def test_a_broken_flow_can_be_corrected_or_removed(postgres: PostgresDatabase) -> None:
    save_flow(postgres, {"flow": "odd", "stages": [{"stage": "a", "pattern": "("}, 7, {}]}, "eve")
    serve(postgres)
    page = opened("stages")
    page.button(key="edit-flow-odd").click().run()
    assert not page.exception
    assert "is no regular expression" in text_of(page)
    page.button(key="remove-flow-odd").click().run()
    assert stored_flows(postgres) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r"^ad \d{1,30}(?:\.\d{1,30})? ordered", "ad {number} ordered…"),
        (r"^done \(all\)\s{0,20}$", "done (all)"),
        (r"^clip (?P<video>[0-9a-fA-F-]{36}) wanted", "clip {video} wanted…"),
        (r"\[Video\] Updating \S+ now", r"/\[Video\] Updating \S+ now/"),
        (r"costs \$", "costs $…"),
    ],
)
def test_a_pattern_is_read_as_a_line(pattern: str, line: str) -> None:
    assert readable(pattern) == line


@pytest.mark.parametrize(
    "line",
    [
        "ad {number} ordered…",
        "done (all)",
        "clip {video} has {task}",
        "{ model: {quoted}, took: {number} }",
        r"/\[Video\] \S+ now/",
    ],
)
def test_a_line_that_people_write_is_a_pattern_that_reads_the_same(line: str) -> None:
    assert readable(pattern_from(line)) == line

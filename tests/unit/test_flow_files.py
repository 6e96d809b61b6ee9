"""Flow files: the shipped ones, a team's own, and what is said of a bad one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lib.domain.flow import Flow
from lib.errors import BadInput
from lib.traces.flows import load_flows, problems_of, read_flow, with_stored
from lib.traces.linear import too_slow

GOOD: dict[str, Any] = {
    "flow": "queue-worker",
    "stages": [
        {"stage": "accepted", "pattern": r"\[Worker\] Job for video"},
        {"stage": "sdk_called", "pattern": r"\[Worker\] Calling", "title": "Runway called", "means": "sent"},
    ],
}


def write(folder: Path, content: Any, name: str = "queue.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_three_flows_ship() -> None:
    assert {flow.key: len(flow.stages) for flow in load_flows()} == {
        "async-fetch": 13,
        "async-sdk": 16,
        "sync-sdk": 14,
    }


def test_every_shipped_flow_says_where_it_sends_and_where_a_task_exists() -> None:
    for flow in load_flows():
        assert {stage.means for stage in flow.stages} >= {"sent", "created"}


def test_a_team_adds_a_flow_with_a_file(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    flow = {each.key: each for each in load_flows(tmp_path)}["queue-worker"]
    assert [stage.title for stage in flow.stages] == ["Accepted", "Runway called"]


def test_a_teams_flow_replaces_the_shipped_one_of_its_key(tmp_path: Path) -> None:
    write(tmp_path, GOOD | {"flow": "sync-sdk"})
    (flow,) = (each for each in load_flows(tmp_path) if each.key == "sync-sdk")
    assert len(flow.stages) == 2


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        load_flows(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"flow": "Queue Worker"}, "`flow` must be a key"),
        ({"stages": []}, "at least two stages"),
        ({"stage": 1}, "unknown field `stage`"),
        ({"title": 7}, "`title` of the flow must be text"),
        ({"signs": "x"}, "`signs` must be a list"),
        ({"signs": ["("]}, "'(' is no regular expression"),
    ],
)
def test_what_is_wrong_with_a_flow_is_said(change: dict[str, Any], said: str) -> None:
    assert said in "; ".join(problems_of(GOOD | change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pattern": "("}, "stage 2: `pattern` '(' is no regular expression"),
        ({"pattern": "x*"}, "stage 2: `pattern` 'x*' matches every message"),
        ({"pattern": r"\[Worker\] Job for video"}, "two stages have the pattern"),
        ({"stage": "accepted"}, "two stages have the stage 'accepted'"),
        ({"means": "paid"}, "stage 2: `means` must be one of sent, created, saved"),
        ({"colour": "red"}, "stage 2: unknown field `colour`"),
        ({"pattern": "(a+)+b"}, "stage 2: `pattern` '(a+)+b' repeats something that repeats"),
    ],
)
def test_what_is_wrong_with_a_stage_is_said(change: dict[str, Any], said: str) -> None:
    first, second = GOOD["stages"]
    assert said in "; ".join(problems_of(GOOD | {"stages": [first, second | change]}))


def test_all_problems_of_a_file_are_said_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow": "", "stages": [{"stage": "a"}, 3]})
    with pytest.raises(BadInput) as told:
        read_flow(path)
    assert all(part in str(told.value) for part in ("queue.json", "`flow`", "stage 1", "stage 2"))


@pytest.mark.parametrize("content", ["{", "[]", "3"])
def test_a_file_that_is_no_flow_at_all_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(BadInput, match=r"queue\.json"):
        read_flow(write(tmp_path, content))


@pytest.mark.parametrize(
    "pattern",
    [
        r"a+b",
        r"Job \S+ of \S+ taken",
        r"(?P<video>[0-9a-f-]{36}) has \d{1,30} kB\s{0,20}$",
        r"(?:'(?:[^'\\\n]|\\.){0,4000}'|\"(?:[^\"\\\n]|\\.){0,4000}\") was asked",
        r"(?:\[[^\]]{1,40}\] ?){1,3}ready",
        r"(?=[A-Za-z_-]{0,60}\d)[0-9A-Za-z_-]{1,200} saved",
        r"Updating (?:clip|reel) \w+ in .*",
        r"(?:Clip|Clips|Reel|Reels|Still|Stills) (?:is|are|was|were) (?:made|mixed|moved) by [a-zé]+: ",
    ],
)
def test_a_pattern_that_takes_no_text_long_is_taken(pattern: str) -> None:
    assert too_slow(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(?:\w+\s?)*$",
        r"(?:a|a)*b",
        r"(?:a|ab)+c",
        r".*x.*y.*z",
        r"\s*\s*\s*x",
        r"(?:.{0,900}){0,900}x",
        r"(?=(?:a*)*b)x",
        r"(?i:[a-z]+[A-Z]+[a-z]+)!",
        r"(?:é+ü?)+!",
        r"[é-ü]*[é-ü]*[é-ü]*!",
        r"\u017f*s*S*!",  # the long s, which is an s but for its case
        r"[\u2100-\u2200]*k*K*!",  # the sign of Kelvin
        r"\u0131*i*\u0130*!",
        r"(?:a|aa)" * 30 + "!",
        r"(?:|a|aa)" * 20 + "!",
    ],
)
def test_a_pattern_that_takes_some_text_too_long_is_refused(pattern: str) -> None:
    assert too_slow(pattern)


@pytest.mark.parametrize("shipped", load_flows(), ids=lambda flow: flow.key)
def test_no_shipped_pattern_takes_any_text_long(shipped: Flow) -> None:
    assert not [p for p in (*shipped.signs, *(s.pattern for s in shipped.stages)) if too_slow(p)]


def test_a_flow_of_the_database_replaces_a_files_and_a_broken_one_stops_nothing() -> None:
    good, broken = GOOD | {"flow": "async-sdk"}, {"flow": "sync-sdk", "stages": []}
    flows, problems = with_stored(load_flows(), {"async-sdk": good, "sync-sdk": broken})
    assert {flow.key for flow in flows} == {"async-fetch", "async-sdk"}
    assert [flow.title for flow in flows if flow.key == "async-sdk"] == ["async-sdk"]
    assert list(problems) == ["sync-sdk"]
    assert "at least two stages" in problems["sync-sdk"]

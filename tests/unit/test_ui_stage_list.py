"""The stages of a video: how long each took, and the silence in which a flow ended."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.data.database import Row
from lib.ui.kit.stage_list import longest, rows
from lib.ui.views.stages import matrix_line

BEGAN = datetime(2026, 5, 2, 8, 30, tzinfo=UTC)


def stage(name: str, seconds: float | None, state: str = "seen") -> Row:
    at = (BEGAN + timedelta(seconds=seconds)).isoformat() if seconds is not None else None
    return {"stage": name, "state": state, "at": at}


ENDED = [
    stage("accepted", 0),
    stage("sdk_called", 1),
    stage("task_created", 4),
    stage("saved", None, "missing"),
    stage("polled", None, "not_reached"),
]


def bar(row: list[str]) -> tuple[float, float]:
    """Where it begins and how long it is, in percent."""
    found = re.search(r"--from:([\d.]+)%;--size:([\d.]+)%", row[3])
    assert found
    return float(found[1]), float(found[2])


def test_a_bar_begins_where_the_stage_before_was_seen() -> None:
    drawn = rows(ENDED, BEGAN + timedelta(hours=2), waits=True)
    assert [row[2] for row in drawn[:3]] == ["", "+1.0 s", "+3.0 s"]
    assert bar(drawn[1]) == (0, 21)
    assert bar(drawn[2]) == (21, 63)


def test_the_silence_where_a_flow_ended_is_drawn_and_told() -> None:
    drawn = rows(ENDED, BEGAN + timedelta(hours=2), waits=True)
    assert 'class="silence"' in drawn[3][3]
    assert bar(drawn[3]) == (84, 16)
    assert drawn[3][1:3] == ["missing", "nothing for 2 h"]
    assert drawn[4][1:] == ["not reached", "", ""]
    assert rows(ENDED, BEGAN, waits=False)[3][2] == "nothing more"


def test_a_stage_that_is_missing_between_others_is_no_end() -> None:
    between = [stage("accepted", 0), stage("saving", None, "missing"), stage("saved", 2)]
    drawn = rows(between, BEGAN, waits=True)
    assert "silence" not in "".join(drawn[1])
    assert bar(drawn[2]) == (0, 100)


def test_lines_out_of_order_stay_inside_the_bar() -> None:
    drawn = rows([stage("a", 5), stage("b", 0), stage("c", 10)], BEGAN, waits=False)
    for row in drawn[1:]:
        start, size = bar(row)
        assert 0 <= start <= start + size <= 100


def test_the_longest_step_is_told() -> None:
    assert longest(ENDED) == "4.0 s from accepted to task created, 3.0 s of it before task created"
    assert longest(ENDED[:1]) == ""


def test_what_a_flow_calls_its_stages_is_no_markup() -> None:
    assert "<" not in rows([stage("<b>x</b>", 0)], BEGAN, waits=False)[0][0].split("</span>")[1]


def test_a_line_of_the_matrix_leads_to_its_video_and_what_is_missing_stands_out() -> None:
    video: Any = {
        "id": "b" * 36,
        "cause": None,
        "stages": [stage("accepted", 0), stage("saved", None, "missing")],
    }
    link, _, seen, missing, none = matrix_line(video, ["accepted", "saved", "<b>"], BEGAN)
    assert f'href="video?id={"b" * 36}"' in link
    assert seen.startswith('<span title="accepted: seen"')
    assert missing.startswith('<b title="saved: missing"')
    assert none == ""

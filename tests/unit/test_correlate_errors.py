"""Errors that name nobody, in text without request ids: whose run they ended, and whose check failed."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lib.domain.flow import StageReader
from lib.domain.repair import Assessment, assess
from lib.domain.trace import LogEntry, PollOutcome
from lib.domain.video import Video
from lib.operations.dossiers import dossiers_of_files
from lib.traces.correlate import Correlation, correlate, untangle
from lib.traces.flows import flow_of, load_flows
from lib.traces.polls import read_poll
from tests.apps import app_of
from tests.stories import START, error, line, row

STAGES = (
    ("wished", "^Wish noted", None),
    ("kept", r"^Seat kept for (?P<video>\S{36})$", None),
    ("measured", "^Light measured", None),
    ("asked", "^Runway is asked", "sent"),
    ("given", r"^Runway gave ticket (?P<task>\S{36})$", "created"),
    ("filed", r"^Ticket (?P<task>\S{36}) is filed$", "saved"),
)
SHOW = {
    "flow": "show",
    "stages": [
        {"stage": key, "pattern": pattern} | ({"means": means} if means else {})
        for key, pattern, means in STAGES
    ],
}
READER = StageReader((*load_flows(), flow_of(SHOW, "show")))
LOST = "Ticket could not be filed { code: '57014' }"
SHUT = "Seat would not be marked { code: 'PGRST002' }"


def video_id(number: int) -> str:
    return f"{number:08x}-5ea7-4000-8000-000000000000"


def task_id(number: int) -> str:
    return f"{number:08x}-71c7-4000-8000-000000000000"


class Evening:
    """Rows and text of an app that names the video in one line of a run, and in an error nobody."""

    def __init__(self) -> None:
        self.rows: list[Video] = []
        self.entries: list[LogEntry] = []
        for number in range(100, 125):  # a usual evening tells how long a run may be silent
            self.run(number, 40.0 * (number - 100))

    def run(self, number: int, at: float, stages: int = 6, failed: str = "", after: float = 0.5) -> None:
        saved = {"runway_video_id": task_id(number)} if stages == 6 else {}
        self.rows.append(row(video_id(number), created_at=START + timedelta(seconds=at), **saved))
        texts = [
            "Wish noted { style: 'waltz' }",
            f"Seat kept for {video_id(number)}",
            "Light measured { lux: 300 }",
            "Runway is asked { model: 'gen4_turbo' }",
            f"Runway gave ticket {task_id(number)}",
            f"Ticket {task_id(number)} is filed",
        ]
        self.entries += [line(text, at + 0.2 * i, None) for i, text in enumerate(texts[:stages])]
        if failed:
            self.entries.append(error(failed, at + 0.2 * stages + after, None))

    def read(self) -> Correlation:
        entries = sorted(self.entries, key=lambda entry: entry.at_ms)
        return correlate(entries, (), self.rows, READER)

    def assessed(self, folder: Path) -> list[Assessment]:
        """The videos that have no task."""
        (folder / "show.json").write_text(json.dumps(SHOW))
        app, now = app_of(flows_dir=folder), START + timedelta(hours=3)
        found = dossiers_of_files(app, self.rows, self.read(), [], now)
        return [assess(each) for each in found if not each.video.runway_video_id]

    def tasks(self, number: int) -> tuple[set[str], set[str]]:
        """Certain ones, and those that may be the video's."""
        (one,) = self.read().of(video_id(number)).runs
        return one.tasks, one.candidates


@pytest.fixture
def evening() -> Evening:
    return Evening()


def test_a_run_that_failed_minutes_ago_does_not_keep_a_task_from_its_own(evening: Evening) -> None:
    evening.run(1, 2000, stages=4, failed=SHUT)
    evening.run(2, 2200, stages=5, failed=LOST)
    assert evening.tasks(2) == ({task_id(2)}, set())


def test_a_run_that_was_killed_minutes_ago_keeps_the_task_as_a_candidate(evening: Evening) -> None:
    """Time tells whose it is, and proves nothing of the other."""
    evening.run(1, 2000, stages=4)
    evening.run(2, 2200, stages=5, failed=LOST)
    assert evening.tasks(2)[0] == {task_id(2)}
    assert evening.tasks(1) == (set(), {task_id(2)})


def test_two_runs_at_once_leave_open_whose_a_task_is(evening: Evening) -> None:
    evening.run(1, 2000, stages=4)
    evening.run(2, 2000.1, stages=5, failed=LOST)
    assert evening.tasks(2) == (set(), {task_id(2)})


def test_an_error_is_the_one_runs_that_can_have_logged_it(evening: Evening) -> None:
    evening.run(1, 2000, stages=3, failed=SHUT)
    evening.run(2, 2300, stages=3, failed=SHUT)
    found = evening.read()
    for number in (1, 2):
        (one,) = found.of(video_id(number)).runs
        assert [each.entry.message for each in one.lines if each.is_error] == [SHUT]
        assert one.doubtful >= {each.order for each in one.lines if each.is_error}


@pytest.mark.parametrize("others", [(1500.0,), ()], ids=["while no run is under way", "once"])
def test_an_error_of_another_route_ends_no_run(evening: Evening, others: tuple[float, ...]) -> None:
    evening.run(1, 2000, stages=4)
    for at in (2001.0, *others):
        evening.entries.append(error("Signature ignored: none found", at, None))
    (one,) = evening.read().of(video_id(1)).runs
    assert not any(each.is_error for each in one.lines)


@pytest.mark.parametrize("checks", [1, 3])
def test_an_error_right_behind_a_question_about_a_video_is_its_failed_check(
    evening: Evening, checks: int
) -> None:
    for n in range(checks):
        evening.entries.append(line(f"News wanted of {video_id(110)}", 2000 + 60 * n, None))
        evening.entries.append(error("No news: fetch failed", 2000.3 + 60 * n, None))
    polls = [read_poll(poll) for poll in evening.read().of(video_id(110)).polls]
    assert [poll.outcome for poll in polls] == [PollOutcome.FAILED] * checks


def test_an_error_that_also_comes_without_a_question_is_no_check(evening: Evening) -> None:
    evening.entries.append(line(f"News wanted of {video_id(110)}", 2000, None))
    for at in (2000.3, 2090):
        evening.entries.append(error("No news: fetch failed", at, None))
    assert evening.read().of(video_id(110)).polls == ()


def test_many_errors_of_many_runs_are_read_in_linear_time() -> None:
    def seconds(number: int) -> float:
        busy: Any = Evening()
        for n in range(number):
            busy.run(1000 + n, 2000 + 0.05 * n, stages=4, failed=SHUT)
        began = time.process_time()
        busy.read()
        return time.process_time() - began

    assert seconds(1600) < 8 * max(seconds(400), 0.05)


def test_a_database_error_after_the_call_is_about_the_id_where_a_task_may_be_the_runs(
    evening: Evening, tmp_path: Path
) -> None:
    evening.run(1, 2000, stages=5, failed=LOST)
    evening.run(2, 2000.1, stages=5, failed=LOST)
    evening.run(3, 2400, stages=3, failed=SHUT)
    evening.run(4, 2600, stages=3, failed=SHUT)
    causes = [each.verdict.cause for each in evening.assessed(tmp_path)]
    assert causes == ["task_id_not_saved"] * 2 + ["database_write_failed"] * 2


def test_a_refusal_that_names_nobody_says_the_cause_and_pays_nothing(
    evening: Evening, tmp_path: Path
) -> None:
    refused = 'Show failed AuthenticationError: 401 {"error":"Invalid API key provided."}'
    evening.run(1, 2000, stages=4, failed=refused)
    evening.run(2, 2600, stages=4, failed=refused)
    for verdict, repair in evening.assessed(tmp_path):
        assert (verdict.cause, repair.pays) == ("unauthorized", False)


def test_what_is_only_likely_is_not_kept_for_later_readings(evening: Evening) -> None:
    evening.run(1, 2000, stages=4)
    evening.run(2, 2200, stages=5, failed=LOST)
    evening.run(3, 2600, stages=5, failed=LOST)
    evening.entries = untangle(sorted(evening.entries, key=lambda entry: entry.at_ms), READER)
    assert not any(entry.request_id for entry in evening.entries if entry.message == LOST)


def test_an_error_that_names_the_video_it_was_asked_about_is_its_failed_check(evening: Evening) -> None:
    evening.entries.append(line(f"News wanted of {video_id(110)}", 2000, None))
    evening.entries.append(error(f"No news of {video_id(110)}: fetch failed", 2000.3, None))
    polls = [read_poll(poll) for poll in evening.read().of(video_id(110)).polls]
    assert [poll.outcome for poll in polls] == [PollOutcome.FAILED]

"""Which lines are whose, where requests have ids."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from lib.domain.trace import LogEntry
from lib.domain.video import Video
from lib.traces.correlate import Correlation, VideoLog, correlate
from lib.traces.naming import names_in
from tests.stories import (
    ANNA,
    ANNAS_TASK,
    BELA,
    BELAS_TASK,
    FLOWS,
    READER,
    error,
    line,
    messages,
    row,
    run,
)

OTHER_HANDS = (row(ANNA), row(BELA))


def found(entries: Iterable[LogEntry], videos: Iterable[Video] = OTHER_HANDS) -> Correlation:
    return correlate(entries, (), list(videos), READER)


def runs_of(correlation: Correlation, video: str) -> list[list[str]]:
    return [[each.entry.message for each in one.lines] for one in correlation.of(video).runs]


def lines(entries: Iterable[LogEntry]) -> list[str]:
    return [entry.message for entry in entries]


@pytest.mark.parametrize("flow", FLOWS)
def test_all_lines_of_a_request_belong_to_its_only_video_also_those_that_name_nothing(flow: str) -> None:
    anna = run(flow)
    bela = run(flow, BELA, BELAS_TASK, request="req-b", begin=0.05)
    correlation = found([*anna, *bela])
    assert runs_of(correlation, ANNA) == [lines(anna)]
    assert runs_of(correlation, BELA) == [lines(bela)]


def test_the_order_in_which_lines_arrive_does_not_matter() -> None:
    entries = run("sync-sdk")
    shuffled = random.Random(5).sample(entries, len(entries))
    assert runs_of(found(shuffled), ANNA) == [lines(entries)]


def test_a_line_delivered_twice_counts_once() -> None:
    entries = [e._replace(entry_id=str(i)) for i, e in enumerate(run("sync-sdk"))]
    assert runs_of(found([*entries, *entries]), ANNA) == [lines(entries)]


def test_lines_of_requests_that_name_no_video_are_nobodys() -> None:
    correlation = found([line("[Email] sent", 1, "req-mail"), *run("sync-sdk")])
    assert "[Email] sent" not in runs_of(correlation, ANNA)[0]


def test_a_second_request_for_a_video_is_a_second_run() -> None:
    first = run("sync-sdk", stages=8)
    second = run("sync-sdk", task=BELAS_TASK, begin=60, request="req-again")
    assert runs_of(found([*first, *second]), ANNA) == [lines(first), lines(second)]


def test_status_requests_are_polls_and_no_part_of_a_run() -> None:
    check = [
        line(f"[Runway API] Checking video status for task ID: {ANNAS_TASK}", 20, "req-poll"),
        line(
            f"[Runway API] Task status response: {{\n  id: '{ANNAS_TASK}',\n  status: 'RUNNING'\n}}",
            21,
            "req-poll",
        ),
        line("[Runway API] Extracted from task: { hasVideoUrl: false }", 21, "req-poll"),
    ]
    correlation = found([*run("sync-sdk"), *check])
    assert [list(poll) for poll in correlation.of(ANNA).polls] == [check]
    assert len(correlation.of(ANNA).runs) == 1


def test_a_status_request_that_names_only_the_task_is_its_videos() -> None:
    check = error(f"[Runway API] Error checking video status: 500 for task ID: {ANNAS_TASK}", 30, "req-poll")
    correlation = found([check], [row(runway_video_id=ANNAS_TASK)])
    assert len(correlation.of(ANNA).polls) == 1


def test_a_failed_check_that_names_nothing_is_kept_apart() -> None:
    check = error("Error checking video status with Runway API: Error: Unauthorized", 30, "req-poll")
    assert found([check]).nameless_errors == (check,)


def woken(flow: str, freeze_at: int, request: str) -> tuple[list[LogEntry], list[LogEntry]]:
    """ANNA's run, frozen after `freeze_at` lines, going on half a minute later inside `request`."""
    whole = run(flow)
    later = [e._replace(at_ms=e.at_ms + 30_000, request_id=request) for e in whole[freeze_at:]]
    return whole[:freeze_at], later


@pytest.mark.parametrize("freeze_at", range(4, 16))
def test_a_frozen_run_that_wakes_in_anothers_request_keeps_all_its_lines(freeze_at: int) -> None:
    before, after = woken("async-sdk", freeze_at, "req-b")
    bela = run("async-sdk", BELA, BELAS_TASK, request="req-b", begin=30.05)
    correlation = found([*before, *after, *bela])
    assert runs_of(correlation, ANNA) == [lines([*before, *after])]
    assert runs_of(correlation, BELA) == [lines(bela)]


def test_a_frozen_run_that_wakes_in_a_status_request_keeps_its_lines_and_leaves_the_check_alone() -> None:
    before, after = woken("async-sdk", 4, "req-poll")
    check = line(f"Video {BELA} is processing but no runway_video_id found.", 30, "req-poll", "warning")
    correlation = found([*before, check, *after])
    assert runs_of(correlation, ANNA) == [lines([*before, *after])]
    assert [list(poll) for poll in correlation.of(BELA).polls] == [[check]]


def test_a_run_that_wakes_twice_and_freezes_in_between_is_followed_through_three_requests() -> None:
    whole = run("async-sdk")
    parts = whole[:5], whole[5:9], whole[9:]
    moved = [
        e._replace(at_ms=e.at_ms + 20_000 * i, request_id=f"req-{i}") for i, p in enumerate(parts) for e in p
    ]
    polls = [
        line(
            f"Video {BELA} is processing but no runway_video_id found.", 20 * i + 0.01, f"req-{i}", "warning"
        )
        for i in (1, 2)
    ]
    assert runs_of(found([*moved, *polls]), ANNA) == [lines(moved)]


def test_a_task_that_two_frozen_runs_may_have_created_is_given_to_neither() -> None:
    """Both stopped while Runway was asked; the answer comes in a third video's request."""
    runs = [run("async-sdk", v, stages=9, request=f"req-{v}") for v in (ANNA, BELA)]
    carla = "cccccccc-3333-4000-8000-000000000003"
    host = line(f"Video {carla} is processing but no runway_video_id found.", 40, "req-host", "warning")
    answer = line(f"[Runway API] Task created with ID: {ANNAS_TASK}", 40.1, "req-host")
    correlation = found([*runs[0], *runs[1], host, answer])
    for video in (ANNA, BELA):
        (one,) = correlation.of(video).runs
        assert one.tasks == set()
        assert one.candidates == {ANNAS_TASK}


@pytest.mark.parametrize(
    ("message", "videos", "tasks"),
    [
        (f"Starting video generation for video {ANNA}", [ANNA], []),
        (f"Full error details: {{\n  videoId: '{ANNA}'", [ANNA], []),
        (f"Task created with ID: {ANNAS_TASK}", [], [ANNAS_TASK]),
        (f"Saving runway_video_id for video {ANNA}: {ANNAS_TASK}", [ANNA], [ANNAS_TASK]),
        (f"Video {ANNA} is queued. Runway video ID: {ANNAS_TASK}.", [ANNA], [ANNAS_TASK]),
        (f'[Runway API] Success response: {{\n  "id": "{ANNAS_TASK}"', [], [ANNAS_TASK]),
        (f"Updated record: {{\n  id: '{ANNA}',\n  runway_video_id: '{ANNAS_TASK}'", [ANNA], [ANNAS_TASK]),
        ("Task created with ID: undefined", [], []),
        ("Could not find the 'runway_video_id' column of 'videos'", [], []),
        (f"Image URL: https://cdn.test/videos/{ANNA}.jpg", [], []),
        (f"user {ANNA} signed in", [], []),
    ],
)
def test_a_message_names_what_its_wording_says(message: str, videos: list[str], tasks: list[str]) -> None:
    assert names_in(message) == (tuple(videos), tuple(tasks))


def test_an_unusual_line_belongs_to_the_known_video_whose_id_stands_in_it() -> None:
    correlation = found([line(f"[Worker] {ANNA}: taken", 1)])
    assert messages([each.entry for each in correlation.of(ANNA).runs[0].lines]) == [
        f"[Worker] {ANNA}: taken"
    ]


@pytest.mark.parametrize("key", ["cm4x8e1vee3k0p9v175pw5ar7", "V1StGXR8_Z5jdHi6B-myT", "1846203948571029384"])
def test_a_long_key_of_a_row_names_it_in_whatever_words_and_never_within_another_word_or_prompt(
    key: str,
) -> None:
    named = found([line(f"[poll] {key} check failed", 1, "req-p")], [row(key)])
    assert [[each.entry.request_id for each in one.lines] for one in named.of(key).runs] == [["req-p"]]
    for text in (f"prompt: a cat, {key}", f"/{key}/x", f"x{key}"):
        assert found([line(text, 1, "req-p")], [row(key)]).of(key) == VideoLog()

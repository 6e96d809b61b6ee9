"""Text without request ids: whose line is whose, and when nobody can say."""

from __future__ import annotations

import random

import pytest

from lib.domain.trace import LogEntry
from lib.traces.correlate import correlate, untangle
from lib.traces.runs import OpenRun
from tests.stories import (
    ANNA,
    ANNAS_TASK,
    BELA,
    BELAS_TASK,
    FLOWS,
    READER,
    error,
    line,
    row,
    run,
    without_requests,
)

BOTH = [row(ANNA), row(BELA)]


def runs(entries: list[LogEntry], video: str) -> tuple[OpenRun, ...]:
    return correlate(entries, (), BOTH, READER).of(video).runs


def stages(entries: list[LogEntry], video: str, flow: str) -> list[int]:
    (one,) = runs(entries, video)
    return sorted(one.filled[flow])


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("apart", [0.01, 0.05, 0.25, 0.9])
def test_two_interleaved_runs_each_get_all_their_stages(flow: str, apart: float) -> None:
    text = without_requests(run(flow), run(flow, BELA, BELAS_TASK, begin=apart))
    everything = list(range(len(FLOWS[flow])))
    assert stages(text, ANNA, flow) == everything
    assert stages(text, BELA, flow) == everything


@pytest.mark.parametrize("seed", range(20))
def test_many_runs_at_once_each_get_all_their_stages(seed: int) -> None:
    chance = random.Random(seed)
    ids = [
        (f"{i:08x}-1111-4000-8000-000000000000", f"{i:08x}-2222-4000-8000-000000000000") for i in range(1, 13)
    ]
    text = without_requests(
        *(run("async-sdk", v, t, begin=chance.random(), step=chance.uniform(0.01, 0.5)) for v, t in ids)
    )
    correlation = correlate(text, (), [row(video) for video, _ in ids], READER)
    for video, task in ids:
        (one,) = correlation.of(video).runs
        assert sorted(one.filled["async-sdk"]) == list(range(16))
        assert one.tasks == {task}


def test_a_run_that_stops_gets_no_line_of_one_that_goes_on() -> None:
    text = without_requests(run("async-sdk", stages=4), run("async-sdk", BELA, BELAS_TASK, begin=0.05))
    assert stages(text, ANNA, "async-sdk") == [0, 1, 2, 3]
    assert stages(text, BELA, "async-sdk") == list(range(16))


def lookup_failed(video: str, task: str, begin: float, place: int) -> list[LogEntry]:
    """The task is created at 0.9 s, and looking it up fails a minute later at line `place`."""
    failed = (
        f"[Video Generation] Error in async video generation for video {video}: Error: Too many requests\n"
    )
    stack = f"    at async generateVideo (/var/task/app/generate.mjs:{place}:9)"
    return [*run("async-sdk", video, task, stages=11, begin=begin), error(failed + stack, begin + 60)]


def creation_failed(video: str, begin: float, place: int) -> list[LogEntry]:
    return [e for e in lookup_failed(video, "no-task", begin, place) if "no-task" not in e.message]


def test_the_only_run_that_can_have_created_a_task_owns_it() -> None:
    text = without_requests(
        lookup_failed(ANNA, ANNAS_TASK, 0, 70), run("async-sdk", BELA, BELAS_TASK, begin=0.5)
    )
    (anna,) = runs(text, ANNA)
    assert anna.tasks == {ANNAS_TASK}
    assert anna.candidates == set()


def test_two_runs_that_lost_their_ids_at_once_have_both_as_candidates() -> None:
    text = without_requests(lookup_failed(ANNA, ANNAS_TASK, 0, 70), lookup_failed(BELA, BELAS_TASK, 0.05, 70))
    for video in (ANNA, BELA):
        (one,) = runs(text, video)
        assert one.tasks == set()
        assert one.candidates == {ANNAS_TASK, BELAS_TASK}
        assert one.owns_a_task


def test_a_run_that_failed_further_up_in_the_code_created_nothing() -> None:
    """Both wait for Runway at once; line 52 is reached before line 70, so the task is the other's."""
    text = without_requests(
        lookup_failed(ANNA, ANNAS_TASK, 0, 70),
        creation_failed(BELA, 0.05, 52),
    )
    assert runs(text, ANNA)[0].tasks == {ANNAS_TASK}
    assert runs(text, BELA)[0].candidates == set()


def test_where_nothing_tells_two_failed_runs_apart_the_task_stays_open() -> None:
    text = without_requests(lookup_failed(ANNA, ANNAS_TASK, 0, 70), creation_failed(BELA, 0.05, 70))
    for video in (ANNA, BELA):
        (one,) = runs(text, video)
        assert one.tasks == set()
        assert one.candidates == {ANNAS_TASK}


def test_a_platform_time_out_goes_to_the_run_that_began_that_long_ago() -> None:
    late = line("Vercel Runtime Timeout Error: Task timed out after 60 seconds", 60.4, None, "error")
    text = without_requests(
        run("sync-sdk", stages=8), run("sync-sdk", BELA, BELAS_TASK, stages=8, begin=30), [late]
    )
    assert late in [each.entry for each in runs(text, ANNA)[0].lines]
    assert late not in [each.entry for each in runs(text, BELA)[0].lines]


def test_a_nameless_check_error_belongs_to_the_check_that_had_no_answer() -> None:
    def check(task: str, at: float) -> LogEntry:
        return line(f"[Runway API] Checking video status for task ID: {task}", at)

    answer = line(f"[Runway API] Task status response: {{\n  id: '{ANNAS_TASK}',\n  status: 'RUNNING'\n}}", 3)
    failed = error("[Runway API] Error checking video status: InternalServerError: 500", 2)
    text = without_requests([check(ANNAS_TASK, 0), check(BELAS_TASK, 1), failed, answer])
    rows = [row(ANNA, runway_video_id=ANNAS_TASK), row(BELA, runway_video_id=BELAS_TASK)]
    correlation = correlate(text, (), rows, READER)
    assert [e.level for e in correlation.of(ANNA).polls[0]] == ["info", "info"]
    assert [e.level for e in correlation.of(BELA).polls[0]] == ["info", "error"]


def test_untangled_text_has_a_request_id_for_each_run_and_reads_the_same() -> None:
    text = without_requests(run("async-sdk"), run("async-sdk", BELA, BELAS_TASK, begin=0.33))
    untangled = untangle(text, READER)
    assert [e._replace(request_id=None) for e in untangled] == text
    assert len({entry.request_id for entry in untangled}) == 2
    assert stages(untangled, ANNA, "async-sdk") == list(range(16))


def test_the_same_text_always_gets_the_same_ids() -> None:
    text = without_requests(run("async-sdk"))
    assert untangle(text, READER) == untangle(text, READER)


def test_runs_between_which_the_text_leaves_two_readings_stay_in_one_request_and_stay_open() -> None:
    text = without_requests(lookup_failed(ANNA, ANNAS_TASK, 0, 70), lookup_failed(BELA, BELAS_TASK, 0.05, 70))
    untangled = untangle(text, READER)
    assert len({entry.request_id for entry in untangled}) == 1
    for video in (ANNA, BELA):
        (one,) = runs(untangled, video)
        assert one.tasks == set()
        assert one.candidates == {ANNAS_TASK, BELAS_TASK}


def test_entries_with_request_ids_keep_them() -> None:
    entries = run("sync-sdk")
    assert untangle(entries, READER) == entries

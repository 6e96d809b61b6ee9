"""Traces: flow, states of stages, runs, polls; and what logs cannot show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from lib.domain.trace import LogEntry, PollOutcome, StageState, Trace
from lib.domain.video import Video
from lib.traces.correlate import correlate
from lib.traces.polls import PollSign, poll_sign, pollers
from lib.traces.trace import LINES_A_REQUEST, trace_of, usual_flows
from tests.stories import ANNA, ANNAS_TASK, BELA, BELAS_TASK, FLOWS, READER, START, error, line, row, run

SEEN, MISSING, NOT_REACHED, NOT_OBSERVABLE = StageState


def trace(
    entries: Iterable[LogEntry],
    video: Video | None = None,
    *,
    retention: timedelta = timedelta(hours=24),
    usual_flow: str | None = None,
    logs_end: datetime | None = None,
) -> Trace:
    video = video or row()
    found = correlate(entries, (), [video], READER)
    return trace_of(
        video,
        found,
        READER.flows,
        now=START + timedelta(hours=1),
        retention=retention,
        usual_flow=usual_flow,
        logs_end=logs_end,
    )


def states(of: Trace) -> list[StageState]:
    return [stage.state for stage in of.stages]


@pytest.mark.parametrize("flow", FLOWS)
def test_the_flow_of_a_whole_run_is_found_and_all_its_stages_are_seen(flow: str) -> None:
    found = trace(run(flow))
    assert found.flow == flow
    assert set(states(found)) == {SEEN}
    assert found.first_missing is None
    assert found.task_ids == (ANNAS_TASK,)
    assert found.sent
    assert found.created


def test_a_seen_stage_has_the_time_of_its_line() -> None:
    assert trace(run("sync-sdk", step=2)).stages[3].at == START + timedelta(seconds=6)


def test_where_a_run_ends_the_next_stage_is_missing_and_the_rest_was_not_reached() -> None:
    found = trace(run("sync-sdk", stages=4))
    assert states(found) == [SEEN] * 4 + [MISSING] + [NOT_REACHED] * 9
    assert found.first_missing == "client_called"
    assert not found.sent


def test_a_stage_that_a_later_one_proves_is_missing() -> None:
    entries = run("sync-sdk")
    del entries[4]
    assert states(trace(entries)) == [SEEN] * 4 + [MISSING] + [SEEN] * 9


def test_stages_before_the_logs_begin_are_not_observable() -> None:
    found = trace(run("sync-sdk", begin=60)[3:])
    assert states(found) == [NOT_OBSERVABLE] * 3 + [SEEN] * 11


def test_stages_beyond_the_platforms_line_limit_are_not_observable() -> None:
    entries = run("sync-sdk", stages=6, step=0)
    noise = [line(f"chatter {i}", 1) for i in range(LINES_A_REQUEST - 6)]
    assert states(trace([*entries, *noise])) == [SEEN] * 6 + [NOT_OBSERVABLE] * 8
    assert states(trace([*entries, *noise[1:]])) == [SEEN] * 6 + [MISSING] + [NOT_REACHED] * 7


def test_stages_after_the_logs_end_are_not_observable() -> None:
    entries = run("sync-sdk", stages=6, step=1)
    assert states(trace(entries, logs_end=START + timedelta(seconds=6)))[6:] == [NOT_OBSERVABLE] * 8
    assert states(trace(entries, logs_end=START + timedelta(seconds=30)))[6:] == [MISSING] + [NOT_REACHED] * 7


def test_a_video_without_a_line_has_no_stages_and_was_not_observed() -> None:
    found = trace([])
    assert (found.flow, found.stages, found.observed) == (None, (), False)


def test_a_video_without_a_line_was_observed_when_logs_cover_its_time() -> None:
    others = [line("[Email] sent", -5, "req-1"), line("[Email] sent", 5, "req-2")]
    assert trace(others).observed
    assert not trace(others, retention=timedelta(minutes=30)).observed


def test_retries_stay_apart_and_the_stages_are_the_latest_ones() -> None:
    again = run("sync-sdk", task=BELAS_TASK, stages=9, begin=90, request="req-again")
    found = trace([*run("sync-sdk", stages=4), *again])
    assert [len(one.entries) for one in found.runs] == [4, 9]
    assert [one.request_id for one in found.runs] == ["req-a", "req-again"]
    assert states(found).count(SEEN) == 9


def test_of_flows_that_begin_alike_the_deployments_usual_one_is_meant() -> None:
    short, whole = run("async-sdk", stages=4), run("async-sdk", BELA, BELAS_TASK, request="req-b")
    found = correlate([*short, *whole], (), [row(), row(BELA)], READER)
    assert usual_flows([found]) == {"dpl_1": "async-sdk"}
    assert trace(short, usual_flow="async-sdk").flow == "async-sdk"
    assert trace(short, usual_flow="async-fetch").flow == "async-fetch"


def test_a_sign_tells_flows_apart_that_share_all_stages_seen() -> None:
    for flow in ("async-fetch", "async-sdk"):
        assert trace(run(flow, stages=7)).flow == flow


def test_polls_are_counted_with_what_they_said() -> None:
    checking = f"[Runway API] Checking video status for task ID: {ANNAS_TASK}"
    answer = f"[Runway API] Task status response: {{\n  id: '{ANNAS_TASK}',\n  status: 'FAILED',\n"
    answer += "  failure: 'It was flagged.',\n  failureCode: 'SAFETY.INPUT.IMAGE'\n}"
    found = trace(
        [
            line(f"Video {ANNA} is processing but no runway_video_id found.", 10, "p1", "warning"),
            line(checking, 20, "p2"),
            line(answer, 21, "p2"),
            line(checking, 30, "p3"),
            error("[Runway API] Error checking video status: InternalServerError: 500", 31, "p3"),
            line(checking, 40, "p4"),
        ],
        row(runway_video_id=ANNAS_TASK),
    )
    assert [poll.outcome for poll in found.polls] == [
        PollOutcome.NO_TASK_ID,
        PollOutcome.ANSWERED,
        PollOutcome.FAILED,
        PollOutcome.SILENT,
    ]
    told = found.polls[1]
    assert (told.status, told.failure, told.failure_code) == (
        "FAILED",
        "It was flagged.",
        "SAFETY.INPUT.IMAGE",
    )


CHECKING = line(f"[Runway API] Checking video status for task ID: {ANNAS_TASK}", 20, "p2")
OVER = line(
    f"[Runway API] Task status response: {{\n  id: '{ANNAS_TASK}',\n  status: 'SUCCEEDED'\n}}", 21, "p2"
)
STILL = OVER._replace(message=OVER.message.replace("SUCCEEDED", "RUNNING"))
REFUSED = error(f"[Runway API] Error checking video status for task ID: {ANNAS_TASK}: 500", 21, "p2")


@pytest.mark.parametrize(
    ("polls", "status", "states", "first_missing"),
    [
        ((), "processing", [MISSING, NOT_REACHED, NOT_REACHED], "status_asked"),
        ((CHECKING, REFUSED), "processing", [SEEN, MISSING, NOT_REACHED], "runway_answered"),
        ((CHECKING, STILL), "processing", [SEEN, SEEN, NOT_REACHED], None),
        ((CHECKING, OVER), "processing", [SEEN, SEEN, MISSING], "row_updated"),
        ((CHECKING, OVER), "succeeded", [SEEN, SEEN, SEEN], None),
        ((), "succeeded", [NOT_OBSERVABLE, NOT_OBSERVABLE, SEEN], None),
    ],
)
def test_what_is_missing_after_the_id_was_saved_is_named_too(
    polls: tuple[LogEntry, ...], status: str, states: list[StageState], first_missing: str | None
) -> None:
    found = trace(
        [*run("sync-sdk"), *polls],
        row(status=status, runway_video_id=ANNAS_TASK),
        logs_end=START + timedelta(hours=1),
    )
    assert [stage.state for stage in found.polling] == states
    assert found.first_missing == first_missing


def test_logs_that_end_with_the_run_do_not_say_that_nobody_asked() -> None:
    found = trace(run("sync-sdk"), row(runway_video_id=ANNAS_TASK), logs_end=START + timedelta(seconds=3))
    assert found.polling[0].state is NOT_OBSERVABLE
    assert found.first_missing is None


@pytest.mark.parametrize(
    ("message", "sign"),
    [
        ("Video x is processing but no runway_video_id found.", PollSign.NO_TASK_ID),
        ("[Runway API] Checking video status for task ID: 1", PollSign.BEGUN),
        ("Error checking video status with Runway API: Error: x", PollSign.ERROR),
        ("[Runway API] Failed to get task status: x", PollSign.ERROR),
        ("[Video Generation] Failed to update status to processing: {", None),
        ("[Video Generation] FAILED to save runway_video_id: {", None),
        ("[Runway API] Response status: 200 OK", None),
    ],
)
def test_a_line_tells_what_it_says_of_a_status_request(message: str, sign: PollSign | None) -> None:
    assert poll_sign(message) is sign


def test_the_fewest_browsers_that_can_have_asked_are_counted() -> None:
    def errors(*seconds: float) -> list[LogEntry]:
        return [error("Error checking video status", each, None) for each in seconds]

    assert pollers([]) == 0
    assert pollers(errors(0, 6, 12)) == 1
    assert pollers(errors(0, 1, 6, 7.5, 12)) == 2

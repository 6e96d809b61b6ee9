"""What the sweep does about a video, decided without any side effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lib.domain.attempt import Attempt, AttemptState, RetryDecision, RetryVerdict
from lib.domain.sweep import (
    LONGEST_FLAG,
    LONGEST_PAUSE,
    MOST_TRIES,
    Allowed,
    Former,
    SweepAction,
    SweepCase,
    decide_sweep,
    pause_after,
)
from lib.domain.video import Video

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
VIDEO = Video(id="aaaaaaaa-0000-4000-8000-000000000001", status="processing", created_at=NOON)
EVERYTHING = Allowed(retry=True, take_queued=True)


def ruled(verdict: RetryVerdict) -> RetryDecision:
    return RetryDecision(verdict, "because", key=f"{VIDEO.id}/1")


SAFE = SweepCase(VIDEO, None, ruled(RetryVerdict.SAFE))


def refused(cause: str, number: int = 1, state: AttemptState = AttemptState.REFUSED) -> Attempt:
    return Attempt(
        id="1",
        video_id=VIDEO.id,
        key=f"{VIDEO.id}/{number}",
        number=number,
        previous_id=None,
        state=state,
        operator="sweep",
        request={},
        credits=25,
        task_id=None,
        reason=f"Runway said {cause}.",
        cause=cause,
        claimed_at=NOON,
        sent_at=NOON,
        settled_at=NOON,
    )


@pytest.mark.parametrize(
    ("verdict", "action"),
    [
        (RetryVerdict.SAFE, SweepAction.RETRY),
        (RetryVerdict.ID_KNOWN, SweepAction.RECOVER),
        (RetryVerdict.OUTCOME_UNKNOWN, SweepAction.FLAG),
        (RetryVerdict.NOT_WORTH_IT, SweepAction.FLAG),
        (RetryVerdict.NOT_NEEDED, SweepAction.WAIT),
    ],
)
def test_even_with_everything_allowed_only_what_is_safe_is_paid(
    verdict: RetryVerdict, action: SweepAction
) -> None:
    assert decide_sweep(replace(SAFE, retry=ruled(verdict)), EVERYTHING).action is action


def test_without_permission_a_safe_retry_is_left_to_people() -> None:
    assert decide_sweep(SAFE, Allowed()).action is SweepAction.FLAG


@pytest.mark.parametrize("cause", ["unauthorized", "insufficient_credits", "wrong_endpoint", "no_task_id"])
def test_what_would_be_refused_again_is_not_tried_again(cause: str) -> None:
    decision = decide_sweep(replace(SAFE, last=refused(cause)), EVERYTHING)
    assert decision.action is SweepAction.FLAG
    assert cause in decision.reason


@pytest.mark.parametrize("cause", ["rate_limited", "runway_unreachable", "runway_server_error"])
def test_what_was_refused_for_the_moment_waits_and_is_tried_then(cause: str) -> None:
    case = replace(SAFE, last=refused(cause))
    first = decide_sweep(case, EVERYTHING)
    assert first.action is SweepAction.WAIT
    then = decide_sweep(replace(case, former=Former("wait", first.reason, 0)), EVERYTHING)
    assert then.action is SweepAction.RETRY


def test_another_refusal_begins_another_pause() -> None:
    first = decide_sweep(replace(SAFE, last=refused("rate_limited", 1)), EVERYTHING)
    again = replace(SAFE, last=refused("rate_limited", 2), former=Former("wait", first.reason, 0))
    second = decide_sweep(again, EVERYTHING)
    assert second.action is SweepAction.WAIT
    assert second.again_seconds == 2 * first.again_seconds


def test_tries_come_to_an_end() -> None:
    decision = decide_sweep(replace(SAFE, last=refused("rate_limited", MOST_TRIES)), EVERYTHING)
    assert decision.action is SweepAction.FLAG


def test_an_attempt_that_never_left_the_machine_is_made_up_for_at_once() -> None:
    last = refused("", state=AttemptState.ABANDONED)
    assert decide_sweep(replace(SAFE, last=last), EVERYTHING).action is SweepAction.RETRY


def test_pauses_double_are_capped_and_never_shorter_than_runway_asks_for() -> None:
    assert [pause_after(n) for n in (1, 2, 3)] == [60, 120, 240]
    assert pause_after(50) == LONGEST_PAUSE
    assert pause_after(1, asked=7200) == 7200


def test_flags_come_back_ever_more_seldom() -> None:
    again = [
        decide_sweep(replace(SAFE, former=Former("flag", "", n)), Allowed()).again_seconds for n in range(6)
    ]
    assert again == sorted(again)
    assert again[0] > 60
    assert again[-1] == LONGEST_FLAG


QUEUED = replace(SAFE, video=replace(VIDEO, status="queued"), retry=ruled(RetryVerdict.OUTCOME_UNKNOWN))


def test_a_queued_row_without_a_trace_is_taken_where_the_app_leaves_it_to_the_workers() -> None:
    assert decide_sweep(QUEUED, Allowed(take_queued=True)).action is SweepAction.ENQUEUE
    assert decide_sweep(QUEUED, Allowed()).action is SweepAction.FLAG


@pytest.mark.parametrize(
    "case", [replace(QUEUED, in_logs=True), replace(QUEUED, last=refused("rate_limited")), SAFE]
)
def test_a_row_that_somebody_has_worked_on_is_not_taken(case: SweepCase) -> None:
    assert decide_sweep(case, EVERYTHING).action is not SweepAction.ENQUEUE


def test_a_known_task_comes_before_everything() -> None:
    case = replace(QUEUED, retry=ruled(RetryVerdict.ID_KNOWN))
    assert decide_sweep(case, EVERYTHING).action is SweepAction.RECOVER

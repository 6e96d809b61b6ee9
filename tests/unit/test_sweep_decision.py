"""When the sweep carries a repair out, when it waits and when it leaves it to people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lib.domain.attempt import Attempt, AttemptState
from lib.domain.cause import Action
from lib.domain.diagnosis.proof import Proof
from lib.domain.pricing import GenerationRequest
from lib.domain.repair import Repair
from lib.domain.sweep import (
    LONGEST_LEFT,
    LONGEST_PAUSE,
    MOST_TRIES,
    Former,
    SweepDecision,
    decide_sweep,
    pause_after,
)

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
VIDEO = "aaaaaaaa-0000-4000-8000-000000000001"


def repair(action: Action, last: Attempt | None = None, proof: Proof | None = None) -> Repair:
    return Repair(VIDEO, action, "because", 25, proof, f"{VIDEO}/1", None, (), GenerationRequest(""), last)


def refused(cause: str, number: int = 1, state: AttemptState = AttemptState.REFUSED) -> Attempt:
    return Attempt(
        id="1",
        video_id=VIDEO,
        key=f"{VIDEO}/{number}",
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


def decide(wanted: Repair, former: Former | None = None, *, may_retry: bool = True) -> SweepDecision:
    return decide_sweep(wanted, former, may_retry=may_retry)


@pytest.mark.parametrize(
    ("action", "now"),
    [
        (Action.RETRY, Action.RETRY),
        (Action.RECOVER, Action.RECOVER),
        (Action.LOOK_UP, Action.LOOK_UP),
        (Action.ASK, Action.ASK),
        (Action.CHANGE_INPUT, Action.CHANGE_INPUT),
        (Action.FIX_FIRST, Action.FIX_FIRST),
        (Action.WAIT, Action.WAIT),
        (Action.NONE, Action.WAIT),
    ],
)
def test_even_where_it_may_pay_it_pays_for_nothing_but_a_proved_retry(action: Action, now: Action) -> None:
    assert decide(repair(action)).action is now


def test_without_permission_a_retry_is_left_to_people_and_says_what_would_permit_it() -> None:
    decision = decide(repair(Action.RETRY), may_retry=False)
    assert decision.action is Action.ASK
    assert "DAILIES_AUTO_RETRY=1" in decision.reason


def test_what_the_app_leaves_to_the_workers_needs_no_other_permission() -> None:
    left = repair(Action.RETRY, proof=Proof.LEFT_TO_WORKERS)
    assert decide(left, may_retry=False).action is Action.RETRY


@pytest.mark.parametrize("cause", ["unauthorized", "insufficient_credits", "wrong_endpoint", "no_task_id"])
def test_what_would_be_refused_again_is_not_tried_again(cause: str) -> None:
    decision = decide(repair(Action.RETRY, refused(cause)))
    assert decision.action is Action.ASK
    assert cause in decision.reason


@pytest.mark.parametrize("cause", ["rate_limited", "runway_unreachable", "runway_server_error"])
def test_what_was_refused_for_the_moment_waits_and_is_tried_then(cause: str) -> None:
    wanted = repair(Action.RETRY, refused(cause))
    first = decide(wanted)
    assert first.action is Action.WAIT
    assert decide(wanted, Former("wait", first.reason, 0)).action is Action.RETRY


def test_another_refusal_begins_another_pause() -> None:
    first = decide(repair(Action.RETRY, refused("rate_limited", 1)))
    second = decide(repair(Action.RETRY, refused("rate_limited", 2)), Former("wait", first.reason, 0))
    assert second.action is Action.WAIT
    assert second.again_seconds == 2 * first.again_seconds


def test_tries_come_to_an_end() -> None:
    assert decide(repair(Action.RETRY, refused("rate_limited", MOST_TRIES))).action is Action.ASK


def test_an_attempt_that_never_left_the_machine_is_made_up_for_at_once() -> None:
    assert decide(repair(Action.RETRY, refused("", state=AttemptState.ABANDONED))).action is Action.RETRY


def test_pauses_double_are_capped_and_never_shorter_than_runway_asks_for() -> None:
    assert [pause_after(n) for n in (1, 2, 3)] == [60, 120, 240]
    assert pause_after(50) == LONGEST_PAUSE
    assert pause_after(1, asked=7200) == 7200


def test_what_is_left_to_people_comes_back_ever_more_seldom() -> None:
    again = [decide(repair(Action.ASK), Former("ask", "", n)).again_seconds for n in range(6)]
    assert again == sorted(again)
    assert again[0] > 60
    assert again[-1] == LONGEST_LEFT

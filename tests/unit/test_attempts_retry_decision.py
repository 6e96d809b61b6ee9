"""Whether another attempt may be paid for: free ways first, risks named, hopeless input refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lib.domain.attempt import (
    Attempt,
    AttemptState,
    Findings,
    RetryDecision,
    RetryVerdict,
    decide_retry,
)
from lib.domain.video import Video

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = "5b4f2e7a-7232-4215-9238-619c5fdde9d9"


def video(status: str = "processing", runway_video_id: str | None = None) -> Video:
    return Video(ID, status, NOON, runway_video_id=runway_video_id)


def attempt(state: AttemptState, number: int = 1, cause: str | None = None) -> Attempt:
    return Attempt(
        id=f"attempt-{number}",
        video_id=ID,
        key=f"{ID}/{number}",
        number=number,
        previous_id=None,
        state=state,
        operator="ann",
        request={},
        credits=25,
        task_id=f"task-{number}" if state is AttemptState.CREATED else None,
        reason=None,
        cause=cause,
        claimed_at=NOON,
        sent_at=NOON,
        settled_at=None,
    )


def decide(
    seen: Video | None = None, findings: Findings | None = None, *attempts: Attempt, changed: bool = False
) -> RetryDecision:
    return decide_retry(seen or video(), attempts, findings or Findings(), changed=changed)


@pytest.mark.parametrize(
    "cause",
    ["missing_api_key", "database_write_failed", "unauthorized", "wrong_endpoint", "insufficient_credits"],
)
def test_what_was_refused_before_a_task_existed_is_safe_to_try_again(cause: str) -> None:
    assert decide(video("failed"), Findings(cause)).is_safe


def test_a_function_that_ended_before_it_called_runway_is_safe_to_try_again() -> None:
    assert decide(video(), Findings("function_terminated", never_sent=True)).is_safe


@pytest.mark.parametrize("cause", ["function_terminated", "function_timeout", "no_task_id", "unknown", None])
def test_without_proof_that_nothing_was_sent_only_an_operator_can_decide(cause: str | None) -> None:
    decision = decide(video(), Findings(cause))
    assert decision.verdict is RetryVerdict.OUTCOME_UNKNOWN
    assert not decision.allows(None)
    assert not decision.allows("yes")
    assert decision.allows("5b4f2e7a")


def test_a_connection_that_was_never_made_is_safe_and_one_that_broke_off_is_not() -> None:
    refused = Findings("runway_unreachable", evidence=("connect ECONNREFUSED 10.0.0.1:443",))
    broken = Findings("runway_unreachable", evidence=("SocketError: other side closed",))
    assert decide(video("failed"), refused).is_safe
    assert decide(video("failed"), broken).verdict is RetryVerdict.OUTCOME_UNKNOWN


@pytest.mark.parametrize("cause", ["moderated", "asset_rejected", "invalid_request"])
def test_input_that_was_refused_is_not_worth_trying_unchanged(cause: str) -> None:
    failed = video("failed", "task-1")
    unchanged = decide(failed, Findings(cause))
    assert unchanged.verdict is RetryVerdict.NOT_WORTH_IT
    assert not unchanged.allows(unchanged.override)
    assert decide(failed, Findings(cause), changed=True).is_safe


def test_a_failed_task_may_be_tried_again() -> None:
    assert decide(video("failed", "task-1"), Findings("generation_failed")).is_safe


def test_a_task_that_the_logs_name_is_recovered_before_anything_is_paid() -> None:
    decision = decide(
        video("failed"),
        Findings("task_id_not_saved", candidate_task_ids=("task-7",)),
        attempt(AttemptState.UNKNOWN),
    )
    assert decision.verdict is RetryVerdict.ID_KNOWN
    assert decision.task_ids == ("task-7",)
    assert not decision.allows("5b4f2e7a")


@pytest.mark.parametrize("state", [AttemptState.CLAIMED, AttemptState.SENT])
def test_an_attempt_on_its_way_is_left_alone(state: AttemptState) -> None:
    assert decide(video(), Findings(), attempt(state)).verdict is RetryVerdict.NOT_NEEDED


def test_an_unknown_attempt_names_its_credits_and_what_to_type() -> None:
    decision = decide(
        video(), Findings("function_terminated", never_sent=True), attempt(AttemptState.UNKNOWN)
    )
    assert decision.verdict is RetryVerdict.OUTCOME_UNKNOWN
    assert decision.credits_at_risk == 25
    assert decision.override == "5b4f2e7a"


def test_after_a_refused_attempt_its_own_cause_decides() -> None:
    refused = attempt(AttemptState.REFUSED, cause="insufficient_credits")
    assert decide(video("failed"), Findings("unknown"), refused).is_safe
    malformed = attempt(AttemptState.REFUSED, cause="invalid_request")
    assert decide(video("failed"), Findings("unknown"), malformed).verdict is RetryVerdict.NOT_WORTH_IT


@pytest.mark.parametrize(
    ("seen", "cause"),
    [
        (video("succeeded", "task-1"), "succeeded"),
        (video("processing", "task-1"), "never_polled"),
        (video("processing"), "in_progress"),
    ],
)
def test_what_succeeded_or_is_on_its_way_needs_no_retry(seen: Video, cause: str) -> None:
    assert decide(seen, Findings(cause)).verdict is RetryVerdict.NOT_NEEDED


def test_a_task_that_runway_does_not_know_is_a_risk_and_no_dead_end() -> None:
    decision = decide(video("processing", "task-1"), Findings("unknown", task_gone=True))
    assert decision.verdict is RetryVerdict.OUTCOME_UNKNOWN
    assert decision.allows("5b4f2e7a")


def test_decisions_on_the_same_state_hold_the_same_key() -> None:
    first, second = attempt(AttemptState.REFUSED, 1), attempt(AttemptState.REFUSED, 2)
    assert decide(video("failed"), Findings(), first, second).key == f"{ID}/3"
    assert decide(video("failed"), Findings(), second, first).key == f"{ID}/3"
    assert decide(video("failed"), Findings("unauthorized")).key == f"{ID}/1"

"""What a task's state says, whatever Runway sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lib.domain.cause import CAUSES, Action
from lib.domain.task import Task, TaskStatus, failure_advice

BODY: dict[str, Any] = {
    "id": "17f20503-6c24-4c16-946b-35dbbce2af2f",
    "status": "FAILED",
    "createdAt": "2026-11-12T09:00:00.000Z",
    "failure": "An unexpected error occurred.",
    "failureCode": "INTERNAL.BAD_OUTPUT.CODE01",
    "cost": {"credits": 0},
}


def test_a_task_keeps_everything_the_look_up_said() -> None:
    task = Task.from_api(BODY)
    assert task.failure_code == "INTERNAL.BAD_OUTPUT.CODE01"
    assert task.created_at == datetime(2026, 11, 12, 9, tzinfo=UTC)
    assert task.credits == 0
    assert task.is_terminal


def test_a_task_is_the_same_after_a_stay_in_the_database() -> None:
    task = Task.from_api(BODY | {"status": "SUCCEEDED", "output": ["https://example.com/a.mp4"]})
    assert Task.from_row(task.as_row()) == task


def test_an_active_task_shows_its_estimated_credits() -> None:
    running = {"id": "a", "status": "RUNNING", "progress": 0.4, "estimatedCost": {"credits": 25}}
    task = Task.from_api(running)
    assert (task.credits, task.progress, task.is_terminal) == (25, 0.4, False)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED", "DELETED"])
def test_every_final_state_is_terminal(status: str) -> None:
    assert Task("a", status).is_terminal


def test_a_status_nobody_knows_counts_as_active_and_is_told_apart() -> None:
    task = Task("a", "WARMING")
    assert (task.is_terminal, task.is_known, task.cause) == (False, False, "unknown")


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("PENDING", "in_progress"),
        ("RUNNING", "in_progress"),
        ("THROTTLED", "throttled"),
        ("SUCCEEDED", "succeeded"),
        ("CANCELLED", "cancelled"),
        ("DELETED", "cancelled"),
    ],
)
def test_a_state_names_its_cause(status: str, cause: str) -> None:
    assert Task("a", status).cause == cause


@pytest.mark.parametrize(
    ("code", "cause", "action"),
    [
        ("SAFETY.INPUT.TEXT", "moderated", Action.CHANGE_INPUT),
        ("SAFETY.INPUT.IMAGE", "moderated", Action.CHANGE_INPUT),
        ("SAFETY.OUTPUT.VIDEO", "moderated", Action.CHANGE_INPUT),
        ("SAFETY.SOMETHING.NEW", "moderated", Action.CHANGE_INPUT),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", "moderated", Action.CHANGE_INPUT),
        ("INPUT_PREPROCESSING.INTERNAL", "generation_failed", Action.RETRY),
        ("INTERNAL", "generation_failed", Action.RETRY),
        ("INTERNAL.SOMETHING", "generation_failed", Action.RETRY),
        (None, "generation_failed", Action.RETRY),
        ("INTERNAL.BAD_OUTPUT.CODE01", "generation_failed", Action.CHANGE_INPUT),
        ("ASSET.INVALID", "asset_rejected", Action.CHANGE_INPUT),
        ("THIRD_PARTY.UNAVAILABLE", "generation_failed", Action.RETRY),
        ("INTERNALISED", "generation_failed", Action.ASK),
        ("NEVER.SEEN", "generation_failed", Action.ASK),
        ("internal.bad_output.code07", "generation_failed", Action.CHANGE_INPUT),
    ],
)
def test_a_failure_code_is_read_by_its_prefix(code: str | None, cause: str, action: Action) -> None:
    advice = failure_advice(code)
    assert (advice.cause, advice.action) == (cause, action)
    assert Task("a", TaskStatus.FAILED, failure_code=code).cause == cause
    assert cause in CAUSES


@pytest.mark.parametrize(
    ("code", "cause", "action"),
    [
        ("THIRD_PARTY.INPUT_VALIDATION", "invalid_request", Action.CHANGE_INPUT),
        ("INPUT_PREPROCESSING.VALIDATION.RATIO", "invalid_request", Action.CHANGE_INPUT),
        ("PROVIDER.REQUEST_INVALID", "invalid_request", Action.CHANGE_INPUT),
        ("THIRD_PARTY.CONTENT_SAFETY", "moderated", Action.CHANGE_INPUT),
        ("OUTPUT.MODERATION", "moderated", Action.CHANGE_INPUT),
        ("THIRD_PARTY.CONTENT_POLICY.VIDEO", "moderated", Action.CHANGE_INPUT),
        ("INPUT_PREPROCESSING.ASSET.UNREADABLE", "asset_rejected", Action.CHANGE_INPUT),
        ("ASSET.UNAVAILABLE", "asset_rejected", Action.CHANGE_INPUT),
        ("PROVIDER.UNAVAILABLE", "generation_failed", Action.ASK),
        ("RENDER.INTERNAL", "generation_failed", Action.ASK),
        ("QUEUE.T9", "generation_failed", Action.ASK),
    ],
)
def test_a_failure_code_that_nobody_has_described_is_read_by_its_words(
    code: str, cause: str, action: Action
) -> None:
    assert failure_advice(code)[:2] == (cause, action)


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("INTERNAL.SAFETY.VIDEO", Action.CHANGE_INPUT),
        ("INTERNAL.ASSET_MISSING", Action.CHANGE_INPUT),
        ("THIRD_PARTY.UNAVAILABLE.INVALID_PROMPT", Action.CHANGE_INPUT),
    ],
)
def test_a_word_that_forbids_another_try_outweighs_a_beginning_that_allows_it(
    code: str, action: Action
) -> None:
    assert failure_advice(code).action is action


@pytest.mark.parametrize(
    "damage",
    [
        {"id": None},
        {"status": ""},
        {"status": 3},
        {"createdAt": 5},
        {"createdAt": "yesterday"},
        {"cost": 5},
        {"output": "https://example.com/a.mp4"},
        {"progress": "half"},
        {"failureCode": 7},
    ],
)
def test_a_malformed_look_up_is_refused_instead_of_guessed_at(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"task|is no time"):
        Task.from_api(BODY | damage)

"""What would decide an unknown outcome: Runway's account before the call and after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lib.app import App
from lib.data.postgres import PostgresDatabase
from lib.domain.account import AccountReading, Around, Hint, outlook
from lib.domain.attempt import Attempt, AttemptState
from lib.operations.account import known, look_now
from lib.operations.generate import generate
from lib.runway.simulator.programme import PlannedFault
from tests.apps import app_of
from tests.simulated import COST, REQUEST, Simulated, simulated

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def reading(balance: float, generations: int | None) -> AccountReading:
    return AccountReading(NOON, balance, generations)


@pytest.mark.parametrize(
    ("after", "others", "other_credits", "hint"),
    [
        (reading(975, 11), 0, 0, Hint.CREATED),
        (reading(1000, 10), 0, 0, Hint.NOTHING),
        (reading(975, 11), 1, 25, Hint.NOTHING),  # another attempt explains it
        (reading(950, 12), 1, 25, Hint.CREATED),
        (reading(1000, 11), 0, 0, Hint.UNDECIDED),  # refunded, or not charged yet
        (reading(975, 10), 0, 0, Hint.UNDECIDED),  # charged for something else
        (reading(975, 9), 0, 0, Hint.UNDECIDED),  # a generation left the 24 hours
        (reading(975, None), 0, 0, Hint.UNDECIDED),
        (None, 0, 0, Hint.UNDECIDED),
    ],
)
def test_the_account_hints_at_what_happened(
    after: AccountReading | None, others: int, other_credits: float, hint: Hint
) -> None:
    assert outlook(Around(reading(1000, 10), after, others, other_credits), 25).hint is hint


def test_without_a_reading_before_nothing_is_claimed() -> None:
    assert outlook(Around(None, reading(1000, 10)), 25).hint is Hint.UNDECIDED


def test_the_numbers_are_told() -> None:
    told = outlook(Around(reading(1000, 10), reading(950, 12), 1, 25), 25).text
    assert "1,000 → 950 credits, generations of the day 10 → 12" in told
    assert "1 and 25 credits by other attempts" in told


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0) as running:
        yield running


@pytest.fixture
def app(postgres: PostgresDatabase, runway: Simulated, tmp_path: Path) -> App:
    return app_of(postgres, runway.client, tmp_path)


def unknown(app: App, fault: str) -> Attempt:
    request = replace(REQUEST, prompt=f"Rex [fault:{fault}]")
    attempt = generate(app, request).attempt
    assert attempt.state is AttemptState.UNKNOWN
    return attempt


def test_a_lost_answer_of_a_created_task_looks_created(app: App, runway: Simulated) -> None:
    attempt = unknown(app, "after-drop")
    assert len(runway.task_ids) == 1
    assert known(app, attempt).hint is Hint.CREATED


def test_a_call_that_never_arrived_looks_like_nothing(app: App, runway: Simulated) -> None:
    attempt = unknown(app, "drop")
    assert runway.task_ids == []
    assert known(app, attempt).hint is Hint.NOTHING


def test_other_attempts_meanwhile_do_not_mislead(app: App, runway: Simulated) -> None:
    attempt = unknown(app, "drop")
    assert generate(app.acting_as("ben"), REQUEST).attempt.credits == COST
    assert look_now(app, attempt).hint is Hint.NOTHING


def test_the_reading_before_is_never_replaced(app: App, runway: Simulated) -> None:
    attempt = unknown(app, "after-drop")
    first = look_now(app, attempt)
    assert look_now(app, attempt) == first


def test_an_account_that_cannot_be_read_holds_up_no_paid_call(app: App, runway: Simulated) -> None:
    runway.store.programme.add([PlannedFault("http:500", "GET", "/v1/organization")])
    attempt = generate(app, REQUEST).attempt
    assert attempt.state is AttemptState.CREATED
    assert known(app, attempt).hint is Hint.UNDECIDED


def test_the_account_is_read_once_a_minute_however_many_pay(app: App, runway: Simulated) -> None:
    first = generate(app, REQUEST).attempt
    runway.store.programme.add([PlannedFault("http:500", "GET", "/v1/organization")])
    second = generate(app, REQUEST).attempt
    assert known(app, first) == known(app, second)

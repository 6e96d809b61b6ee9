"""What would decide an unknown outcome: Runway's account before the call and after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lib.data.journal import Journal
from lib.data.postgres import PostgresDatabase
from lib.domain.account import Around, Hint, Reading, outlook
from lib.domain.attempt import Attempt, AttemptState
from lib.operations.account import known, look_now
from lib.operations.generate import generate
from lib.runway.simulator.programme import PlannedFault
from tests.simulated import COST, REQUEST, Simulated, simulated

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def reading(balance: float, generations: int | None) -> Reading:
    return Reading(NOON, balance, generations)


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
    after: Reading | None, others: int, other_credits: float, hint: Hint
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
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


def unknown(db: PostgresDatabase, runway: Simulated, journal: Journal, fault: str) -> Attempt:
    request = replace(REQUEST, prompt=f"Rex [fault:{fault}]")
    attempt = generate(db, runway.client, journal, request, "ann").attempt
    assert attempt.state is AttemptState.UNKNOWN
    return attempt


def test_a_lost_answer_of_a_created_task_looks_created(
    postgres: PostgresDatabase, runway: Simulated, journal: Journal
) -> None:
    attempt = unknown(postgres, runway, journal, "after-drop")
    assert len(runway.task_ids) == 1
    assert known(postgres, attempt).hint is Hint.CREATED


def test_a_call_that_never_arrived_looks_like_nothing(
    postgres: PostgresDatabase, runway: Simulated, journal: Journal
) -> None:
    attempt = unknown(postgres, runway, journal, "drop")
    assert runway.task_ids == []
    assert known(postgres, attempt).hint is Hint.NOTHING


def test_other_attempts_meanwhile_do_not_mislead(
    postgres: PostgresDatabase, runway: Simulated, journal: Journal
) -> None:
    attempt = unknown(postgres, runway, journal, "drop")
    assert generate(postgres, runway.client, journal, REQUEST, "ben").attempt.credits == COST
    assert look_now(postgres, runway.client, attempt).hint is Hint.NOTHING


def test_the_reading_before_is_never_replaced(
    postgres: PostgresDatabase, runway: Simulated, journal: Journal
) -> None:
    attempt = unknown(postgres, runway, journal, "after-drop")
    first = look_now(postgres, runway.client, attempt)
    assert look_now(postgres, runway.client, attempt) == first


def test_an_account_that_cannot_be_read_holds_up_no_paid_call(
    postgres: PostgresDatabase, runway: Simulated, journal: Journal
) -> None:
    runway.store.programme.add([PlannedFault("http:500", "GET", "/v1/organization")])
    attempt = generate(postgres, runway.client, journal, REQUEST, "ann").attempt
    assert attempt.state is AttemptState.CREATED
    assert known(postgres, attempt).hint is Hint.UNDECIDED


def test_the_account_is_read_once_a_minute_however_many_pay(
    postgres: PostgresDatabase, runway: Simulated, journal: Journal
) -> None:
    first = generate(postgres, runway.client, journal, REQUEST, "ann").attempt
    runway.store.programme.add([PlannedFault("http:500", "GET", "/v1/organization")])
    second = generate(postgres, runway.client, journal, REQUEST, "ann").attempt
    assert known(postgres, first) == known(postgres, second)

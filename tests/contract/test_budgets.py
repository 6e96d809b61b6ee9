"""No claim, whoever makes it, exceeds the budget; a refusal says what is used and when enough is free."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from lib.data import attempts, credits
from lib.data.credits import EVERYBODY
from lib.data.database import Database
from lib.domain.attempt import Attempt
from lib.domain.pricing import GenerationRequest
from lib.errors import BadInput, BudgetUsedUp

REQUEST = GenerationRequest(image="https://images.example.com/rex.jpg", prompt="Rex dances the tango")
Claim = Callable[[str, float], Attempt]


@pytest.fixture
def claim(db: Database) -> Claim:
    def claimed(operator: str, credits: float) -> Attempt:
        video_id = str(uuid.uuid4())
        claim = attempts.claim(
            db, video_id, f"{video_id}/1", operator, request=REQUEST, credits=credits, new={}
        )
        return claim.attempt

    return claimed


def spent_an_hour_ago(database_url: str, attempt: Attempt, minutes: float) -> datetime:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update dailies.attempts set claimed_at = %s where id = %s", [at, attempt.id])
    return at


def test_people_and_workers_share_one_budget(db: Database, claim: Claim) -> None:
    credits.set_budget(db, EVERYBODY, 60, 1000, by="ann")
    claim("ann", 25)
    claim("worker", 25)
    with pytest.raises(BudgetUsedUp, match="The budget of everybody is used up: 50 of 60 credits"):
        claim("ben", 25)
    claim("ben", 10)


def test_an_operators_own_budget_binds_before_everybodys(db: Database, claim: Claim) -> None:
    credits.set_budget(db, EVERYBODY, 100, 1000, by="ann")
    credits.set_budget(db, "sweep", 25, 1000, by="ann")
    claim("sweep", 25)
    with pytest.raises(BudgetUsedUp, match="budget of sweep"):
        claim("sweep", 25)
    claim("ann", 25)


def test_the_refusal_says_when_enough_is_free(db: Database, claim: Claim, database_url: str) -> None:
    credits.set_budget(db, EVERYBODY, 60, 1000, by="ann")
    spent_an_hour_ago(database_url, claim("ann", 25), 50)
    later = spent_an_hour_ago(database_url, claim("ann", 25), 20)
    claim("ann", 10)
    with pytest.raises(BudgetUsedUp) as refused:
        claim("ann", 50)
    told = re.search(r"free at ([\d-]+ [\d:]+) UTC", str(refused.value))
    assert told is not None
    free = datetime.fromisoformat(told[1]).replace(tzinfo=UTC)
    assert abs(free - later - timedelta(hours=1)) < timedelta(seconds=2)


def test_what_was_spent_an_hour_ago_is_free_again(db: Database, claim: Claim, database_url: str) -> None:
    credits.set_budget(db, EVERYBODY, 25, 50, by="ann")
    spent_an_hour_ago(database_url, claim("ann", 25), 61)
    spent_an_hour_ago(database_url, claim("ann", 25), 61)
    with pytest.raises(BudgetUsedUp, match="50 of 50 in the past day"):
        claim("ann", 25)


def test_a_request_that_never_fits_is_told_so(db: Database, claim: Claim) -> None:
    credits.set_budget(db, EVERYBODY, 20, 1000, by="ann")
    with pytest.raises(BudgetUsedUp, match="more than the budget allows at all"):
        claim("ann", 25)


def test_a_refused_claim_leaves_neither_row_nor_attempt(db: Database, claim: Claim) -> None:
    credits.set_budget(db, EVERYBODY, 0, 0, by="ann")
    with pytest.raises(BudgetUsedUp):
        claim("ann", 25)
    assert attempts.stale(db, 0) == []
    assert db.call("dailies_list_videos") == []


def test_what_is_left_is_the_tighter_of_both(db: Database, claim: Claim) -> None:
    assert credits.left(db, "sweep") == float("inf")
    credits.set_budget(db, EVERYBODY, 100, 60, by="ann")
    credits.set_budget(db, "sweep", 25, 1000, by="ann")
    claim("ann", 50)
    assert (credits.left(db, "sweep"), credits.left(db, "ann")) == (10, 10)


NO_BUDGETS = (-1.0, float("nan"), float("inf"), float("-inf"))


@pytest.mark.parametrize("wanted", NO_BUDGETS)
@pytest.mark.parametrize("first", [True, False])
def test_a_budget_is_a_finite_number_and_not_below_zero(db: Database, wanted: float, first: bool) -> None:
    with pytest.raises(BadInput, match="finite number of credits, 0 or more"):
        credits.set_budget(db, EVERYBODY, wanted if first else 10, 10 if first else wanted, by="ann")
    assert credits.budget(db, EVERYBODY) is None


@pytest.mark.parametrize("wanted", [*map(str, NO_BUDGETS), None])
def test_the_database_itself_refuses_what_is_no_budget(db: Database, wanted: str | None) -> None:
    with pytest.raises(BadInput, match="finite number of credits, 0 or more"):
        db.call("dailies_set_budget", p_operator="*", p_per_hour=wanted, p_per_day=10, p_by="ann")
    assert credits.budget(db, EVERYBODY) is None


@pytest.mark.parametrize("wanted", ["NaN", "Infinity", "-1"])
def test_no_statement_stores_what_is_no_budget(database_url: str, wanted: str) -> None:
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("insert into dailies.budgets values ('ann', %s, 1)", [wanted])


def test_no_credits_at_all_is_a_budget(db: Database) -> None:
    credits.set_budget(db, EVERYBODY, 0, 0, by="ann")
    assert credits.left(db, "ann") == 0

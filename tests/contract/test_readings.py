"""Readings of Runway's account, kept with their attempt, over both transports."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from lib.data import attempts, credits
from lib.data.database import Database
from lib.domain.account import AccountReading, Around
from lib.domain.attempt import Attempt
from tests.simulated import REQUEST


def sent(db: Database) -> Attempt:
    video_id = str(uuid.uuid4())
    claim = attempts.claim(db, video_id, f"{video_id}/1", "ann", request=REQUEST, credits=25, new={})
    return attempts.sent(db, claim.attempt.id)


def reading(minutes: float, balance: float) -> AccountReading:
    return AccountReading(datetime.now(UTC) + timedelta(minutes=minutes), balance, 10)


def test_readings_come_back_as_they_were_taken(db: Database) -> None:
    attempt, before, after = sent(db), reading(-1, 1000), reading(1, 975)
    credits.save_reading(db, attempt.id, "before", before)
    assert credits.readings_around(db, attempt.id) == Around(before, None)
    credits.save_reading(db, attempt.id, "after", after)
    assert credits.readings_around(db, attempt.id) == Around(before, after)


def test_only_the_reading_after_is_replaced(db: Database) -> None:
    attempt, first, later = sent(db), reading(-1, 1000), reading(2, 950)
    for moment in ("before", "after"):
        credits.save_reading(db, attempt.id, moment, first)
        credits.save_reading(db, attempt.id, moment, later)
    assert credits.readings_around(db, attempt.id) == Around(first, later)


def test_tasks_of_other_attempts_in_between_are_counted(db: Database) -> None:
    attempt = sent(db)
    credits.save_reading(db, attempt.id, "before", reading(-1, 1000))
    attempts.created(db, sent(db).id, "task-1", credits=20)
    attempts.unknown(db, sent(db).id, "runway_unreachable", "at risk")  # explains nothing
    credits.save_reading(db, attempt.id, "after", reading(1, 980))
    around = credits.readings_around(db, attempt.id)
    assert (around.others, around.other_credits) == (1, 20)


def test_an_attempt_that_is_not_there_has_no_readings(db: Database) -> None:
    assert credits.readings_around(db, str(uuid.uuid4())) == Around(None, None)

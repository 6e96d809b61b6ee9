"""Where the credits went, and who did what: as the database tells it, over both transports."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from lib.data import attempts, audit, credits, videos
from lib.data.credits import Ledger, ledger
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.domain.attempt import Attempt
from lib.domain.pricing import GenerationRequest
from lib.domain.task import Task, TaskStatus
from lib.domain.video import short_id
from tests.examples import verdict

REQUEST = GenerationRequest(image="https://images.example.com/rex.jpg", prompt="Rex dances the tango")


def sent(
    db: Database, video_id: str | None = None, *, number: int = 1, override: str | None = None
) -> Attempt:
    video_id = video_id or str(uuid.uuid4())
    claim = attempts.claim(
        db, video_id, f"{video_id}/{number}", "ann", request=REQUEST, credits=25, override=override, new={}
    )
    return attempts.sent(db, claim.attempt.id)


def ended(db: Database, attempt: Attempt, task_id: str, status: str, credits: float) -> None:
    attempts.created(db, attempt.id, task_id, credits=25)
    task = Task(
        task_id, status, datetime.now(UTC), output=("https://cdn.example.com/a.mp4",), credits=credits
    )
    attempts.save_look_up(db, attempt.video_id, task, 60, "poller")


def lost_row(db: Database) -> str:
    video_id, at = str(uuid.uuid4()), datetime.now(UTC).isoformat()
    videos.import_videos(db, [{"id": video_id, "status": "processing", "created_at": at}])
    return video_id


def test_an_empty_ledger_is_all_zero(db: Database) -> None:
    assert set(ledger(db)) == {0}


def test_credits_of_a_delivered_video_are_spent_and_nothing_else(db: Database) -> None:
    ended(db, sent(db), "task-1", TaskStatus.SUCCEEDED, 25)
    found = ledger(db)
    assert (found.spent, found.undelivered, found.rescued, found.at_risk) == (25, 0, 0, 0)


def test_credits_of_a_task_without_a_video_are_undelivered(db: Database) -> None:
    ended(db, sent(db), "task-1", TaskStatus.FAILED, 25)
    ended(db, sent(db), "task-2", TaskStatus.FAILED, 0)  # refunded
    assert (ledger(db).undelivered, ledger(db).undelivered_tasks) == (25, 1)


def test_a_task_that_still_runs_is_not_undelivered(db: Database) -> None:
    ended(db, sent(db), "task-1", TaskStatus.RUNNING, 25)
    assert (ledger(db).spent, ledger(db).undelivered) == (25, 0)


def test_a_recovered_video_rescues_its_credits_once(db: Database) -> None:
    video_id = lost_row(db)
    task = Task(
        "task-1", TaskStatus.SUCCEEDED, datetime.now(UTC), output=("https://c.example/a.mp4",), credits=25
    )
    attempts.recover_task(db, video_id, task, "ann", [])
    attempts.recover_task(db, video_id, task, "ann", [])
    assert (ledger(db).rescued, ledger(db).rescued_videos, ledger(db).undelivered) == (25, 1, 0)


def test_recovering_a_failed_task_rescues_nothing(db: Database) -> None:
    task = Task("task-1", TaskStatus.FAILED, datetime.now(UTC), credits=25)
    attempts.recover_task(db, lost_row(db), task, "ann", [])
    assert (ledger(db).rescued, ledger(db).rescued_videos) == (0, 0)


def test_unknown_outcomes_are_at_risk_until_they_are_written_off(db: Database) -> None:
    attempt = sent(db)
    attempts.unknown(db, attempt.id, "runway_unreachable", "25 credits are at risk.")
    assert (ledger(db).at_risk, ledger(db).at_risk_attempts) == (25, 1)
    sent(db, attempt.video_id, number=2, override=short_id(attempt.video_id))
    found = ledger(db)
    assert (found.at_risk, found.written_off, found.written_off_attempts) == (0, 25, 1)


def test_only_what_is_at_risk_is_of_all_times(db: Database) -> None:
    attempts.unknown(db, sent(db).id, "runway_unreachable", "at risk")
    ended(db, sent(db), "task-1", TaskStatus.FAILED, 25)
    found = ledger(db, datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) + timedelta(hours=2))
    assert (found.spent, found.undelivered, found.at_risk) == (0, 0, 25)


def test_the_audit_is_filtered_by_operator_action_and_video(db: Database) -> None:
    attempt = sent(db)
    attempts.created(db, attempt.id, "task-1")
    credits.set_budget(db, "sweep", 10, 20, by="ben")
    assert [row["action"] for row in audit.trail(db)] == ["set_budget", "task_created", "generate"]
    assert [row["action"] for row in audit.trail(db, operator="ben")] == ["set_budget"]
    assert [row["video_id"] for row in audit.trail(db, action="generate")] == [attempt.video_id]
    assert len(audit.trail(db, attempt.video_id, operator="ann")) == 2
    assert audit.names(db) == audit.AuditChoices(["ann", "ben"], ["generate", "set_budget", "task_created"])


def test_the_audit_is_paged_by_key_without_gaps_or_repeats(db: Database) -> None:
    for number in range(7):
        credits.set_budget(db, "sweep", number, 20, by="ann")
    pages, end = [], None
    while rows := audit.trail(db, before_id=end, limit=3):
        pages.append([row["after"]["per_hour"] for row in rows if row["after"]])
        end = audit.end_of(rows)
    assert pages == [[6, 5, 4], [3, 2, 1], [0]]


@pytest.mark.parametrize("hostile", ["' or true --", "ann'; drop table dailies.audit"])
def test_filters_are_values_and_never_sql(db: Database, hostile: str) -> None:
    credits.set_budget(db, "sweep", 1, 20, by="ann")
    assert audit.trail(db, operator=hostile) == []


def test_an_empty_audit_has_no_names(db: Database) -> None:
    assert audit.names(db) == audit.AuditChoices([], [])


@pytest.mark.parametrize(
    "loss",
    [
        "update public.videos set status = 'failed'",
        "delete from public.videos",
        "truncate public.videos",
    ],
)
def test_what_a_row_no_longer_has_is_lost_at_once_and_after_it_was_judged(
    postgres: PostgresDatabase, loss: str
) -> None:
    ended(postgres, sent(postgres), "task-1", TaskStatus.SUCCEEDED, 25)
    video_id = videos.list_videos(postgres, videos.Filters(own=True))[0]["id"]

    def judged() -> Ledger:
        marks = postgres.call("dailies_dirty")
        verdicts = [verdict(mark["video_id"], "unknown") | mark for mark in marks]
        postgres.call("dailies_save_verdicts", p_verdicts=verdicts)
        assert postgres.call("dailies_dirty") == []
        return ledger(postgres)

    assert judged().undelivered == 0
    with postgres.transaction("test") as connection:
        connection.execute(loss.encode())
    assert ledger(postgres)[:1] + ledger(postgres)[3:5] == (25, 25, 1)
    assert judged()[3:5] == (25, 1)
    videos.import_videos(postgres, [{"id": video_id, "status": "succeeded", "runway_video_id": "task-1"}])
    assert ledger(postgres).undelivered == 0
    assert judged().undelivered == 0

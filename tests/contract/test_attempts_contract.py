"""The paid-call protocol as the database keeps it, over both transports."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from lib.data import attempts, audit
from lib.data.attempts import Claim
from lib.data.database import Database, Row
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.pricing import GenerationRequest
from lib.domain.task import Task, TaskStatus
from lib.domain.video import short_id
from lib.errors import DatabaseConflict, NotFound
from tests.production import attempts_of

REQUEST = GenerationRequest(image="https://images.example.com/rex.jpg", prompt="Rex dances the tango")


def new_id() -> str:
    return str(uuid.uuid4())


def claim(
    db: Database, video_id: str, number: int = 1, *, override: str | None = None, new: bool = True
) -> Claim:
    return attempts.claim(
        db,
        video_id,
        f"{video_id}/{number}",
        "ann",
        request=REQUEST,
        credits=25,
        override=override,
        new={"dance_style": "Tango"} if new else None,
    )


def sent(db: Database, video_id: str | None = None) -> Attempt:
    return attempts.sent(db, claim(db, video_id or new_id()).attempt.id)


def row(db: Database, video_id: str) -> Row:
    found: Row = db.call("dailies_video", p_id=video_id)[0]["video"]
    return found


def test_a_claim_creates_the_row_and_sets_it_to_processing(db: Database) -> None:
    attempt, claimed = claim(db, video_id := new_id())
    assert claimed
    assert (attempt.number, attempt.state, attempt.credits) == (1, AttemptState.CLAIMED, 25)
    assert attempt.request == REQUEST.as_json()
    video = row(db, video_id)
    assert (video["status"], video["prompt"], video["dance_style"]) == ("processing", REQUEST.prompt, "Tango")


def test_whoever_comes_second_gets_the_same_attempt_and_must_not_pay(db: Database) -> None:
    first = claim(db, video_id := new_id())
    assert claim(db, video_id) == Claim(first.attempt, claimed=False)
    assert claim(db, video_id, number=2) == Claim(first.attempt, claimed=False)


def test_eight_at_once_are_given_one_claim(db: Database) -> None:
    video_id = new_id()
    assert attempts.stale(db, 0) == []  # the test's REST server opens a database at its first call
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda n: claim(db, video_id, n), range(1, 9)))
    assert sum(c.claimed for c in claims) == 1
    assert len({c.attempt.id for c in claims}) == 1


def test_a_video_that_is_not_there_cannot_be_claimed(db: Database) -> None:
    with pytest.raises(NotFound):
        claim(db, new_id(), new=False)


def test_a_created_task_stands_in_attempt_row_and_task_list(db: Database) -> None:
    attempt = sent(db)
    created = attempts.created(db, attempt.id, "task-1", credits=20)
    assert (created.state, created.task_id, created.credits) == (AttemptState.CREATED, "task-1", 20)
    assert row(db, attempt.video_id)["runway_video_id"] == "task-1"
    assert db.call("dailies_video", p_id=attempt.video_id)[0]["task"]["status"] == "PENDING"


def test_saving_a_task_id_again_changes_nothing(db: Database) -> None:
    attempt = sent(db)
    once = attempts.created(db, attempt.id, "task-1")
    written = len(audit.trail(db, attempt.video_id))
    assert attempts.created(db, attempt.id, "task-1") == once
    assert len(audit.trail(db, attempt.video_id)) == written


def test_a_task_belongs_to_one_video(db: Database) -> None:
    attempts.created(db, sent(db).id, "task-1")
    with pytest.raises(DatabaseConflict, match="belongs to video"):
        attempts.created(db, sent(db).id, "task-1")


def test_a_refusal_fails_the_row_with_its_reason_and_allows_the_next_attempt(db: Database) -> None:
    attempt = sent(db)
    attempts.refused(db, attempt.id, "insufficient_credits", "Runway answered 400: not enough credits.")
    video = row(db, attempt.video_id)
    assert (video["status"], video["error_message"]) == ("failed", "Runway answered 400: not enough credits.")
    again = claim(db, attempt.video_id, 2, new=False)
    assert again.claimed
    assert (again.attempt.number, again.attempt.previous_id) == (2, attempt.id)
    assert row(db, attempt.video_id)["error_message"] is None


def test_an_unknown_outcome_blocks_until_the_operator_types_the_videos_short_id(db: Database) -> None:
    attempt = sent(db)
    attempts.unknown(db, attempt.id, "runway_unreachable", "25 credits are at risk.")
    assert row(db, attempt.video_id)["status"] == "processing"
    assert row(db, attempt.video_id)["error_message"] == "25 credits are at risk."
    assert not claim(db, attempt.video_id, 2, new=False).claimed
    assert not claim(db, attempt.video_id, 2, new=False, override="yes").claimed
    again = claim(db, attempt.video_id, 2, new=False, override=short_id(attempt.video_id))
    assert again.claimed
    assert attempts_of(db, attempt.video_id)[1].state is AttemptState.WRITTEN_OFF


def test_an_id_found_after_its_attempt_was_written_off_is_kept_and_leaves_the_row_alone(db: Database) -> None:
    lost = sent(db)
    attempts.unknown(db, lost.id, "runway_unreachable", "at risk")
    second = claim(db, lost.video_id, 2, new=False, override=short_id(lost.video_id)).attempt
    attempts.created(db, attempts.sent(db, second.id).id, "task-2")
    assert attempts.created(db, lost.id, "task-1").task_id == "task-1"
    assert row(db, lost.video_id)["runway_video_id"] == "task-2"


@pytest.mark.parametrize("status", ["PENDING", "SUCCEEDED"])
def test_a_video_whose_task_has_not_failed_is_not_paid_again(db: Database, status: str) -> None:
    attempt = sent(db)
    attempts.created(db, attempt.id, "task-1")
    attempts.save_look_up(
        db, attempt.video_id, Task("task-1", status, output=("https://o.example/1",)), 5, "ann"
    )
    with pytest.raises(DatabaseConflict):
        claim(db, attempt.video_id, 2, new=False)


def test_the_next_attempt_after_a_failed_task_does_not_carry_its_id(db: Database) -> None:
    attempt = sent(db)
    attempts.created(db, attempt.id, "task-1")
    attempts.save_look_up(db, attempt.video_id, Task("task-1", "FAILED", failure="no"), 5, "ann")
    assert row(db, attempt.video_id)["status"] == "failed"
    assert claim(db, attempt.video_id, 2, new=False).claimed
    assert row(db, attempt.video_id)["runway_video_id"] is None


ILLEGAL = [
    ("claimed", "created"),
    ("claimed", "refused"),
    ("claimed", "unknown"),
    ("sent", "abandoned"),
    ("created", "refused"),
    ("created", "unknown"),
    ("refused", "sent"),
    ("refused", "created"),
    ("abandoned", "sent"),
    ("abandoned", "created"),
]
REACH: dict[str, Callable[[Database], Attempt]] = {
    "claimed": lambda db: claim(db, new_id()).attempt,
    "sent": sent,
    "created": lambda db: attempts.created(db, sent(db).id, "task-1"),
    "refused": lambda db: attempts.refused(db, sent(db).id, "unauthorized", "no"),
    "abandoned": lambda db: attempts.abandoned(db, claim(db, new_id()).attempt.id, "killed"),
}
TURN: dict[str, Callable[[Database, str], Attempt]] = {
    "sent": attempts.sent,
    "created": lambda db, id: attempts.created(db, id, "task-9"),
    "refused": lambda db, id: attempts.refused(db, id, "unauthorized", "no"),
    "unknown": lambda db, id: attempts.unknown(db, id, "runway_unreachable", "?"),
    "abandoned": lambda db, id: attempts.abandoned(db, id, "killed"),
}


@pytest.mark.parametrize(("before", "after"), ILLEGAL)
def test_an_attempt_only_becomes_what_the_protocol_allows(db: Database, before: str, after: str) -> None:
    attempt = REACH[before](db)
    with pytest.raises(DatabaseConflict, match=r"cannot become|cannot lose|created task"):
        TURN[after](db, attempt.id)
    assert attempts_of(db, attempt.video_id)[0].state == before


def test_audit_and_attempts_cannot_be_rewritten(db: Database, database_url: str) -> None:
    attempt = sent(db)
    statements = (
        "update dailies.audit set operator = 'nobody'",
        "delete from dailies.audit",
        "truncate dailies.audit",
        "delete from dailies.attempts",
        "truncate dailies.attempts cascade",
        "update dailies.attempts set request = '{}'",
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in statements:
            with pytest.raises(psycopg.Error, match=r"append-only|cannot be"):
                connection.execute(statement)
    assert audit.trail(db, attempt.video_id)[0]["operator"] == "ann"


def test_every_paid_step_is_in_the_audit_with_its_cost(db: Database) -> None:
    attempt = sent(db)
    attempts.created(db, attempt.id, "task-1", credits=20)
    done = [(entry["action"], entry["credits"]) for entry in audit.trail(db, attempt.video_id)]
    assert done == [("task_created", 20), ("generate", 25)]


def test_a_found_task_is_saved_with_its_state_and_evidence(db: Database) -> None:
    attempt = sent(db)
    attempts.unknown(db, attempt.id, "runway_unreachable", "at risk")
    found = Task("task-1", "SUCCEEDED", datetime.now(UTC), output=("https://o.example/1.mp4",), credits=25)
    video = attempts.recover_task(
        db, attempt.video_id, found, "ben", [{"text": "Task created with ID: task-1"}]
    )
    assert (video.status, video.runway_video_id, video.video_url) == ("succeeded", "task-1", found.output[0])
    assert attempts_of(db, attempt.video_id)[0].state is AttemptState.CREATED
    entry = audit.trail(db, attempt.video_id)[0]
    assert entry["after"]
    assert (entry["operator"], entry["action"], entry["after"]["credits_rescued"]) == ("ben", "recover", 25)


def test_a_found_task_older_than_the_row_is_not_its_task(db: Database) -> None:
    attempt = sent(db)
    old = Task("task-1", "SUCCEEDED", datetime.now(UTC) - timedelta(minutes=1))
    with pytest.raises(DatabaseConflict, match="not its task"):
        attempts.recover_task(db, attempt.video_id, old, "ben", [])
    assert row(db, attempt.video_id)["runway_video_id"] is None


def test_a_found_task_of_another_video_is_refused(db: Database) -> None:
    attempts.created(db, sent(db).id, "task-1")
    with pytest.raises(DatabaseConflict, match="belongs to video"):
        attempts.recover_task(db, sent(db).video_id, Task("task-1", "RUNNING", datetime.now(UTC)), "ben", [])


def test_a_due_look_up_is_given_to_one_caller(db: Database) -> None:
    for n in range(12):
        attempts.created(db, sent(db).id, f"task-{n}")
    with ThreadPoolExecutor(6) as pool:
        rounds = list(pool.map(lambda _: attempts.claim_look_ups(db, limit=4), range(6)))
    claimed = [one.task_id for look_ups in rounds for one in look_ups]
    assert len(claimed) == len(set(claimed))
    assert attempts.claim_look_ups(db, limit=20) == [] or len(claimed) < 12


def test_a_task_is_not_asked_for_twice_within_the_pause(db: Database) -> None:
    attempt = sent(db)
    attempts.created(db, attempt.id, "task-1")
    assert attempts.claim_look_up(db, attempt.video_id, 5) is not None
    assert attempts.claim_look_up(db, attempt.video_id, 5) is None
    assert attempts.claim_look_up(db, attempt.video_id, 0) is not None


def test_a_look_up_that_finds_nothing_proves_nothing_of_a_task_never_seen(db: Database) -> None:
    video_id = new_id()
    db.call(
        "dailies_import_videos",
        p_videos=[{"id": video_id, "status": "processing", "runway_video_id": "task-1",
                   "created_at": datetime.now(UTC).isoformat(), "updated_at": datetime.now(UTC).isoformat()}],
    )  # fmt: skip
    assert attempts.save_look_up(db, video_id, Task("task-1", TaskStatus.DELETED), 5, "ann") is None
    assert row(db, video_id)["status"] == "processing"


def test_a_fresh_output_address_replaces_the_expired_one_but_not_the_apps_own_copy(db: Database) -> None:
    attempt = sent(db)
    attempts.created(db, attempt.id, "task-1")
    for address in ("https://o.example/1.mp4?old", "https://o.example/1.mp4?fresh"):
        attempts.save_look_up(db, attempt.video_id, Task("task-1", "SUCCEEDED", output=(address,)), 5, "ann")
    assert row(db, attempt.video_id)["video_url"] == "https://o.example/1.mp4?fresh"
    db.call(
        "dailies_import_videos", p_videos=[{"id": attempt.video_id, "video_url": "https://own.example/1.mp4"}]
    )
    attempts.save_look_up(db, attempt.video_id, Task("task-1", "SUCCEEDED", output=(address,)), 5, "ann")
    assert row(db, attempt.video_id)["video_url"] == "https://own.example/1.mp4"


def test_only_attempts_left_open_for_long_are_stale(db: Database) -> None:
    attempt = sent(db)
    assert attempts.stale(db, 60) == []
    assert attempts.stale(db, 0) == [attempt]
    attempts.unknown(db, attempt.id, "runway_unreachable", "at risk")
    assert attempts.stale(db, 0) == []
    assert [a.state for a in attempts_of(db, attempt.video_id)] == ["unknown"]

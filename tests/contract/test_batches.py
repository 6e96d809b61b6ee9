"""Batches in the database: frozen once, steered legally, each video given to one caller."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.data import audit, batches
from lib.data.batches import Batch, Taken
from lib.data.database import Database
from lib.errors import DatabaseConflict, NotFound

CHOSEN = {"trouble": "stuck"}


def frozen(db: Database, number: int = 3, *, left_out: int = 0) -> Batch:
    batch_id = str(uuid.uuid4())
    rows = [
        {
            "video_id": str(uuid.uuid4()),
            "kind": "retry" if place < number else "override",
            "reason": "The last attempt created nothing.",
            "credits": 25,
            "key": f"key/{place}",
            "left_out": place >= number,
        }
        for place in range(number + left_out)
    ]
    batches.freeze(db, batch_id, "ann", CHOSEN, rows)
    return batches.get(db, batch_id)


def running(db: Database, number: int = 3) -> Batch:
    batch = frozen(db, number)
    batches.steer(db, batch.id, "running", "ann")
    return batch


def take(db: Database) -> Taken:
    item = batches.take(db, 60)
    assert item is not None
    return item


def test_a_frozen_batch_says_what_it_would_do_and_cost(db: Database) -> None:
    batch = frozen(db, 2, left_out=1)
    assert (batch.state, batch.operator, batch.chosen) == ("frozen", "ann", CHOSEN)
    assert (batch.to_do, batch.credits, batch.spent) == (2, 50, 0)
    assert batch.count("left_out") == 1
    assert batches.latest(db) == [batch]


def test_freezing_the_same_batch_again_changes_nothing(db: Database) -> None:
    batch = frozen(db, 2)
    other = {"video_id": str(uuid.uuid4()), "kind": "retry", "reason": "", "credits": 1, "key": "k"}
    batches.freeze(db, batch.id, "ben", {}, [other])
    assert batches.get(db, batch.id) == batch


def test_nothing_is_given_out_before_it_was_confirmed(db: Database) -> None:
    frozen(db)
    assert batches.take(db, 60) is None


def test_eight_hands_get_each_video_once(db: Database) -> None:
    batch = running(db, 8)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: batches.take(db, 60), range(8)))
    videos = {item.video_id for item in taken if item}
    assert videos == {item["video_id"] for item in batches.items(db, batch.id)}
    assert batches.take(db, 60) is None


def test_a_killed_hands_video_is_given_to_another(db: Database) -> None:
    running(db, 1)
    first = batches.take(db, 0.01)
    time.sleep(0.05)
    assert batches.take(db, 60) == first


def test_a_paused_batch_gives_out_nothing_until_it_goes_on(db: Database) -> None:
    batch = running(db)
    batches.steer(db, batch.id, "paused", "ben", "lunch")
    assert batches.take(db, 60) is None
    assert batches.get(db, batch.id).note == "lunch"
    batches.steer(db, batch.id, "running", "ben")
    assert batches.take(db, 60) is not None


def test_the_last_result_ends_the_batch(db: Database) -> None:
    batch = running(db, 2)
    batches.keep_result(db, take(db), "done", "Attempt 2 created task t.", 25)
    assert batches.get(db, batch.id).state == "running"
    batches.keep_result(db, take(db), "failed", "Runway said no.")
    ended = batches.get(db, batch.id)
    assert (ended.state, ended.count("done"), ended.count("failed"), ended.spent) == ("done", 1, 1, 25)
    assert [item["result"] for item in batches.items(db, batch.id, page=1)] == [
        "Attempt 2 created task t.",
        "Runway said no.",
    ]


def test_an_aborted_batch_leaves_the_rest_as_it_was(db: Database) -> None:
    batch = running(db, 2)
    item = take(db)
    batches.steer(db, batch.id, "aborted", "ben")
    batches.keep_result(db, item, "done", "Attempt 2 created task t.", 25)  # it was in hand
    ended = batches.get(db, batch.id)
    assert (ended.state, ended.count("done"), ended.count("waiting")) == ("aborted", 1, 1)
    with pytest.raises(DatabaseConflict, match="is aborted"):
        batches.steer(db, batch.id, "running", "ben")


def test_steering_twice_the_same_way_is_harmless(db: Database) -> None:
    batch = running(db)
    batches.steer(db, batch.id, "running", "ann")
    assert [row["action"] for row in audit.trail(db)] == ["batch_running"]


def test_who_steered_is_in_the_audit(db: Database) -> None:
    batch = running(db)
    batches.steer(db, batch.id, "aborted", "ben")
    (entry,) = audit.trail(db, action="batch_aborted")
    assert entry["operator"] == "ben"
    assert entry["before"] == {"batch": batch.id, "state": "running"}


def test_a_batch_that_is_not_there_is_told(db: Database) -> None:
    with pytest.raises(NotFound):
        batches.get(db, str(uuid.uuid4()))
    with pytest.raises(NotFound):
        batches.steer(db, str(uuid.uuid4()), "running", "ann")

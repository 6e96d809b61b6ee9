"""The queue gives each video to one worker at a time, over both transports, and loses none."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from lib.data import attempts, queue, videos
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.data.queue import NewJob
from lib.domain.pricing import GenerationRequest
from lib.errors import BadInput, DatabaseConflict
from lib.operations.generate import enqueue
from tests.apps import app_of
from tests.examples import queue_metrics, save_task
from tests.simulated import REQUEST

MODEL = REQUEST.model


def job(video_id: str | None = None, *, model: str = MODEL, new: bool = True) -> NewJob:
    name = video_id or str(uuid.uuid4())
    row = {"prompt": REQUEST.prompt, "input_image_url": REQUEST.image} if new else None
    return NewJob(name, f"{name}/1", "ann", model, REQUEST.ratio, REQUEST.duration, row)


def put(db: Database, n: int = 1, model: str = MODEL) -> list[str]:
    return [queued.video_id for queued in queue.enqueue(db, [job(model=model) for _ in range(n)])]


def taken(db: Database, limit: int = 10, **arguments: object) -> list[str]:
    return [each.video_id for each in queue.dequeue(db, limit=limit, **arguments)]  # type: ignore[arg-type]


def test_a_queued_video_comes_with_its_row_the_oldest_first(db: Database) -> None:
    ids = put(db, 3)
    first, *_ = queue.dequeue(db, limit=3)
    assert [first.video_id, *taken(db)] == [ids[0]]
    assert (first.key, first.operator, first.model, first.reads) == (f"{ids[0]}/1", "ann", MODEL, 1)
    assert first.video is not None
    assert (first.video["status"], first.video["prompt"]) == ("queued", REQUEST.prompt)


def test_a_video_waits_once_however_often_it_is_put_in(db: Database) -> None:
    one = job()
    assert queue.enqueue(db, [one]) == [(one.video_id, True)]
    assert queue.enqueue(db, [job(), one])[1] == (one.video_id, False)
    assert queue_metrics(db).waiting == 2


def test_eight_at_once_put_a_video_in_once(db: Database) -> None:
    one = job()
    with ThreadPoolExecutor(8) as pool:
        put_in = [queued for (queued,) in pool.map(lambda _: queue.enqueue(db, [one]), range(8))]
    assert sorted(queued.added for queued in put_in) == [False] * 7 + [True]


def test_no_two_workers_get_the_same_job(db: Database) -> None:
    ids = put(db, 40)

    def work(worker: int) -> list[str]:
        mine: list[str] = []
        while some := taken(db, limit=1):
            mine += some
        return mine

    with ThreadPoolExecutor(8) as pool:
        got = [video_id for mine in pool.map(work, range(8)) for video_id in mine]
    assert sorted(got) == sorted(ids)


def test_a_job_that_is_done_does_not_come_again(db: Database) -> None:
    put(db)
    (one,) = queue.dequeue(db, visibility_seconds=0)
    assert queue.acknowledge(db, [one.id]) == 1
    assert taken(db) == []
    assert queue.acknowledge(db, [one.id]) == 0


def test_what_was_done_is_acknowledged_on_the_way_to_the_next(db: Database) -> None:
    put(db, 2)
    (one,) = queue.dequeue(db, visibility_seconds=0)
    (two,) = queue.dequeue(db, done=[one.id])
    assert two.id != one.id
    assert queue_metrics(db).in_hand == 1


def test_a_killed_workers_job_is_given_to_another_after_its_time(db: Database) -> None:
    ids = put(db)
    assert taken(db, visibility_seconds=1) == ids
    assert taken(db) == []
    time.sleep(1.1)
    (again,) = queue.dequeue(db)
    assert (again.video_id, again.reads) == (ids[0], 2)


def test_a_job_given_back_unread_comes_at_once_and_counts_no_try(db: Database) -> None:
    ids = put(db)
    (one,) = queue.dequeue(db)
    assert queue.requeue(db, [one], unread=True) == 1
    (again,) = queue.dequeue(db)
    assert (again.video_id, again.reads) == (ids[0], 1)


def test_a_job_given_back_for_later_waits(db: Database) -> None:
    put(db)
    (one,) = queue.dequeue(db)
    queue.requeue(db, [one], delay_seconds=60)
    assert taken(db) == []
    assert (queue_metrics(db).delayed, queue_metrics(db).in_hand) == (1, 0)


def test_only_who_has_a_job_can_give_it_back(db: Database) -> None:
    put(db)
    (one,) = queue.dequeue(db, visibility_seconds=0)
    assert taken(db)
    assert queue.requeue(db, [one], unread=True) == 0
    assert taken(db) == []


def test_no_more_are_given_out_than_runway_lets_run_at_once(db: Database) -> None:
    put(db, 3)
    assert len(taken(db, slots={MODEL: 2})) == 2
    assert taken(db, slots={MODEL: 2}) == []
    assert len(taken(db, slots={MODEL: 3})) == 1


def test_eight_workers_at_once_stay_within_the_slots(db: Database) -> None:
    put(db, 20)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: taken(db, limit=2, slots={MODEL: 5}), range(8)))
    assert sum(map(len, got)) == 5


def test_a_full_model_does_not_stand_in_the_way_of_another(db: Database) -> None:
    ids = put(db, 150)
    other = put(db, 1, model="gen4.5")
    assert taken(db, limit=2, slots={MODEL: 0, "gen4.5": 1}) == other
    assert taken(db, limit=1, slots={MODEL: 1, "gen4.5": 1}) == ids[:1]


def test_a_job_passed_over_counts_no_try(db: Database, database_url: str) -> None:
    put(db)
    assert taken(db, slots={MODEL: 0}) == []
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute("select read_ct from pgmq.q_dailies").fetchall() == [(0,)]


def test_a_long_queue_is_not_read_through_by_who_found_it_empty(
    postgres: PostgresDatabase, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("vacuum pgmq.q_dailies")  # from here on the planner takes it for empty
        for _ in range(6):  # after five its plan is kept
            connection.execute("select from public.dailies_dequeue()")
        put(postgres, 40)
        with connection.transaction():
            connection.execute("select from public.dailies_dequeue()")
            read = connection.execute(
                "select pg_stat_get_xact_tuples_returned('pgmq.q_dailies'::regclass)"
            ).fetchone()
    assert read == (0,)


def test_attempts_and_unfinished_tasks_take_slots_until_they_end(db: Database) -> None:
    (busy,) = put(db)
    (one,) = queue.dequeue(db)
    claim = attempts.claim(db, busy, one.key, "ann", request=REQUEST, credits=25)
    queue.acknowledge(db, [one.id])
    put(db, 2)
    assert taken(db, slots={MODEL: 1}) == []
    attempts.sent(db, claim.attempt.id)
    attempts.created(db, claim.attempt.id, "task-1")
    assert taken(db, slots={MODEL: 1}) == []
    save_task(db, {"task_id": "task-1", "status": "SUCCEEDED", "output": ["https://x.example/v.mp4"]})
    assert len(taken(db, slots={MODEL: 1})) == 1


def test_the_production_apps_tasks_take_slots_of_its_model(db: Database) -> None:
    save_task(db, {"task_id": "task-of-the-app", "status": "RUNNING"})
    put(db)
    assert taken(db, slots={MODEL: 1}, app_model=MODEL) == []
    assert len(taken(db, slots={MODEL: 1}, app_model="gen4.5")) == 1


def test_a_task_that_nobody_could_look_up_for_an_hour_takes_no_slot(db: Database, database_url: str) -> None:
    save_task(db, {"task_id": "task-of-the-app", "status": "RUNNING"})
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update dailies.tasks set checked_at = now() - interval '61 minutes'")
    put(db)
    assert len(taken(db, slots={MODEL: 1})) == 1


def test_a_killed_workers_slot_is_free_again_after_its_time(db: Database) -> None:
    put(db, 2)
    assert len(taken(db, visibility_seconds=1, slots={MODEL: 1})) == 1
    time.sleep(1.1)
    assert len(taken(db, slots={MODEL: 1})) == 1


def test_its_length_and_age_are_told(db: Database) -> None:
    empty = queue_metrics(db)
    put(db, 3)
    taken(db, limit=1)
    seen = queue_metrics(db)
    assert (seen.waiting, seen.in_hand, seen.delayed, seen.failing) == (2, 1, 0, 0)
    assert seen.enqueued - empty.enqueued == 3
    assert empty.oldest_seconds is None
    assert seen.oldest_seconds is not None
    assert 0 <= seen.oldest_seconds < 60


def test_a_batch_makes_its_rows_and_its_jobs_together(postgres: PostgresDatabase) -> None:
    ids = enqueue(app_of(postgres, operator="ann"), [REQUEST] * 5, key="click")
    assert len(set(ids)) == 5
    assert taken(postgres) == ids
    row = videos.get_video(postgres, ids[0])["video"]
    assert (row["status"], row["prompt"], row["input_image_url"]) == ("queued", REQUEST.prompt, REQUEST.image)


def test_a_second_click_queues_nothing_twice(postgres: PostgresDatabase) -> None:
    first = enqueue(app_of(postgres, operator="ann"), [REQUEST] * 3, key="click")
    assert enqueue(app_of(postgres, operator="ben"), [REQUEST] * 3, key="click") == first
    assert queue_metrics(postgres).waiting == 3


def test_a_batch_that_runway_would_refuse_is_refused_before_anything_is_written(
    postgres: PostgresDatabase,
) -> None:
    with pytest.raises(BadInput, match="seconds"):
        enqueue(app_of(postgres), [REQUEST, GenerationRequest(image=REQUEST.image, duration=99)])
    assert queue_metrics(postgres).waiting == 0
    assert videos.list_videos(postgres, videos.Filters(own=True)) == []


def test_two_videos_of_one_id_in_a_batch_are_refused(postgres: PostgresDatabase) -> None:
    one = job()
    with pytest.raises(DatabaseConflict):
        queue.enqueue(postgres, [one, one])

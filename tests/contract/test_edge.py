"""What the process says of itself, over a real database and each transport."""

from __future__ import annotations

from datetime import timedelta

from lib.data import queue, workers
from lib.data import status as edge
from lib.data.database import Database
from lib.data.videos import import_videos
from tests.examples import NOON, TANGO, WALTZ, the_videos


def test_an_empty_database_has_no_ages(db: Database) -> None:
    assert edge.health(db) == edge.Health(0, None, None, 0, 0, None, 0, None, None)


def test_health_knows_queue_sweep_workers_and_backlog(db: Database) -> None:
    import_videos(db, the_videos())
    queue.enqueue(db, [queue.NewJob(WALTZ, "k", "ada", "gen4_turbo", "1280:720", 5)])
    workers.take_lease(db, "sweep", "w1", 60)
    workers.beat(db, "w1", "host", 1)
    found = edge.health(db)
    assert (found.queue_waiting, found.workers_alive, found.workers_dead, found.backlog) == (1, 1, 0, 3)
    ages = (found.queue_oldest_seconds, found.sweep_age_seconds, found.worker_age_seconds)
    assert all(age is not None and 0 <= age < 30 for age in ages)


def test_metrics_count_videos_by_status_and_jobs_by_state(db: Database) -> None:
    import_videos(db, the_videos())
    queue.enqueue(db, [queue.NewJob(TANGO, "k", "ada", "gen4_turbo", "1280:720", 5)])
    found = {(sample.name, *sample.labels.values()): sample.value for sample in edge.metrics(db)}
    assert found["videos", "processing"] == 1
    assert found["queue_jobs", "waiting"] == 1
    assert found["judging_backlog",] == 3
    assert found["credits_spent",] == 0


def test_a_log_source_is_read_forward_only_and_remembers_what_was_lost(db: Database) -> None:
    assert edge.log_source(db, "vercel") is None
    edge.save_log_source(db, "vercel", NOON, (NOON - timedelta(hours=2), NOON - timedelta(hours=1)))
    edge.save_log_source(db, "vercel", NOON - timedelta(hours=3))
    assert edge.log_source(db, "vercel") == edge.LogSource(
        NOON, (NOON - timedelta(hours=2), NOON - timedelta(hours=1))
    )

"""What the process says of itself, over a real database and each transport."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lib.data import alerts, logs, queue, workers
from lib.data import status as edge
from lib.data.database import Database, Row
from lib.data.videos import import_videos
from lib.errors import DatabaseError
from lib.operations.sweep import sweep
from lib.runway.client import connect
from tests.apps import app_of
from tests.examples import NOON, TANGO, WALTZ, the_videos


def test_an_empty_database_has_no_ages(db: Database) -> None:
    assert edge.health(db) == edge.HealthReadings(0, None, None, 0, 0, None, 0, None, None)


def test_health_knows_queue_sweep_workers_and_backlog(db: Database) -> None:
    import_videos(db, the_videos())
    queue.enqueue(db, [queue.NewJob(WALTZ, "k", "ada", "gen4_turbo", "1280:720", 5)])
    workers.take_lease(db, "sweep", "w1", 60)
    assert workers.completed(db, "sweep", "w1")
    workers.beat(db, "w1", "host", 1)
    found = edge.health(db)
    assert (found.queue_waiting, found.workers_alive, found.workers_dead, found.backlog) == (1, 1, 0, 3)
    ages = (found.queue_oldest_seconds, found.sweep_age_seconds, found.worker_age_seconds)
    assert all(age is not None and 0 <= age < 30 for age in ages)


def test_a_sweep_that_always_fails_grows_old(db: Database, database_url: str) -> None:
    """It begins again and again, which once was all that health knew."""
    workers.take_lease(db, "sweep", "w1", 60)
    age_by(database_url, 3600)
    workers.keep_lease(db, "sweep", "w1", 0)
    assert workers.take_lease(db, "sweep", "w2", 60)
    assert sweep_age(db) == pytest.approx(3600, abs=60)
    assert alerts.measure(db, "minutes_without_sweep", 60)[0].value == pytest.approx(60, abs=1)
    assert workers.completed(db, "sweep", "w2")
    assert sweep_age(db) == pytest.approx(0, abs=60)
    age_by(database_url, 600)
    workers.keep_lease(db, "sweep", "w2", 0)
    assert workers.take_lease(db, "sweep", "w3", 60)
    assert sweep_age(db) == pytest.approx(600, abs=60)


class Failing:
    """A database that no sweep gets through."""

    label = "failing"

    def __init__(self, db: Database) -> None:
        self._db = db

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        if function == "dailies_sweep_due":
            raise DatabaseError("division by zero")
        return self._db.call(function, **arguments)

    def close(self) -> None: ...


def test_a_sweep_that_fails_is_not_completed(db: Database, database_url: str, tmp_path: Path) -> None:
    app = app_of(db, connect("key_unused", "http://127.0.0.1:9"), tmp_path)
    sweep(app, holder="w1")
    age_by(database_url, 600)
    with pytest.raises(DatabaseError):
        sweep(replace(app, opened=Failing(db)), holder="w1")
    assert sweep_age(db) == pytest.approx(600, abs=60)
    sweep(app, holder="w1")
    assert sweep_age(db) == pytest.approx(0, abs=60)
    app.runway.close()


def test_only_who_holds_a_lease_completes_it(db: Database) -> None:
    assert not workers.completed(db, "sweep", "w1")
    workers.take_lease(db, "sweep", "w1", 60)
    assert not workers.completed(db, "sweep", "w2")


def sweep_age(db: Database) -> float:
    age = edge.health(db).sweep_age_seconds
    assert age is not None
    return age


def age_by(database_url: str, seconds: int) -> None:
    """Whatever happened to leases happened that much earlier."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            """update dailies.leases set began_at = began_at - make_interval(secs => %(s)s),
                   until = until - make_interval(secs => %(s)s),
                   first_at = first_at - make_interval(secs => %(s)s),
                   completed_at = completed_at - make_interval(secs => %(s)s)""",
            {"s": seconds},
        )


def test_metrics_count_videos_by_status_and_jobs_by_state(db: Database) -> None:
    import_videos(db, the_videos())
    queue.enqueue(db, [queue.NewJob(TANGO, "k", "ada", "gen4_turbo", "1280:720", 5)])
    found = {(sample.name, *sample.labels.values()): sample.value for sample in edge.metrics(db)}
    assert found["videos", "processing"] == 1
    assert found["queue_jobs", "waiting"] == 1
    assert found["judging_backlog",] == 3
    assert found["credits_spent",] == 0


def test_a_log_source_is_read_forward_only_and_remembers_what_was_lost(db: Database) -> None:
    assert logs.log_source(db, "vercel") is None
    hours = [NOON - timedelta(hours=n) for n in range(5)]
    logs.save_log_source(db, "vercel", hours[1], NOON, (hours[2], hours[1]))
    logs.save_log_source(db, "vercel", hours[4], hours[3])
    assert logs.log_source(db, "vercel") == logs.LogSource(NOON, (hours[2], hours[1]))

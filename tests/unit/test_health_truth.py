"""Health tells the truth: of a full disk, a clock that jumps, a killed worker, a dropped database."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from lib.data import workers
from lib.data.journal import Journal, JournalError
from lib.data.postgres import PostgresDatabase
from lib.web.health import FUTURE, State, _data_folder
from tests.apps import app_of
from tests.databases import Cluster
from tests.web import FakeParts, application, served, settings


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond a page."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_down_and_the_journal_names_the_id_it_could_not_keep(tmp_path: Path) -> None:
    app, journal = app_of(folder=tmp_path), Journal(tmp_path / "journal.jsonl")
    journal.path.write_bytes(b"\n" * 4090)
    with full_disk():
        part = _data_folder(lambda: app)
        with pytest.raises(JournalError, match=r"Task task-1 of video .* could not be written"):
            journal.append(str(uuid4()), str(uuid4()), "task-1")
    assert (part.state, part.message) == (State.DOWN, "The data folder takes nothing: File too large.")
    assert _data_folder(lambda: app).state is State.OK
    journal.append(str(uuid4()), str(uuid4()), "task-2")
    content = journal.read()
    assert [entry.task_id for entry in content.entries] == ["task-2"]
    assert len(content.bad) == 1  # what was torn is told


def health(url: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Status and parts, asked of a server that has read nothing yet."""
    database = PostgresDatabase(url, label="test")
    try:
        with served(application(FakeParts(database, settings()))) as http:
            answer = http.get("/api/health")
            return answer.status_code, answer.json()["parts"]
    finally:
        database.close()


@pytest.fixture
def working(own_database_url: str) -> None:
    """A worker at work, and a sweep that was completed."""
    database = PostgresDatabase(own_database_url, label="test")
    workers.beat(database, "w1", "host", 1)
    workers.take_lease(database, "sweep", "w1", 60)
    workers.completed(database, "sweep", "w1")
    database.close()


def change(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize("hours", [1, 24, -1])
def test_after_a_clock_jump_no_sweep_and_no_worker_is_ok_and_no_age_is_negative(
    own_database_url: str, hours: int
) -> None:
    """The clock being set back by an hour is the same as all that was noted lying an hour ahead."""
    change(
        own_database_url,
        f"update dailies.leases set completed_at = completed_at + interval '{hours} hours';"
        f"update dailies.workers set beat_at = beat_at + interval '{hours} hours'",
    )
    _, found = health(own_database_url)
    assert found["sweep"]["state"] == "trouble"
    assert found["workers"]["state"] != "ok"
    assert found["sweep"].get("message") == (FUTURE if hours > 0 else "No sweep was completed for a while.")
    assert all(part["age_seconds"] is None or part["age_seconds"] >= 0 for part in found.values())


@pytest.mark.usefixtures("working")
def test_clocks_that_are_seconds_apart_are_no_trouble(own_database_url: str) -> None:
    change(own_database_url, "update dailies.leases set completed_at = completed_at + interval '20 seconds'")
    _, found = health(own_database_url)
    assert (found["sweep"]["state"], found["sweep"]["age_seconds"]) == ("ok", 0.0)


@pytest.mark.usefixtures("working")
def test_a_killed_worker_is_gone_within_45_seconds(own_database_url: str) -> None:
    assert health(own_database_url)[1]["workers"]["state"] == "ok"
    # that it began after it, as it seems, is no reason: the clock may have been set back
    change(own_database_url, "update dailies.workers set beat_at = beat_at - interval '46 seconds'")
    told = health(own_database_url)[1]["workers"]
    assert (told["state"], told["dead"], told["message"]) == ("trouble", 1, "A worker fell silent.")


def test_a_dropped_schema_and_a_dropped_database_are_down(own_database_url: str, cluster: Cluster) -> None:
    assert health(own_database_url)[0] == 200
    change(own_database_url, "drop schema dailies cascade")
    status, found = health(own_database_url)
    assert (status, found["schema"]["state"]) == (503, "down")
    name = own_database_url.rsplit("/", 1)[1]
    with cluster.admin() as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
    status, found = health(own_database_url)
    assert (status, found["database"]["state"]) == (503, "down")

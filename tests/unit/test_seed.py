"""The seeded history: realistic, the same every time, and diagnosed as what it was meant to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import psycopg
import pytest
from click.testing import CliRunner

from lib.app import App
from lib.cli.seed import command
from lib.data import audit, logs, videos
from lib.data.postgres import PostgresDatabase
from lib.data.verdicts import dossier_rows
from lib.domain.cause import CAUSES
from lib.domain.diagnosis import Verdict, judge
from lib.domain.video import UNFINISHED
from lib.errors import BadInput, DatabaseConflict
from lib.operations.dossiers import dossiers_of
from lib.operations.poll import poll_due
from lib.operations.recover import recover
from lib.runway.simulator.schedule import StoredTask
from lib.seed.history import History
from lib.seed.write import history, links_of, seed_history
from lib.settings import load_settings
from tests.apps import app_of
from tests.databases import Cluster
from tests.production import attempts_of
from tests.simulated import Simulated, simulated

JUDGED_AT_ONCE = 200
EVERYDAY = 60  # of the many videos that simply succeeded, so many are judged


class Seeded(NamedTuple):
    db: PostgresDatabase
    runway: Simulated
    told: History
    now: datetime


@pytest.fixture(scope="module")
def seeded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    now = datetime.now(UTC)
    with cluster.clone() as url, simulated(tmp_path_factory.mktemp("seed")) as runway:
        db = PostgresDatabase(url, label="test")
        seed_history(db, runway.store, runway.server.url, now)
        yield Seeded(db, runway, history(now, links_of(runway.store, runway.server.url)), now)
        db.close()


def app_at(seeded: Seeded) -> App:
    return app_of(seeded.db, seeded.runway.client, clock=lambda: seeded.now)


def test_the_same_moment_gives_the_same_history() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def at_home(task: StoredTask) -> str:
        return f"http://localhost/{task.id}.mp4"

    assert history(now, at_home) == history(now, at_home)


def test_it_covers_two_weeks_every_cause_and_three_flows(seeded: Seeded) -> None:
    told = seeded.told
    assert len(told.videos) == 2000
    assert set(told.truth.values()) == set(CAUSES)
    ages = [seeded.now - datetime.fromisoformat(str(video["created_at"])) for video in told.videos]
    assert max(ages) > timedelta(days=13)
    assert min(ages) < timedelta(minutes=5)
    assert len(told.entries) < 80_000


def test_its_logs_stand_in_the_tables_of_their_weeks_so_that_old_ones_can_be_dropped(seeded: Seeded) -> None:
    with seeded.db.session("test") as connection:
        assert connection.execute("select count(*) from dailies.log_entries_other").fetchone() == (0,)
    lines = sum(week.lines for week in logs.old_weeks(seeded.db, 3))
    ended = datetime.combine(seeded.now - timedelta(days=3), time(), UTC)
    ended -= timedelta(days=ended.weekday())
    before = [each for each in seeded.told.entries if each.entry.at_ms < ended.timestamp() * 1000]
    assert lines == len(before) > 1000


def test_nothing_in_it_lies_in_the_future_or_before_its_video(seeded: Seeded) -> None:
    created = {video["id"]: datetime.fromisoformat(str(video["created_at"])) for video in seeded.told.videos}
    now_ms = seeded.now.timestamp() * 1000
    assert all(entry.at_ms <= now_ms for entry, _, _ in seeded.told.entries)
    for look_up in seeded.told.look_ups:
        assert created[look_up.video_id].timestamp() <= look_up.task.created_at <= seeded.now.timestamp()


def test_the_diagnosis_finds_what_was_meant(seeded: Seeded) -> None:
    truth = seeded.told.truth
    unsettled = [video_id for video_id, cause in truth.items() if cause != "succeeded"]
    settled = [video_id for video_id, cause in truth.items() if cause == "succeeded"]
    judged = list(verdicts(seeded, [*unsettled, *settled[:EVERYDAY], *settled[-EVERYDAY:]]))
    wrong = Counter((truth[v.video_id], v.cause) for v in judged if v.cause != truth[v.video_id])
    assert wrong.total() <= len(judged) / 100, wrong
    stuck = [v for v in judged if v.stuck]
    assert len(stuck) > 24
    assert sum(v.recoverable_runway_id is not None for v in judged) > 12


def verdicts(seeded: Seeded, video_ids: list[str]) -> Iterator[Verdict]:
    for start in range(0, len(video_ids), JUDGED_AT_ONCE):
        rows = dossier_rows(seeded.db, video_ids[start : start + JUDGED_AT_ONCE])
        yield from map(judge, dossiers_of(app_at(seeded), rows))


def test_attempts_and_their_audit_are_in_it(seeded: Seeded) -> None:
    states = Counter(attempt.state for attempt in seeded.told.attempts)
    assert set(states) == {"created", "refused", "unknown"}
    video_id = seeded.told.attempts[0].video_id
    stored = attempts_of(seeded.db, video_id)[0]
    assert stored.state == seeded.told.attempts[0].state
    assert {entry["attempt_id"] for entry in audit.trail(seeded.db, video_id)} == {stored.id}


def test_its_lost_tasks_can_be_recovered_for_real(seeded: Seeded) -> None:
    lost = next(v for v in verdicts(seeded, not_saved(seeded)) if v.recoverable_runway_id)
    recover(app_at(seeded), lost.video_id)
    row = videos.get_video(seeded.db, lost.video_id)["video"]
    assert (row["status"], row["runway_video_id"]) == ("succeeded", lost.recoverable_runway_id)


def not_saved(seeded: Seeded) -> list[str]:
    return [video_id for video_id, cause in seeded.told.truth.items() if cause == "task_id_not_saved"]


def test_what_runs_is_polled_and_what_nobody_polled_stays_to_be_looked_at(seeded: Seeded) -> None:
    truth = seeded.told.truth
    polled = poll_due(app_at(seeded), limit=500)
    assert {truth[one.video_id] for one in polled} == {"in_progress", "throttled"}
    assert {one.error for one in polled} == {None}


def test_a_database_that_holds_videos_is_left_as_it_is(seeded: Seeded) -> None:
    with pytest.raises(BadInput, match="empty") as refused:
        seed_history(seeded.db, seeded.runway.store, seeded.runway.server.url, seeded.now)
    folder = seeded.runway.store.folder.parent
    assert f"stop Dailies and delete its data folder, {folder}." in str(refused.value)


def test_a_history_that_breaks_off_leaves_nothing(own_database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("alter table dailies.audit add column missing int not null")
    db = PostgresDatabase(own_database_url, label="test")
    with simulated(tmp_path) as runway, pytest.raises(DatabaseConflict, match="missing"):
        seed_history(db, runway.store, runway.server.url, datetime.now(UTC))
    assert videos.list_videos(db) == []
    db.close()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DATABASE_URL", "postgresql://localhost/production"), ("RUNWAY_API_KEY", "key_of_production")],
)
def test_the_command_never_touches_a_database_or_an_account_of_somebodys(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    load_settings.cache_clear()
    result = CliRunner().invoke(command)
    load_settings.cache_clear()
    assert isinstance(result.exception, BadInput)
    assert value not in str(result.exception)


def test_finished_rows_have_an_end_and_unfinished_ones_have_none(seeded: Seeded) -> None:
    for video in seeded.told.videos:
        assert (video["status"] == "succeeded") == (video["video_url"] is not None)
        if video["status"] in UNFINISHED:
            assert video["video_url"] is None


def test_the_outputs_of_the_last_day_can_be_played(seeded: Seeded) -> None:
    made = [v for v in seeded.told.videos if v["status"] == "succeeded" and v["video_url"]]
    newest = max(made, key=lambda video: str(video["created_at"]))
    answer = httpx.get(newest["video_url"], trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")

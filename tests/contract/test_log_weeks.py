"""Logs stand in tables of a week each: nothing is lost on the way, old ones go, and any text is found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner

from lib.__main__ import main
from lib.data import logs, videos
from lib.data.audit import trail
from lib.data.database import Database, Row
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.domain.cause import Action
from lib.domain.diagnosis.proof import Proof
from lib.domain.repair import assess
from lib.errors import DatabaseConflict, DatabaseUnavailable
from lib.operations.dossiers import load_dossier
from lib.operations.expire_logs import expire_logs
from lib.operations.judge import judge_all
from lib.worker.watch import tend_logs
from tests.apps import app_of
from tests.production import ACCEPTED, ANSWERED, CALLED, put_log, put_row

DAY = 24 * 60
LONG_AGO = 70 * DAY
NOW = datetime.now(UTC)
ONE_TABLE = """
drop table dailies.log_entries cascade;
drop sequence dailies.log_entry_ids;
create table dailies.log_entries (
    id            bigint generated always as identity primary key,
    key           uuid not null unique,
    at            timestamptz not null,
    request_id    text,
    video_id      dailies.video_key,
    task_id       text,
    level         text not null,
    message       text not null,
    path          text,
    status_code   int,
    deployment_id text,
    import_id     uuid
);
create index log_entries_time on dailies.log_entries (at);
insert into dailies.log_entries (key, at, level, message)
select gen_random_uuid(), now() - interval '1 hour' * n, 'info', 'line ' || n
from generate_series(-400, 9000) n;
delete from dailies.migrations;
"""


def entry(message: str, at: datetime, request: str | None = None, **columns: str) -> Row:
    made: Row = {"key": str(uuid4()), "at": at.isoformat(), "level": "info", "message": message}
    return made | {"request_id": request} | columns


def count(url: str, table: str = "log_entries") -> int:
    with psycopg.connect(url) as connection:
        query = f"select count(*) from dailies.{table}"
        return int((connection.execute(query.encode()).fetchone() or (0,))[0])


def weeks(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("select name from dailies.log_weeks() order by until")]


@pytest.fixture
def operator(own_database_url: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(own_database_url, label="test")
    yield database
    database.close()


def test_lines_of_any_time_are_stored_once_however_often_they_come(
    own_db: Database, own_database_url: str
) -> None:
    days = [-4000, -300, -30, -8, -7, -1, 0, 5, 13, 30, 4000]
    entries = [entry(f"day {day}", NOW + timedelta(days=day)) for day in days]
    assert logs.add_logs(own_db, {"id": None}, [_binary(each) for each in entries]) == (len(days), 0)
    assert own_db.call("dailies_add_logs", p_entries=entries) == [{"inserted": 0, "repeated": len(days)}]
    assert logs.add_logs(own_db, {"id": None}, [_binary(each) for each in entries]) == (0, len(days))
    assert count(own_database_url) == len(days)
    assert 5 <= len(weeks(own_database_url)) <= 9, "a week for what is near, none for 1990 or 2037"


def _binary(row: Row) -> logs.EntryRow:
    at = round(datetime.fromisoformat(row["at"]).timestamp() * 1000)
    row["at"] = datetime.fromtimestamp(at / 1000, UTC).isoformat()
    key = bytes.fromhex(row["key"].replace("-", ""))
    return key, at, row["request_id"], None, None, row["level"], row["message"], None, None, None


def test_one_table_of_an_earlier_version_becomes_weeks_without_losing_a_line(
    operator: PostgresDatabase, own_database_url: str
) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute(ONE_TABLE)
        before = connection.execute(
            "select key, at, message from dailies.log_entries order by key"
        ).fetchall()
        for _ in range(2):
            migrate(operator)
        after = connection.execute("select key, at, message from dailies.log_entries order by key").fetchall()
        newest = connection.execute("select max(id) from dailies.log_entries").fetchone()
        operator.call("dailies_add_logs", p_entries=[entry("the next", NOW)])
        last = connection.execute("select id from dailies.log_entries where message = 'the next'").fetchone()
    assert before == after
    assert newest is not None
    assert last is not None
    assert last[0] > newest[0]
    assert weeks(own_database_url)[0] == "log_entries_before"
    assert [line.message for line in find(operator, "line 8999")] == ["line 8999"]


def find(db: Database, text: str, days: float = 5000, limit: int = 100) -> list[logs.FoundLine]:
    since, until = NOW - timedelta(days=days), NOW + timedelta(days=1)
    return logs.search_logs(db, text, since, until, limit=limit)


def test_a_week_that_comes_later_takes_its_lines_along(own_db: Database, own_database_url: str) -> None:
    """While somebody reads the logs for long, no table is added: nothing waits, and nothing is lost."""
    with psycopg.connect(own_database_url) as reader:
        reader.execute("select count(*) from dailies.log_entries")
        own_db.call("dailies_add_logs", p_entries=[entry("long ago", NOW - timedelta(days=40))])
        assert count(own_database_url, "log_entries_other") == 1
    own_db.call("dailies_add_logs", p_entries=[entry("long ago, too", NOW - timedelta(days=40))])
    assert count(own_database_url, "log_entries_other") == 0
    assert {line.message for line in find(own_db, "long ago")} == {"long ago", "long ago, too"}


@pytest.mark.parametrize("days", [-50, -29, -1, 0, 40, 300])
def test_a_line_long_before_or_after_its_row_is_told_of_the_video(own_db: Database, days: int) -> None:
    """A row may be written after the fact, dated anew, and asked for a year later."""
    task, video = str(uuid4()), put_row(own_db, minutes=310 * DAY, status="failed")
    put_log(own_db, video, *ANSWERED, minutes=(310 - days) * DAY, task=task)
    judge_all(app_of(own_db))
    assert len(videos.video_log(own_db, video)) == len(ANSWERED)
    assert load_dossier(app_of(own_db), video).lost_task == task
    verdict = videos.get_video(own_db, video)["verdict"]
    assert verdict is not None
    assert verdict["recoverable_runway_id"] == task


def test_a_row_that_is_dated_anew_and_queued_again_is_not_paid_for_while_its_old_run_is_unaccounted_for(
    own_db: Database,
) -> None:
    video = put_row(own_db, minutes=20, status="queued")
    taking = app_of(own_db, take_queued=True)
    assert assess(load_dossier(taking, video)).repair.proof is Proof.LEFT_TO_WORKERS
    put_log(own_db, video, *CALLED, minutes=100 * DAY)
    judge_all(taking)
    repair = assess(load_dossier(taking, video)).repair
    assert (repair.action, repair.proof) == (Action.ASK, None)


class History:
    """Of seventy days ago: one video that is done, one that failed before Runway was called, one that lost
    its task, one nobody finished, and a task that nobody has."""

    def __init__(self, db: Database) -> None:
        self.db, self.app = db, app_of(db)
        self.done_task, self.lost_task, self.nobodys = (str(uuid4()) for _ in range(3))
        self.done = put_row(db, minutes=LONG_AGO, status="succeeded", runway_video_id=self.done_task)
        self.failed = put_row(db, minutes=LONG_AGO, status="failed")
        self.lost = put_row(db, minutes=LONG_AGO, status="failed")
        self.waiting = put_row(db, minutes=LONG_AGO)
        self.lines = {
            self.done: [*ANSWERED],
            self.failed: [*ACCEPTED],
            self.lost: [*ANSWERED],
            self.waiting: [*ACCEPTED],
        }
        tasks = {self.done: self.done_task, self.lost: self.lost_task}
        for video, lines in self.lines.items():
            put_log(db, video, *lines, minutes=LONG_AGO - 1, task=tasks.get(video, ""))
        at = NOW - timedelta(minutes=LONG_AGO - 90)  # when nobody waits for it any more
        lonely = entry(f"Task created with ID: {self.nobodys}", at, "req-n", task_id=self.nobodys)
        db.call("dailies_add_logs", p_entries=[lonely, entry("[health] ok", at, "req-h")])
        put_log(db, self.done, "[health] ok", minutes=0)
        judge_all(self.app)

    def verdict(self, video: str) -> Row:
        found = videos.get_video(self.db, video)["verdict"]
        assert found is not None
        return found

    def touch(self, video: str) -> None:
        """As an app that writes into an old row: it is judged again."""
        self.db.call("dailies_import_videos", p_videos=[{"id": video, "prompt": "another"}])
        judge_all(self.app)


@pytest.fixture
def history(own_db: Database) -> History:
    return History(own_db)


def test_old_logs_go_and_what_somebody_may_act_on_keeps_its_lines(
    history: History, own_database_url: str
) -> None:
    before = {video: len(videos.video_log(history.db, video)) for video in history.lines}
    told = logs.old_weeks(history.db, 30)
    dropped = expire_logs(history.app, 30)
    assert [(week.lines, week.kept) for week in dropped] == [(week.lines, week.kept) for week in told]
    assert sum(week.kept for week in dropped) == before[history.lost] + before[history.waiting] + 1
    assert [len(videos.video_log(history.db, video)) for video in (history.lost, history.waiting)] == [
        before[history.lost],
        before[history.waiting],
    ]
    assert videos.video_log(history.db, history.failed) == []
    assert [each.task_id for each in logs.nobodys(history.db, NOW - timedelta(days=80), NOW)] == [
        history.nobodys
    ]
    assert logs.old_weeks(history.db, 30) == []
    assert expire_logs(history.app, 30) == []
    assert {row["action"] for row in trail(history.db, None, action="expire_logs")} == {"expire_logs"}
    assert all(
        (NOW - timedelta(days=30)).strftime("%Y_%m_%d") < week[-10:] for week in weeks(own_database_url)
    )


def test_verdicts_keep_what_the_logs_showed_and_a_lost_id_is_still_found(history: History) -> None:
    former = {video: history.verdict(video) for video in history.lines}
    expire_logs(history.app, 30)
    for video in (history.done, history.failed):
        history.touch(video)
        verdict = history.verdict(video)
        for kept in ("stages", "cause", "evidence", "id_at", "first_missing", "deployment_id", "word"):
            assert verdict[kept] == former[video][kept], (video, kept)
    history.touch(history.lost)
    assert history.verdict(history.lost)["recoverable_runway_id"] == history.lost_task


def test_what_was_dropped_proves_nothing(history: History) -> None:
    """The run of seventy days ago ended before it called Runway: once its lines are gone, nobody knows."""
    assert assess(load_dossier(history.app, history.failed)).repair.proof is Proof.RUN_NOT_SENT
    expire_logs(history.app, 30)
    for video in (history.failed, history.waiting):
        repair = assess(load_dossier(history.app, video)).repair
        assert (repair.action, repair.proof) == (Action.ASK, None)
        assert "dropped, and some may have told of it" in repair.reason  # those of one are still there
    judge_all(history.app)
    assert history.verdict(history.failed)["action"] == "ask"
    queued = put_row(history.db, minutes=LONG_AGO, status="queued")
    taking = app_of(history.db, take_queued=True)
    assert assess(load_dossier(taking, queued)).repair.proof is None
    young = put_row(history.db, minutes=20, status="queued")
    assert assess(load_dossier(taking, young)).repair.proof is Proof.LEFT_TO_WORKERS


def test_the_stuck_videos_that_were_to_be_retried_and_now_ask_are_counted_before(history: History) -> None:
    retried = [video for video in history.lines if history.verdict(video)["action"] == "retry"]
    stuck = [video for video in retried if history.verdict(video)["stuck"]]
    assert stuck == [history.waiting]
    assert sum(week.retries for week in logs.old_weeks(history.db, 30)) == len(stuck)
    expire_logs(history.app, 30)
    judge_all(history.app)
    assert history.verdict(history.waiting)["action"] == "ask"


def test_a_row_that_is_dated_anew_and_queued_again_after_its_logs_are_gone_is_not_paid_for_unasked(
    history: History,
) -> None:
    stages = history.verdict(history.failed)["stages"]
    expire_logs(history.app, 30)
    row = {"id": history.failed, "status": "queued", "created_at": NOW.isoformat()}
    history.db.call("dailies_import_videos", p_videos=[row])
    taking = app_of(history.db, take_queued=True)
    for _ in range(2):
        assert assess(load_dossier(taking, history.failed)).repair.proof is None
        history.touch(history.failed)
        assert history.verdict(history.failed)["stages"] == stages


def test_a_row_that_succeeds_after_its_logs_are_gone_keeps_its_stages_and_says_so(history: History) -> None:
    stages = history.verdict(history.failed)["stages"]
    expire_logs(history.app, 30)
    row = {"id": history.failed, "status": "succeeded", "runway_video_id": str(uuid4())}
    history.db.call("dailies_import_videos", p_videos=[row])
    judge_all(history.app)
    verdict = history.verdict(history.failed)
    assert (verdict["cause"], verdict["stages"]) == ("succeeded", stages)


def test_lines_that_were_kept_go_once_their_video_is_done(history: History, own_database_url: str) -> None:
    expire_logs(history.app, 30)
    done = [
        {"id": history.lost, "status": "succeeded", "runway_video_id": history.lost_task},
        {"id": history.waiting, "status": "cancelled"},
    ]
    history.db.call("dailies_import_videos", p_videos=done)
    judge_all(history.app)
    expire_logs(history.app, 30)
    assert count(own_database_url, "log_entries_other") == 1, "the line of nobody's task"
    with psycopg.connect(own_database_url) as connection:
        query = "select distinct request_id from dailies.requests where at < now() - interval '30 days'"
        assert connection.execute(query).fetchall() == []


def test_old_logs_that_are_imported_again_go_again(history: History, own_database_url: str) -> None:
    expire_logs(history.app, 30)
    old = [entry(f"again {n}", NOW - timedelta(days=70), f"req-{n}") for n in range(50)]
    history.db.call("dailies_add_logs", p_entries=old)
    assert len(find(history.db, "again")) == 50
    expire_logs(history.app, 30)
    assert find(history.db, "again") == []
    assert all("2026" in name or "other" in name for name in weeks(own_database_url))


def test_while_somebody_reads_the_logs_nothing_is_dropped_and_that_is_said(
    history: History, own_database_url: str
) -> None:
    before = weeks(own_database_url)
    with psycopg.connect(own_database_url) as reader:
        reader.execute("select count(*) from dailies.log_entries")
        with pytest.raises(DatabaseConflict, match="are being read: nothing was dropped"):
            expire_logs(history.app, 30)
    assert weeks(own_database_url) == before
    assert expire_logs(history.app, 30)


def test_the_policy_is_followed_by_the_workers_and_without_one_nothing_goes(
    history: History, own_database_url: str
) -> None:
    lines = count(own_database_url)
    tend_logs(history.app)
    assert count(own_database_url) == lines
    tend_logs(app_of(history.db, keep_logs_days=30))
    assert count(own_database_url) < lines
    assert trail(history.db, None, action="expire_logs")[0]["operator"] == "old-logs"


def test_the_command_says_what_goes_before_it_asks(
    operator: PostgresDatabase, own_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    History(operator)
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    monkeypatch.setenv("DAILIES_DATA", str(tmp_path))
    lines = count(own_database_url)

    def said(*arguments: str, answer: str = "") -> str:
        result = CliRunner().invoke(main, ["expire-logs", *arguments], input=answer)
        return f"{result.output}{result.exception or ''}"

    assert "Say how old" in said()
    assert "No week of logs ended more than 100 days ago." in said("--older-than", "100")
    refused = said("--older-than", "30", answer="n\n")
    assert "lines go" in refused
    assert "a person is asked before a video of that time is retried" in refused
    assert "They cannot be had back." in refused
    assert count(own_database_url) == lines
    assert "lines were dropped." in said("--older-than", "30", "--yes")
    assert count(own_database_url) < lines


WORDS = (
    "ECONNRESET",
    "50%",
    "a_b",
    "back\\slash",
    "Über",
    "naïve",
    "task",
    "created",
    "no credits",
    "x" * 60,
)


MANY = """
update pg_class set reltuples = 60000 where relname ~ '^log_entries_[0-9_]*$' and relkind = 'r'
"""


def pretend_many(url: str) -> None:
    """Lines in each week: of few no day gets an index."""
    with psycopg.connect(url) as connection:
        connection.execute(MANY)


@pytest.mark.parametrize("seed", range(3))
def test_any_text_is_found_of_all_times_as_by_reading_every_line(
    own_db: Database, own_database_url: str, seed: int
) -> None:
    chosen = random.Random(seed)
    lines = [
        (
            f"{chosen.choice(WORDS)} {n} {chosen.choice(WORDS)}",
            NOW - timedelta(minutes=chosen.randint(1, 90 * DAY)),
        )
        for n in range(2500)
    ]
    own_db.call("dailies_add_logs", p_entries=[entry(message, at) for message, at in lines])
    pretend_many(own_database_url)
    tend_logs(app_of(own_db))
    in_an_index = NOW - timedelta(days=30)
    if isinstance(own_db, PostgresDatabase):  # all days but this one, an hour after midnight
        in_an_index = (NOW - timedelta(hours=2)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert logs.lines_to_read(own_db, NOW - timedelta(days=91), in_an_index).lines == 0
    assert logs.lines_to_read(own_db, in_an_index, NOW + timedelta(hours=1)).lines > 0
    texts = ["econn", "0%", "a_b", "back\\", "ü", "ï", "cre", "x" * 50, "nowhere", "%", "_", "task 1", "TASK"]
    for text in texts:
        for days in (100, 10):
            since = NOW - timedelta(days=days)
            expected = sorted(
                (
                    at.replace(microsecond=0)
                    for message, at in lines
                    if text.lower() in message.lower() and at >= since
                ),
                reverse=True,
            )
            found = find(own_db, text, days)
            times = [datetime.fromisoformat(line.at).replace(microsecond=0) for line in found]
            assert times == expected[:100], (text, days)
            assert all(text.lower() in line.message.lower() for line in found)


def test_an_index_that_a_killed_worker_left_half_made_is_made_again(operator: PostgresDatabase) -> None:
    operator.call("dailies_add_logs", p_entries=[entry("old", NOW - timedelta(days=40))])
    logs.index_log_weeks(operator)
    with operator.session("test") as connection:
        index = connection.execute(
            """update pg_index set indisvalid = false from pg_class c
               where c.oid = indexrelid and c.relname ~ '^log_entries_.*_words$' returning c.relname"""
        ).fetchall()
    assert len(index) >= 1
    logs.index_log_weeks(operator)
    with operator.session("test") as connection:
        query = "select indisvalid from pg_index x join pg_class c on c.oid = x.indexrelid where relname = %s"
        assert [connection.execute(query, [name]).fetchone() for (name,) in index] == [(True,)] * len(index)


def test_days_have_indexes_of_their_own_until_the_one_of_their_week_is_there(
    operator: PostgresDatabase, own_database_url: str
) -> None:
    operator.call("dailies_add_logs", p_entries=[entry("old", NOW - timedelta(days=n)) for n in range(40)])
    logs.index_log_weeks(operator)
    assert days_with_an_index(operator) == []  # a few lines are read as fast

    pretend_many(own_database_url)
    logs.index_log_weeks(operator)
    days = days_with_an_index(operator)
    today = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    assert set(days) >= {monday + timedelta(days=n) for n in range((NOW - timedelta(hours=2)).weekday())}
    assert today not in days
    assert all(today - day <= timedelta(days=8) for day in days)

    with operator.session("test") as connection:
        (week, since), *_ = connection.execute(
            "select name, since from dailies.log_weeks() where until < now() - interval '2 days'"
        ).fetchall()
        connection.execute(f"create index {week}_words_{since:%m_%d} on dailies.{week} (at)".encode())
    assert since in days_with_an_index(operator)
    logs.index_log_weeks(operator)
    assert days_with_an_index(operator) == days


def days_with_an_index(database: PostgresDatabase) -> list[datetime]:
    with database.session("test") as connection:
        found = connection.execute("select day from dailies.log_indexes() where day is not null order by day")
        return [day for (day,) in found]


def test_an_index_that_takes_longer_than_the_api_waits_stops_no_worker() -> None:
    class Api:
        label = "Supabase test"

        def call(self, function: str, /, **_: Any) -> list[Row]:
            raise DatabaseUnavailable(f"{function}: no answer in 20 s")

        def close(self) -> None:
            pass

    logs.index_log_weeks(Api())

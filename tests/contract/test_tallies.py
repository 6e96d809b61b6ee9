"""Counts by hour and day say what a count of every row says, whatever is written, of any span."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.data import attempts, credits, errors, mapping, overview, series, videos
from lib.data.migrations import migrate, recount
from lib.data.postgres import PostgresDatabase
from lib.domain.pricing import GenerationRequest
from tests.examples import entry, verdict

# Three days and a bit, in UTC; spans begin and end within hours, at their full hours and at midnight.
BEGAN = datetime(2026, 3, 1, 21, 30, tzinfo=UTC)
CAUSES = ("succeeded", "generation_failed", "unauthorized", "unauthorized")
STATES = ("queued", "processing", "succeeded", "failed", "cancelled", "archived")
TASK_STATES = ("RUNNING", "SUCCEEDED", "SUCCEEDED", "FAILED")
METRICS = ("videos", "videos_by_cause", "credits_spent")
REQUEST = GenerationRequest(image="https://images.example.com/mia.jpg", prompt="Mia dances the polka")


def moment(chance: random.Random) -> datetime:
    at = BEGAN + timedelta(seconds=chance.randrange(80 * 3600))
    return chance.choice([at, at.replace(minute=0, second=0), at.replace(hour=0, minute=0, second=0)])


def judgement(chance: random.Random, video_id: str) -> dict[str, Any]:
    return verdict(
        video_id,
        chance.choice(CAUSES),
        stuck=chance.random() < 0.2,
        first_missing=chance.choice([None, "saved", "sent"]),
        recoverable_runway_id="task-1" if chance.random() < 0.1 else None,
        deployment_id=chance.choice([None, "dpl_one", "dpl_two"]),
        flow=chance.choice([None, "sync-sdk", "queue"]),
    )


class History:
    """Videos that come, are judged, change, are judged again, paid for and deleted, in any order."""

    def __init__(self, db: PostgresDatabase, seed: int) -> None:
        self.db, self.chance, self.ids = db, random.Random(seed), list[str]()

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def go_on(self, steps: int) -> None:
        steps_ = [self.come, self.judge, self.change, self.move, self.delete, self.pay, self.retry]
        for _ in range(steps):
            self.chance.choices([*steps_, self.empty], [3, 6, 3, 2, 2, 4, 2, 0.5])[0]()

    def come(self) -> None:
        rows, entries = [], []
        for _ in range(self.chance.randint(1, 9)):
            at, new = moment(self.chance), self.new_id()
            named, updated = (at + timedelta(seconds=self.chance.uniform(0.01, 200)) for _ in range(2))
            error = self.chance.choice([None, "No credits", "Task 7 was moderated"])
            row = {"id": new, "status": self.chance.choice(STATES), "runway_video_id": f"task-{new}"}
            times = {"created_at": at.isoformat(), "updated_at": updated.isoformat()}
            rows.append({**row, **times, "user_id": None} | ({"error_message": error} if error else {}))
            entries.append(entry("Task", 0, new, task_id=f"task-{new}") | {"at": named.isoformat()})
        videos.import_videos(self.db, rows)
        self.db.call("dailies_add_logs", p_entries=entries)
        self.ids += [str(row["id"]) for row in rows]

    def judge(self) -> None:
        marks = self.db.call("dailies_dirty", p_limit=self.chance.randint(1, 12))
        verdicts = [judgement(self.chance, mark["video_id"]) | mark for mark in marks]
        self.db.call("dailies_save_verdicts", p_verdicts=verdicts)

    def change(self) -> None:
        self.on_some("update public.videos set status = %s where id = any(%s)", self.chance.choice(STATES))

    def move(self) -> None:
        self.on_some("update public.videos set created_at = %s where id = any(%s)", moment(self.chance))

    def delete(self) -> None:
        self.on_some("delete from public.videos where %s <> '' and id = any(%s)", "x")

    def empty(self) -> None:
        with self.db.transaction("test") as connection:
            connection.execute("truncate public.videos")

    def retry(self) -> None:
        """Of those that failed, at most one."""
        with self.db.transaction("test") as connection:
            failed = connection.execute("select id::text from public.videos where status = 'failed'")
            ids = sorted({row[0] for row in failed} & set(self.ids))
        for video_id in self.chance.sample(ids, min(len(ids), 1)):
            attempts.claim(self.db, video_id, f"{video_id}/again", "ann", request=REQUEST, credits=25)

    def pay(self) -> None:
        """A sample that Dailies makes itself, and tasks, of it or of others, that cost something."""
        sample = self.new_id()
        attempts.claim(self.db, sample, f"{sample}/1", "ann", request=REQUEST, credits=25, new={})
        self.ids.append(sample)
        with self.db.transaction("test") as connection:
            for video_id in (sample, None, *self.chance.sample(self.ids, min(len(self.ids), 9))):
                connection.execute(
                    "insert into dailies.tasks (task_id, video_id, status, credits, created_at, checked_at) "
                    "values (%s, %s, %s, 5, %s, now())",
                    [self.new_id(), video_id, self.chance.choice(TASK_STATES), moment(self.chance)],
                )
            connection.execute(
                "update dailies.tasks set credits = credits + 1, status = %s where ascii(task_id) %% 3 = %s",
                [self.chance.choice(TASK_STATES), self.chance.randrange(3)],
            )

    def on_some(self, statement: str, value: object) -> None:
        chosen = self.chance.sample(self.ids, min(len(self.ids), 5))
        with self.db.transaction("test") as connection:
            connection.execute(statement.encode(), [value, chosen])


ERRORS_BY: tuple[errors.By, ...] = ("cause", "group", "deployment", "model", "ratio", "duration", "hour")


def figures(db: PostgresDatabase, since: datetime, until: datetime, *, own: bool) -> list[Any]:
    found = overview.overview(db, since, until, bucket_seconds=3600, own=own)
    by_day = overview.overview(db, since, until, bucket_seconds=86400, own=own)
    groups = overview.error_groups(db, since, until, own=own)
    for group in groups:  # of several that came at the same moment, any may be the example
        group.pop("example_video_id")  # type: ignore[misc]
    return [
        *(errors.errors_by(db, by, since, until, own=own) for by in ERRORS_BY),
        overview.incidents(db, since, until, own=own),
        series.first_missing(db, since, until, "sync-sdk", own=own),
        series.deployments(db, since, until),
        series.cost_by_day(db, since, until, own=own),
        found["totals"],
        found["series"],
        by_day["series"],
        found["causes"],
        sorted(groups, key=str),
        overview.stage_funnel(db, since, until, own=own),
        *(series.latency_histogram(db, since, until, name, own=own) for name in (None, "dpl_one")),
        *(series.latency(db, since, until, seconds, own=own) for seconds in (600, 3600, 86400)),
        credits.ledger(db, since, until),
        sorted(((row["word"], row["n"]) for row in mapping.mapped(db)["words"]), key=str),
        sorted(
            (r["name"], *r["labels"].values(), float(r["value"]))
            for r in db.call("dailies_metrics")
            if r["name"] in METRICS
        ),
    ]


def counted_by_hand(db: PostgresDatabase, since: datetime, until: datetime, *, own: bool) -> list[Any]:
    """The same, with every row counted."""
    with db.transaction("test") as connection:
        connection.execute("create table dailies.set_aside as select * from dailies.counted")
        connection.execute("delete from dailies.counted")
    try:
        return figures(db, since, until, own=own)
    finally:
        with db.transaction("test") as connection:
            connection.execute("insert into dailies.counted select * from dailies.set_aside")
            connection.execute("drop table dailies.set_aside")


@pytest.mark.parametrize("seed", [1, 10, 22, 36])
def test_whatever_is_written_the_figures_of_any_span_are_those_of_a_count_of_every_row(
    postgres: PostgresDatabase, seed: int
) -> None:
    history = History(postgres, seed)
    for _ in range(4):
        history.go_on(12)
        one, other = sorted((moment(history.chance), moment(history.chance)))
        span = one, other + timedelta(seconds=1)
        for own in (False, True):
            assert figures(postgres, *span, own=own) == counted_by_hand(postgres, *span, own=own)


def test_they_are_so_while_very_many_rows_wait_to_be_judged(postgres: PostgresDatabase) -> None:
    """Too many to read each of them for what it says now."""
    History(postgres, 1).go_on(48)
    with postgres.transaction("test") as connection:
        connection.execute(
            "insert into dailies.dirty (video_id, turn) select %s, 1 from generate_series(1, 20001)",
            [str(uuid.uuid4())],
        )
        assert connection.execute("select dailies.is_current()").fetchone() == (False,)
    span = BEGAN, BEGAN + timedelta(hours=80)
    assert overview.overview(postgres, *span)["totals"]["stuck_now"] > 0
    assert figures(postgres, *span, own=False) == counted_by_hand(postgres, *span, own=False)


def incidents_by_hand(db: PostgresDatabase, since: datetime, until: datetime) -> list[tuple[Any, ...]]:
    """Three or more of one deployment and cause, each within six hours of the one before."""
    with db.transaction("test") as connection:
        rows = connection.execute(
            "select d.cause, d.deployment_id, d.created_at, c.incident from dailies.judged(false) d "
            "join dailies.causes c on c.key = d.cause order by d.created_at"
        ).fetchall()
    runs: list[list[tuple[Any, ...]]] = []
    latest: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        if row[3]:
            run = latest.get(row[:2])
            if run is None or row[2] - run[-1][2] > timedelta(hours=6):
                run = latest[row[:2]] = []
                runs.append(run)
            run.append(row)
    found = []
    for run in runs:
        first, last = run[0][2], run[-1][2]
        if len(run) >= 3 and any(since <= row[2] < until for row in run):
            videos_ = sum(1 for row in rows if row[1] == run[0][1] and first <= row[2] <= last)
            found.append((run[0][0], run[0][1], len(run), videos_, first, last))
    return sorted(found, key=str)


@pytest.mark.parametrize("seed", range(20, 24))
def test_incidents_are_those_that_a_walk_through_every_video_finds(
    postgres: PostgresDatabase, seed: int
) -> None:
    history = History(postgres, seed)
    history.go_on(40)
    for _ in range(6):
        one, other = sorted((moment(history.chance), moment(history.chance)))
        until = other + timedelta(seconds=1)
        found = [
            (
                *(row["cause"], row["deployment_id"], row["n"], row["videos"]),
                *(datetime.fromisoformat(row["first_at"]), datetime.fromisoformat(row["last_at"])),
            )
            for row in overview.incidents(postgres, one, until)
        ]
        assert sorted(found, key=str) == incidents_by_hand(postgres, one, until)


def test_counting_anew_changes_nothing_and_mends_what_was_lost(postgres: PostgresDatabase) -> None:
    history = History(postgres, 7)
    history.go_on(40)
    span = BEGAN - timedelta(days=1), BEGAN + timedelta(days=5)
    before = figures(postgres, *span, own=True)
    assert recount(postgres) > 3
    assert figures(postgres, *span, own=True) == before
    with postgres.transaction("test") as connection:
        connection.execute("delete from dailies.tallies where grain = 'hour' or n > 2")
    assert figures(postgres, *span, own=True) != before
    recount(postgres)
    assert figures(postgres, *span, own=True) == before


def test_what_an_earlier_version_judged_is_counted_by_migrate(own_database_url: str) -> None:
    database = PostgresDatabase(own_database_url, label="test")
    History(database, 9).go_on(40)
    span = BEGAN - timedelta(days=1), BEGAN + timedelta(days=5)
    before = figures(database, *span, own=False)
    with database.transaction("test") as connection:
        connection.execute("alter table dailies.verdicts disable trigger user")
        connection.execute("update dailies.verdicts set word = null")
        connection.execute("alter table dailies.verdicts enable trigger user")
        connection.execute("delete from dailies.tallies")
        connection.execute("delete from dailies.counted")
    assert figures(database, *span, own=False) == before
    migrate(database)
    with database.transaction("test") as connection:
        assert connection.execute("select dailies.is_counted(true)").fetchone() == (True,)
        assert connection.execute("select count(*) from dailies.tallies").fetchone() != (0,)
    assert figures(database, *span, own=False) == before
    database.close()


def test_what_an_earlier_version_judged_is_found_by_model_after_migrate(own_database_url: str) -> None:
    database = PostgresDatabase(own_database_url, label="test")
    History(database, 9).go_on(40)
    before = {video["id"] for video in videos.every_video(database, videos.Filters(model="none"))}
    assert before
    with database.transaction("test") as connection:
        connection.execute("update dailies.verdicts set model = null, ratio = null, duration = null")
    assert list(videos.every_video(database, videos.Filters(model="none"))) == []
    told = list[str]()
    migrate(database, say=told.append)
    assert {video["id"] for video in videos.every_video(database, videos.Filters(model="none"))} == before
    assert "videos were asked for" in "".join(told)
    database.close()


def test_few_rows_wait_to_be_settled_and_none_is_kept_twice(postgres: PostgresDatabase) -> None:
    history = History(postgres, 8)
    history.go_on(40)
    history.come()
    history.judge()
    with postgres.transaction("test") as connection:
        waiting, kept, keys = connection.execute(
            "select count(*) filter (where not settled), count(*), "
            "count(distinct (kind, grain, at, own, key)) from dailies.tallies"
        ).fetchone() or (1, 1, 0)
    assert (waiting, kept) == (0, keys)


MANY = """
with new as (
    insert into public.videos (status, created_at, prompt)
    select 'succeeded', %s::timestamptz + make_interval(secs => n * 40), n from generate_series(1, 6000) n
    returning id, created_at, prompt::int as n
)
insert into dailies.verdicts (
    video_id, created_at, cause, confidence, action, deployment_id, id_at, finished_at, word)
select n.id, n.created_at, 'succeeded', 'certain', 'none',
    case when n.n %% 3 = 0 then 'dpl_one' else 'dpl_two' end,
    n.created_at + make_interval(secs => 2 * exp(n.n * 7919 %% 6000 / 1500.0)),
    n.created_at + make_interval(secs => 20 * exp(n.n * 3571 %% 6000 / 1500.0)), 'succeeded'
from new n"""


def test_times_of_many_videos_are_two_per_cent_off_at_most(postgres: PostgresDatabase) -> None:
    with postgres.transaction("test") as connection:
        connection.execute(MANY, [BEGAN])
    span = BEGAN + timedelta(minutes=20), BEGAN + timedelta(days=3)

    def times(seconds: int, deployment: str | None) -> dict[Any, Any]:
        rows = series.latency(postgres, *span, seconds, deployment)
        return {(row["measure"], row["at"]): row for row in rows}

    for deployment in (None, "dpl_two"):
        for hours in (6, 24):
            counted, by_row = times(hours * 3600, deployment), times(hours * 3600 + 1, deployment)
            assert {row["is_exact"] for row in counted.values()} == {False}
            assert {row["is_exact"] for row in by_row.values()} == {True}
            for measure in ("id", "video"):
                found, exact = counted[measure, None], by_row[measure, None]
                assert found["n"] == exact["n"]
                assert found["p50"] == pytest.approx(exact["p50"], rel=0.022)
                assert found["p95"] == pytest.approx(exact["p95"], rel=0.022)
                parts = [row["n"] for (name, at), row in counted.items() if name == measure and at]
                assert sum(parts) == found["n"]
                assert len(parts) == (12 if hours == 6 else 4)
    totals = overview.overview(postgres, *span)["totals"]
    whole = times(86400, None)
    assert totals["seconds_to_id_p50"] == whole["id", None]["p50"]
    assert totals["seconds_to_finish_p95"] == whole["video", None]["p95"]

"""What pages and workers ask costs no more of three times the history, and is served by indexes.

So that the tables need not be large, Postgres is told that they have as many times the rows: it plans then as
it does for a million videos.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import streamlit as st
from click.testing import CliRunner

from bench.queries import MARK, Question, Read, questions, reads
from lib.cli.seed import command
from lib.data import overview, videos
from lib.data.logs import index_log_weeks
from lib.data.migrations import rejudge
from lib.data.postgres import PostgresDatabase
from lib.operations.judge import judge_all, judge_dirty
from lib.operations.recover import recover
from lib.runway.simulator.schedule import StoredTask
from lib.seed.many import repeat_history, totals
from lib.seed.write import seed_history
from tests.apps import app_of
from tests.counted import Counted
from tests.databases import Cluster
from tests.pages import opened, serve
from tests.simulated import Simulated, simulated

MARKED = 500
LARGE = 1000  # rows of a table that nobody may walk through
MILLION = 1_000_000
RAISE = """
update pg_class set reltuples = reltuples * %s
where relnamespace in ('public'::regnamespace, 'dailies'::regnamespace)
    -- what outlives its week grows as well: of a few lines the planner rather reads them all
    and (reltuples > %s or relname = 'log_entries_other')
returning relname
"""


class History(NamedTuple):
    db: PostgresDatabase
    runway: Simulated
    videos: int
    entries: int
    days: int
    large: set[str]


@pytest.fixture(scope="module")
def sample(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, list[StoredTask]]]:
    """The name of a database with the sample history, judged; and its tasks."""
    with cluster.clone() as url, simulated(tmp_path_factory.mktemp("sample")) as runway:
        db = PostgresDatabase(url, label="test")
        told = seed_history(db, runway.store, runway.server.url, datetime.now(UTC))
        judge_all(app_of(db))
        db.close()
        yield url.rsplit("/", 1)[1], told.tasks


@contextmanager
def repeated(
    cluster: Cluster, folder: Path, sample: tuple[str, list[StoredTask]], count: int, entries: int, days: int
) -> Iterator[History]:
    name, tasks = sample
    with cluster.clone(name) as url, simulated(folder) as runway:
        db = PostgresDatabase(url, label="test")
        repeat_history(db, runway.store, tasks, videos=count, entries=entries, days=days, say=lambda _: None)
        index_log_weeks(db)
        with db.session("test") as connection:
            connection.execute(MARK.encode(), [MARKED])
        with cluster.admin(url.rsplit("/", 1)[1]) as connection:
            large = {name for (name,) in connection.execute(RAISE, [MILLION // count, LARGE])}
        yield History(db, runway, count, entries, days, large)
        db.close()


@pytest.fixture(scope="module")
def short(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, sample: tuple[str, list[StoredTask]]
) -> Iterator[History]:
    with repeated(cluster, tmp_path_factory.mktemp("short"), sample, 4000, 100_000, 28) as history:
        yield history


@pytest.fixture(scope="module")
def long(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, sample: tuple[str, list[StoredTask]]
) -> Iterator[History]:
    with repeated(cluster, tmp_path_factory.mktemp("long"), sample, 12_000, 100_000, 84) as history:
        yield history


# Work that grows with the span, or with what is wrong, and why that is borne.
GROWS = {
    "videos: text, in an error": "walks the newest while a rare text is taken for a frequent one",
    "videos: sorted": "sorts all that fit; the page says so of a long window",
    "videos: an hour of the week": "walks back from the newest until there are enough: one in 168 fits",
    "videos: text, three letters of ids": "walks back from the newest until there are enough",
    "stage latency, all days": "samples the days of more than a month, and the hours of less",
    "one error group, all days": "tells who asked for each of its latest 20,000 videos",
    "logs that would be dropped": "counts the lines of the weeks that would go",
    "alerts: stuck_minutes": "looks at all that is stuck",
    "what the sweep looks at": "looks at all that is stuck",
    "work: tasks to look up": "looks at all that is unfinished",
}


# What is walked through, and why that is borne.
WALKS = {
    "text in logs": "the running day has no index of its messages; the page says so where it is large",
    "videos: sorted": GROWS["videos: sorted"],
}


def read_by_question(history: History) -> dict[str, list[Read]]:
    with history.db.session("test") as connection:
        return {
            question.name.replace(f", {history.days} days", ", all days"): reads(connection, question)
            for question in questions(history.db, history.days, counted=False)
        }


def counted(read: list[Read]) -> int:
    """Counts by hour and day are as many as there are hours; the marks are the same."""
    return sum(each.rows for each in read if each.table not in ("tallies", "dirty"))


@pytest.fixture(scope="module")
def asked(short: History, long: History) -> dict[str, tuple[list[Read], list[Read]]]:
    """What each question read of either history."""
    little, much = read_by_question(short), read_by_question(long)
    return {name: (read, much[name]) for name, read in little.items()}


def test_every_function_that_reads_is_asked_here(long: History) -> None:
    reading = {row["name"] for row in long.db.call("dailies_reading") if row["name"]}
    assert reading - {question.function for question in questions(long.db, long.days)} == set()


def test_no_question_walks_through_a_large_table(
    asked: dict[str, tuple[list[Read], list[Read]]], long: History
) -> None:
    assert {"videos", "verdicts", "tasks", "requests", "searched"} <= long.large
    walked = {
        name: each
        for name, (_, read) in asked.items()
        for each in read
        if each.by is None
        and each.table in long.large
        and (each.table != "log_entries" or each.rows > LARGE)  # a week may have just begun
        and not name.startswith(tuple(WALKS))
    }
    assert walked == {}


def test_a_question_reads_no_more_of_a_longer_history(
    asked: dict[str, tuple[list[Read], list[Read]]],
) -> None:
    grown = {
        name: (counted(little), counted(much))
        for name, (little, much) in asked.items()
        if counted(much) > 2 * counted(little) + 2000 and not name.startswith(tuple(GROWS))
    }
    assert grown == {}, {n: [r for r in asked[n][1] if r.rows > 1000] for n in grown}


HELD = """
select (histogram_bounds::text::text[])[2] from pg_stats where (tablename, attname) = ('searched', 'words')
"""


def test_a_part_of_an_id_is_rare_though_the_planners_sample_holds_it(long: History) -> None:
    """As it holds one text in a hundred of a small table, so it takes that part for that frequent."""
    with long.db.session("test") as connection:
        row = connection.execute(HELD.encode()).fetchone()
        assert row
        part = row[0][9:23]
        found = reads(connection, Question("", "dailies_list_videos", {"p_search": part}))
    assert max(each.rows for each in found if each.table != "dirty") < LARGE, part


def test_matches_of_a_plain_search_are_counted_from_the_texts_alone(long: History) -> None:
    """Of a frequent word rows are read for those that are shown, and for those that wait to be judged."""
    with long.db.session("test") as connection:
        found = reads(
            connection, Question("", "dailies_list_videos", {"p_search": "camera", "p_counted": True})
        )
    assert sum(each.rows for each in found if each.table == "searched") > LARGE  # it counts to a thousand
    assert sum(each.rows for each in found if each.table in ("videos", "verdicts")) < LARGE + MARKED, found


# The most calls that a page makes with nothing cached, and kilobytes that they bring.
PAGES = {
    "overview": (11, 80),
    "videos": (3, 160),
    "video": (6, 80),
    "stages": (8, 190),
    "errors": (7, 80),  # one whether anything was before
    "latency": (5, 50),
    "recover": (13, 2300),  # up to 1,000 videos that can be repaired
    "audit": (3, 60),
    "generate": (4, 100),
    "environment": (6, 60),
}


def asked_by(page: str, history: History) -> Counted:
    db = Counted(history.db)
    serve(db, history.runway.client)
    newest = videos.list_videos(history.db, limit=1)[0]["id"]
    app = opened(page, **({"id": newest} if page == "video" else {"window": "7d"}))
    st.cache_data.clear()
    db.forget()
    app.run()
    assert not app.exception
    return db


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_little_and_no_more_of_a_longer_history(page: str, short: History, long: History) -> None:
    little, much = asked_by(page, short), asked_by(page, long)
    most, kilobytes = PAGES[page]
    assert len(much.calls) <= most
    assert much.bytes <= 1000 * kilobytes
    assert much.bytes <= 1.5 * little.bytes + 10_000


def test_two_hundred_videos_are_judged_in_three_calls(long: History) -> None:
    db = Counted(long.db)
    assert judge_dirty(app_of(db), 200) == 200
    assert len(db.calls) <= 4, db.calls


def test_the_history_repeated_has_ids_and_times_of_its_own_and_is_found_counted_and_recovered(
    short: History,
) -> None:
    now = datetime.now(UTC)
    with short.db.transaction("test") as connection:
        found = connection.execute(
            """select (select count(*) from public.videos), (select count(*) from dailies.log_entries),
                      (select extract(day from now() - min(created_at)) from public.videos),
                      (select count(*) from public.videos v join dailies.verdicts d on d.video_id = v.id
                       where v.created_at <> d.created_at),
                      (select min(d.video_id::text) from dailies.verdicts d where d.recoverable_runway_id in (
                           select e.task_id from dailies.log_entries e where e.request_id like '%-1'))"""
        ).fetchone()
    assert found
    rows, entries, days, apart, lost = found
    assert short.videos <= rows <= short.videos + 2000
    assert abs(entries - short.entries) < 30_000
    assert short.days - 2 <= days <= short.days
    assert apart == 0
    totals = overview.overview(short.db, now - timedelta(days=short.days + 1), now, own=True)["totals"]
    assert totals["total"] == rows
    assert short.db.call("dailies_search_kind") == [{"kind": "anywhere"}]
    recover(app_of(short.db, short.runway.client), lost)
    assert videos.get_video(short.db, lost)["video"]["status"] == "succeeded"


@pytest.mark.parametrize("column", ["stages", "evidence"])
def test_what_a_repeated_verdict_tells_lies_as_far_from_its_video_as_in_the_original(
    long: History, column: str
) -> None:
    with long.db.transaction("test") as connection:
        connection.execute(
            f"""create temporary table told on commit drop as
                select d.video_id::text as id, d.created_at, e.each, e.i from dailies.verdicts d,
                    jsonb_array_elements(d.{column}) with ordinality e (each, i)""".encode()
        )
        found = connection.execute(
            """select count(*), count(distinct n), max(abs(extract(epoch from
                   ((d.each ->> 'at')::timestamptz - d.created_at)
                   - ((o.each ->> 'at')::timestamptz - o.created_at)))),
                   count(*) filter (where d.each - '{at,text}'::text[] <> o.each - '{at,text}'::text[])
               from told o cross join generate_series(1, 3) n
               join told d on d.id = md5(o.id || ':' || n)::uuid::text and d.i = o.i"""
        ).fetchone()
    assert found
    times, repetitions, furthest, other = found
    assert times > 3000
    assert repetitions == 3
    assert furthest <= 0.001, "times in JSON have milliseconds"
    assert other == 0


def test_the_audit_of_a_repeated_history_is_in_the_order_of_time(long: History) -> None:
    with long.db.transaction("test") as connection:
        found = connection.execute(
            """select count(*), count(*) filter (where at < before) from (
                   select a.at, lag(a.at) over (order by a.id) as before from dailies.audit a
                   where a.operator <> 'test') a"""
        ).fetchone()
    assert found
    assert found[0] > 100
    assert found[1] <= 1, (
        "only the first repetitions lie minutes before the original, which stands behind them"
    )


def test_a_repeated_verdict_names_its_own_task(long: History) -> None:
    with long.db.transaction("test") as connection:
        found = connection.execute(
            """select count(*), count(*) filter (where position(t.task_id in d.evidence::text) > 0)
               from dailies.verdicts d join public.videos v on v.id = d.video_id
               join dailies.tasks t on t.video_id = d.video_id
               where d.evidence @> '[{"source": "task"}]'
                   and t.task_id in (d.recoverable_runway_id, v.runway_video_id)"""
        ).fetchone()
    assert found
    assert found[0] > 100
    assert found[1] == found[0]


def test_who_asks_for_fewer_videos_than_two_weeks_have_is_told_that_these_are_the_least(
    cluster: Cluster, tmp_path: Path, sample: tuple[str, list[StoredTask]]
) -> None:
    name, tasks = sample
    said: list[str] = []
    with cluster.clone(name) as url, simulated(tmp_path) as runway:
        db = PostgresDatabase(url, label="test")
        repeat_history(db, runway.store, tasks, videos=10, days=14, say=said.append)
        db.close()
    assert said == ["The two weeks are the least, and have 2,000 videos: nothing is repeated for 10."]
    assert "At least the 2,000" in " ".join(CliRunner().invoke(command, ["--help"]).output.split())


@pytest.mark.parametrize(("days", "span"), [(15, 14), (40, 42)])
def test_what_a_seeded_history_has_is_said_and_why_it_is_not_what_was_asked_for(
    cluster: Cluster, tmp_path: Path, sample: tuple[str, list[StoredTask]], days: int, span: int
) -> None:
    name, tasks = sample
    with cluster.clone(name) as url, simulated(tmp_path) as runway:
        db = PostgresDatabase(url, label="test")
        repeat_history(db, runway.store, tasks, videos=6000, entries=777, days=days, say=lambda _: None)
        said = totals(db, videos=6000, entries=777, days=days)
        with db.session("test") as connection:
            counts = connection.execute(
                """select (select count(*) from public.videos), (select count(*) from dailies.log_entries),
                          (select count(*) from dailies.tasks)"""
            ).fetchone()
            rows, lines, known = counts or (0, 0, 0)
        calm = totals(db, videos=rows, entries=lines, days=span)
        db.close()
    assert calm == f"There are now {rows:,} videos, {lines:,} log entries and {known:,} tasks of {span} days."
    assert said.startswith(f"{calm} Asked for: ")
    assert "777 log entries" in said
    assert (f"{days} days" in said.removeprefix(calm)) == (abs(days - span) > 0.03 * days)
    assert "repeated whole, fortnight by fortnight" in said


OTHER = """
select count(*), count(*) filter (where
    (d.cause, d.flow, d.first_missing, d.stages, d.recoverable_runway_id, d.retried, d.id_at, d.finished_at)
    is distinct from
    (b.cause, b.flow, b.first_missing, b.stages, b.recoverable_runway_id, b.retried, b.id_at, b.finished_at))
from former b join dailies.verdicts d using (video_id)
where d.created_at < now() - interval '2 days' and d.judged_at > b.judged_at
    and not exists (select from original o where o.video_id = d.video_id)
"""


def test_videos_whose_log_was_not_repeated_keep_what_it_showed_when_they_are_judged_again(
    cluster: Cluster, tmp_path: Path, sample: tuple[str, list[StoredTask]]
) -> None:
    name, tasks = sample
    with cluster.clone(name) as url, simulated(tmp_path) as runway:
        db = PostgresDatabase(url, label="test")
        with db.transaction("test") as connection:
            connection.execute("create table original as select video_id from dailies.verdicts")
        repeat_history(db, runway.store, tasks, videos=5000, entries=0, days=28, say=lambda _: None)
        with db.transaction("test") as connection:
            connection.execute("create table former as select * from dailies.verdicts")
        rejudge(db)
        judge_all(app_of(db))
        with db.session("test") as connection:
            again, other = connection.execute(OTHER).fetchone() or (0, 0)
        db.close()
    assert again > 3000
    assert other == 0


KEPT = """
select (select count(*) from public.videos), (select count(*) from dailies.verdicts),
    (select count(*) from dailies.searched), (select count(*) from dailies.log_entries),
    (select count(*) from dailies.requests), (select count(*) from dailies.attempts),
    (select count(*) from dailies.audit),
    (select sum(n) from dailies.tallies),
    (select count(*) from dailies.counted where searchable),
    (select count(*) from pg_indexes where schemaname in ('public', 'dailies') and tablename !~ '[0-9]$')
"""


@pytest.mark.parametrize("moment", ["building their indexes", "counting by hour and day"])
def test_a_repetition_that_is_interrupted_leaves_the_history_and_its_figures_as_they_were(
    cluster: Cluster, tmp_path: Path, sample: tuple[str, list[StoredTask]], moment: str
) -> None:
    def interrupt(said: str) -> None:
        if said == moment:
            raise KeyboardInterrupt

    name, tasks = sample
    with cluster.clone(name) as url, simulated(tmp_path) as runway:
        db = PostgresDatabase(url, label="test")
        with db.session("test") as connection:
            before = connection.execute(KEPT).fetchone()
            with pytest.raises(KeyboardInterrupt):
                repeat_history(db, runway.store, tasks, videos=4000, days=28, say=interrupt)
            assert connection.execute(KEPT).fetchone() == before
        now = datetime.now(UTC)
        assert overview.overview(db, now - timedelta(days=29), now, own=True)["totals"]["total"] == 2000
        db.close()

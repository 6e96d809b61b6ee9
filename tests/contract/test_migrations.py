"""The schema: created once, added to what is there, the same on every Postgres, closed to browsers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from lib.data import overview as health
from lib.data import videos
from lib.data.migrations import FOLDER, check_schema, install_pgmq, migrate, migrations, script
from lib.data.postgres import PostgresDatabase
from lib.errors import BadInput
from lib.operations.judge import judge_dirty
from tests.apps import app_of
from tests.databases import Cluster
from tests.examples import SALSA, TANGO, TANGO_TASK, WALTZ, at, save_task, the_verdicts, video

ENUM = "create type video_status as enum ('queued', 'processing', 'succeeded', 'failed')"
# A production table as a team may have made it: an enum, columns of its own, optional ones missing.
LEAN_TABLE = """
create table public.videos (
    id uuid primary key, status video_status not null default 'queued', created_at timestamptz not null,
    runway_video_id varchar(80), owner_team text not null default 'dancers', extras jsonb)
"""
FOREIGN_ROW = "insert into public.videos (id, status, created_at) values (%s, 'processing', %s)"


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(empty_database_url, label="empty")
    yield database
    database.close()


@pytest.fixture
def lean(empty: PostgresDatabase, empty_database_url: str) -> PostgresDatabase:
    """The production table above with one row, before Dailies came."""
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(ENUM)
        connection.execute(LEAN_TABLE)
        connection.execute(FOREIGN_ROW, [WALTZ, at(1)])
    return empty


def use_everything(database: PostgresDatabase) -> None:
    """Writes and reads through every function of videos and verdicts."""
    videos.import_videos(
        database, [video(TANGO, "succeeded", 0), video(SALSA, "failed", 2, error_message="no")]
    )
    assert save_task(database, {"task_id": TANGO_TASK, "status": "FAILED", "failure": "x"}, WALTZ)
    found = {mark["video_id"] for mark in database.call("dailies_dirty")}
    assert found == {TANGO, WALTZ, SALSA}
    assert len(database.call("dailies_dossiers", p_ids=[TANGO, WALTZ])) == 2
    assert database.call("dailies_save_verdicts", p_verdicts=the_verdicts()) == [{"saved": 3}]
    assert [row["status"] for row in videos.list_videos(database)] == ["failed", "failed", "succeeded"]
    listed = videos.list_videos(database, videos.Filters(statuses=("failed",), search="no"))
    assert [row["id"] for row in listed] == [SALSA]
    assert videos.get_video(database, WALTZ)["video"]["error_message"] == "x"
    since, until = datetime.fromisoformat(at(0)), datetime.fromisoformat(at(60))
    assert health.overview(database, since, until)["totals"]["by_status"] == {"failed": 2, "succeeded": 1}
    assert len(health.error_groups(database, since, until)) == 2


def test_a_second_run_has_nothing_to_do(empty: PostgresDatabase) -> None:
    assert [one.version for one in migrate(empty)] == [one.version for one in migrations()]
    assert migrate(empty) == []


def test_running_every_file_again_changes_nothing(empty: PostgresDatabase) -> None:
    migrate(empty)
    before = shape(empty)
    with empty.transaction("test") as connection:
        connection.execute("delete from dailies.migrations")
    migrate(empty)
    assert shape(empty) == before


def test_a_changed_file_and_all_after_it_are_run_again(empty: PostgresDatabase, tmp_path: Path) -> None:
    for number, text in enumerate(("select 1", "select 2", "select 3"), 1):
        (tmp_path / f"2026010100000{number}_n{number}.sql").write_text(f"{text};")
    assert len(migrate(empty, tmp_path)) == 3
    (tmp_path / "20260101000002_n2.sql").write_text("select 22;")
    assert [one.name for one in migrate(empty, tmp_path)] == ["n2", "n3"]
    assert migrate(empty, tmp_path) == []


def test_a_file_that_fails_leaves_the_schema_as_it_was(empty: PostgresDatabase, tmp_path: Path) -> None:
    (tmp_path / "20260101000001_good.sql").write_text("create table public.half (n int);")
    (tmp_path / "20260101000002_bad.sql").write_text("select 1 / 0;")
    with pytest.raises(BadInput, match="migration 20260101000002_bad: division by zero"):
        migrate(empty, tmp_path)
    with empty.transaction("test") as connection:
        row = connection.execute(
            "select to_regclass('public.half'), to_regclass('dailies.migrations')"
        ).fetchone()
    assert row == (None, None)


def test_processes_that_start_together_all_succeed(empty: PostgresDatabase) -> None:
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(lambda _: len(migrate(empty)), range(4)))
    assert sorted(applied) == [0, 0, 0, len(migrations())]


def test_what_is_printed_for_an_sql_editor_does_the_same(
    empty: PostgresDatabase, empty_database_url: str
) -> None:
    with empty.transaction("test") as connection:
        install_pgmq(connection)  # hosted projects offer it as an extension
    with psycopg.connect(empty_database_url, autocommit=True) as editor:
        editor.execute(script(migrations()).encode())
    assert check_schema(empty).problem is None
    assert migrate(empty) == []
    assert check_schema(empty).problem is None


def test_functions_of_earlier_versions_that_nothing_calls_are_dropped(empty: PostgresDatabase) -> None:
    with empty.transaction("test") as connection:
        connection.execute(
            "create function public.dailies_queue(p_limit int default 100) returns int return 1"
        )
    migrate(empty)
    assert not any(name == "dailies_queue(integer)" for _, name, *_ in shape(empty))


def test_a_budget_that_was_no_number_becomes_one_again(empty: PostgresDatabase) -> None:
    migrate(empty)
    with empty.transaction("test") as connection:
        connection.execute("alter table dailies.budgets drop constraint budgets_are_finite")
        connection.execute("update dailies.budgets set per_hour = 'NaN'")
        connection.execute("insert into dailies.budgets values ('ann', 'Infinity', 1), ('ben', 3, 4)")
        connection.execute("delete from dailies.migrations where name = 'budgets'")
    migrate(empty)
    found = {row["operator"]: (row["per_hour"], row["per_day"]) for row in empty.call("dailies_budgets")}
    assert found == {"*": (5000, 20000), "sweep": (250, 1000), "ben": (3, 4)}


def test_a_production_table_is_added_to_and_nothing_of_it_is_lost(lean: PostgresDatabase) -> None:
    migrate(lean)
    row = videos.get_video(lean, WALTZ)["video"]
    assert (row["status"], row["owner_team"], row["error_message"]) == ("processing", "dancers", None)
    assert check_schema(lean).problem is None
    use_everything(lean)


def test_rows_that_cannot_be_read_hold_up_no_other(empty: PostgresDatabase, empty_database_url: str) -> None:
    """Where a production table allows it, a row may lack its status or its time."""
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(
            "create table public.videos (id uuid primary key, status text, created_at timestamptz)"
        )
        values = ((SALSA, None, at(0)), (WALTZ, "failed", None), (TANGO, "succeeded", at(0)))
        for row in values:
            connection.execute("insert into public.videos values (%s, %s, %s)", row)
    migrate(empty)
    assert judge_dirty(app_of(empty), 10) == 3
    assert judge_dirty(app_of(empty), 10) == 0
    listed = {row["id"]: row["cause"] for row in videos.list_videos(empty)}
    assert listed[TANGO] not in (None, "unknown")
    assert listed[SALSA] == "unknown"
    with pytest.raises(BadInput, match="column `status` is missing or empty"):
        videos.get_video(empty, SALSA)
    since, until = datetime.fromisoformat(at(-1)), datetime.fromisoformat(at(60))
    assert health.overview(empty, since, until)["totals"]["by_status"] == {"none": 1, "succeeded": 1}


def test_everything_unusable_of_a_table_is_named_at_once(
    empty: PostgresDatabase, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("create table public.videos (id numeric, status int[], prompt bytea)")
    with pytest.raises(BadInput) as refused:
        migrate(empty)
    for problem in (
        "public.videos.id is numeric, and id has to be uuid, text or a whole number",
        "public.videos.status is integer[], and status has to be a word",
        "public.videos has no column for created_at, and cannot be read without one",
        "public.videos.prompt is bytea, and prompt has to be text, jsonb or a list of texts",
        "public.videos.id does not tell its rows apart",
    ):
        assert problem in str(refused.value)
    assert "Change the type" not in str(refused.value)


def test_no_table_is_made_beside_those_of_somebody_else(
    empty: PostgresDatabase, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("create table public.clips (id uuid primary key, state text)")
        connection.execute("create table public.schema_migrations (version text)")
    with pytest.raises(BadInput, match=r"(?s)looks as if it held videos.*public\.clips.*python -m lib map"):
        migrate(empty)
    with psycopg.connect(empty_database_url) as connection:
        row = connection.execute("select to_regclass('public.videos'), to_regnamespace('dailies')").fetchone()
    assert row == (None, None)


def test_the_app_may_change_its_columns_and_types_later(lean: PostgresDatabase) -> None:
    """A view of ours would refuse it: `cannot drop column because other objects depend on it`."""
    migrate(lean)
    with lean.transaction("app") as connection:
        connection.execute("alter table public.videos add column title text, drop column extras")
        connection.execute("create type new_status as enum ('queued', 'processing', 'succeeded', 'failed')")
        connection.execute(
            "alter table public.videos alter status drop default, "
            "alter status type new_status using status::text::new_status"
        )
        connection.execute("drop type video_status")
        connection.execute("alter table public.videos drop column error_message")
    migrate(lean)
    assert check_schema(lean).problem is None
    use_everything(lean)


def test_an_enum_refuses_a_status_it_does_not_know(lean: PostgresDatabase) -> None:
    migrate(lean)
    with pytest.raises(BadInput, match="paused"):
        videos.import_videos(lean, [video(TANGO, "paused")])


def test_nothing_of_dailies_can_fail_a_write_of_the_production_app(own_database_url: str) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("drop table dailies.dirty cascade")
        connection.execute("drop table dailies.verdicts cascade")
        connection.execute(FOREIGN_ROW, [WALTZ, at(1)])
        connection.execute("update public.videos set status = 'failed'")
        connection.execute("delete from public.videos")


def test_a_write_of_the_production_app_never_waits_for_a_diagnosis(own_database_url: str) -> None:
    with (
        psycopg.connect(own_database_url) as diagnosis,
        psycopg.connect(own_database_url, options="-c lock_timeout=200") as app,
    ):
        app.execute(FOREIGN_ROW, [WALTZ, at(1)])
        app.commit()
        diagnosis.execute("select * from public.dailies_dirty()")
        app.execute("update public.videos set status = 'failed'")
        app.commit()


def test_only_the_service_role_may_call_our_functions(own_database_url: str) -> None:
    with psycopg.connect(own_database_url) as connection:
        callers = connection.execute(
            """select r.rolname, count(*) filter (where has_function_privilege(r.oid, p.oid, 'execute')),
                      count(*)
               from pg_roles r, pg_proc p
               where r.rolname in ('anon', 'authenticated', 'service_role')
                   and p.pronamespace = 'public'::regnamespace and p.proname like 'dailies%'
               group by 1 order by 1"""
        ).fetchall()
    (anon, a, every), (authenticated, b, _), (service, c, _) = callers
    assert (anon, a) == ("anon", 0)
    assert (authenticated, b) == ("authenticated", 0)
    assert (service, c) == ("service_role", every)
    assert every >= 20


def test_every_function_that_runs_with_our_rights_fixes_its_search_path(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        loose = connection.execute(
            """select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
               where n.nspname in ('public', 'dailies') and p.prosecdef
                   and not coalesce(p.proconfig @> array['search_path=""'], false)"""
        ).fetchall()
    assert loose == []


def test_no_function_that_is_called_is_compiled_however_much_the_planner_expects(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        compiled = connection.execute(
            """select p.oid::regprocedure::text from pg_proc p
               where p.pronamespace = 'public'::regnamespace and p.proname like 'dailies%'
                   and not coalesce(p.proconfig @> '{jit=off}', false)"""
        ).fetchall()
    assert compiled == []


def test_browsers_see_none_of_our_tables(own_database_url: str) -> None:
    with psycopg.connect(own_database_url) as connection:
        open_tables = connection.execute(
            """select c.oid::regclass::text from pg_class c, pg_roles r
               where r.rolname in ('anon', 'authenticated') and c.relkind = 'r'
                   and (c.relnamespace = 'dailies'::regnamespace or c.oid = 'public.videos'::regclass)
                   and (has_table_privilege(r.oid, c.oid, 'select') and not c.relrowsecurity)"""
        ).fetchall()
        unguarded = connection.execute(
            """select relname from pg_class where relkind = 'r' and not relrowsecurity
                   and relnamespace = 'dailies'::regnamespace"""
        ).fetchall()
    assert open_tables == unguarded == []


def test_migrations_are_named_by_time_and_in_order() -> None:
    names = sorted(path.name for path in FOLDER.glob("*.sql"))
    assert [path for path in FOLDER.iterdir() if path.name not in names] == []
    assert all(len(one.version) == 14 and one.version.isdigit() and one.name for one in migrations())
    assert len({one.version for one in migrations()}) == len(names)


@pytest.mark.parametrize("table", ["none", "lean"])
def test_postgres_16_does_the_same(older: Cluster, table: str) -> None:
    with older.clone("template1") as url:
        database = PostgresDatabase(url, label="16")
        with psycopg.connect(url) as connection:
            assert connection.info.server_version // 10000 == 16
            if table == "lean":
                connection.execute(ENUM)
                connection.execute(LEAN_TABLE)
        migrate(database)
        videos.import_videos(database, [video(WALTZ, "processing", 1)])
        use_everything(database)
        database.close()


@pytest.fixture(scope="module")
def older(open_folder: Path) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGSERVER_POSTGRES_VERSION", "16")
        running = Cluster(open_folder / "sixteen")
        yield running
    running.server.stop()


def shape(database: PostgresDatabase) -> list[tuple[object, ...]]:
    """Every column, index, function and trigger of ours."""
    with database.transaction("test") as connection:
        return connection.execute(
            """select 'column', attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod)
               from pg_attribute a join pg_class c on c.oid = a.attrelid
               where attnum > 0 and c.relkind in ('r', 'i')
                   and (c.relnamespace = 'dailies'::regnamespace or c.oid = 'public.videos'::regclass)
               union all select 'function', p.oid::regprocedure::text, md5(prosrc), proacl::text
               from pg_proc p where pronamespace in ('dailies'::regnamespace, 'public'::regnamespace)
               union all select 'trigger', tgrelid::regclass::text, tgname::text, tgtype::text from pg_trigger
               order by 1, 2, 3, 4"""
        ).fetchall()


def test_functions_of_an_earlier_version_that_answer_otherwise_are_replaced(
    lean: PostgresDatabase, empty_database_url: str
) -> None:
    migrate(lean)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("drop function dailies.insert_video(jsonb) cascade")
        connection.execute("drop function public.dailies_find_videos(text) cascade")
        connection.execute("create function dailies.insert_video(p jsonb) returns void language sql as ''")
        connection.execute(
            "create function public.dailies_find_videos(p text) returns int language sql as 'select 1'"
        )
        connection.execute(
            "create function public.dailies_save_task(p text) returns int language sql as 'select 1'"
        )
        connection.execute("update dailies.migrations set digest = 'earlier'")
    migrate(lean)
    use_everything(lean)

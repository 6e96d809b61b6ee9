"""The settings decide which database is opened; `python -m lib migrate` changes it or says how."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from lib.cli.migrate import command
from lib.data.connect import keep_private, open_database, open_postgres
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.migrations import check_schema
from lib.data.postgres import Pool, PostgresDatabase
from lib.data.watch import STEP_SECONDS, THREAD, wait_for_end
from lib.errors import DatabaseError, DatabaseUnavailable, SettingsError
from lib.settings import Settings, load_settings
from tests.databases import SECRET_KEY
from tests.faults.proxy import Proxy, behind_a_pooler

SUPABASE = {"supabase_url": "https://abcd.supabase.co", "supabase_key": SECRET_KEY}


def settings(**values: object) -> Settings:
    """Settings of these values and nothing of the environment."""
    return Settings.model_validate(values)


def test_without_settings_an_embedded_postgres_is_made_and_brought_up_to_date(open_folder: Path) -> None:
    database = open_database(settings(data_dir=open_folder / "default"))
    assert database.label == "embedded Postgres"
    assert check_schema(database).problem is None
    database.close()
    assert EmbeddedPostgres(open_folder / "default" / "postgres").postmaster_pid() is None


def test_a_database_url_wins_and_its_schema_is_left_alone(empty_database_url: str) -> None:
    database = open_database(settings(database_url=empty_database_url, **SUPABASE))
    assert database.label == "Postgres 127.0.0.1/" + empty_database_url.rsplit("/", 1)[1]
    assert check_schema(database).version is None
    database.close()


def test_supabase_is_named_by_its_project() -> None:
    database = open_database(settings(**SUPABASE))
    assert database.label == "Supabase abcd"
    database.close()


@pytest.mark.parametrize(
    ("half", "missing"),
    [
        ({"supabase_url": "https://abcd.supabase.co"}, "SUPABASE_SERVICE_ROLE_KEY"),
        ({"supabase_key": "sb_secret_hunter2"}, "SUPABASE_URL"),
    ],
)
def test_half_of_supabase_names_the_other_half(half: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsError, match=f"{missing} is not set") as caught:
        open_database(settings(**half))
    assert "hunter2" not in str(caught.value)


def test_a_malformed_database_url_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL is not a Postgres address") as caught:
        open_database(settings(database_url="host hunter2"))
    assert "hunter2" not in str(caught.value)


def test_migrations_need_sql_and_say_what_to_do_where_there_is_only_rest() -> None:
    with pytest.raises(SettingsError, match=r"set DATABASE_URL .*`python -m lib migrate --print`"):
        open_postgres(settings(**SUPABASE))


def test_the_command_applies_the_migrations_once(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    load_settings.cache_clear()
    first, second = CliRunner().invoke(command), CliRunner().invoke(command)
    load_settings.cache_clear()
    assert "applied 20261121000100 videos" in first.output
    assert first.output.endswith("the schema is up to date; the videos are in public.videos.\n")
    assert len(second.output.splitlines()) == 1
    password = empty_database_url.split(":")[2].partition("@")[0]
    assert password not in first.output


def test_the_command_prints_sql_without_touching_a_database() -> None:
    printed = CliRunner().invoke(command, ["--print"]).output
    assert printed.startswith("begin;")
    assert "commit;\n" in printed
    last = ("select dailies.complete();", "reset lock_timeout;", "notify pgrst, 'reload schema';")
    assert printed.endswith("\n".join(last) + "\n\n")
    assert "create or replace function public.dailies_list_videos(" in printed


def test_a_pool_that_is_used_up_says_so_and_recovers(database_url: str) -> None:
    pool = Pool(lambda: database_url, size=1, wait_seconds=0.05)
    with pool.connection(), pytest.raises(DatabaseUnavailable, match="All 1 database connections are busy"):
        pool.connection().__enter__()
    with pool.connection() as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    pool.close()


def test_a_connection_is_used_again_and_a_broken_one_is_not(database_url: str) -> None:
    pool = Pool(lambda: database_url, size=2, wait_seconds=1)
    with pool.connection() as first:
        pass
    with pool.connection() as again:
        assert again is first
        again.close()
    with pool.connection() as another:
        assert another is not first
    pool.close()


LIMIT = b"select current_setting('statement_timeout'), (select count(*) from pg_prepared_statements)"


def test_in_a_session_of_its_own_the_limit_stays_and_statements_are_prepared(database_url: str) -> None:
    with closing(PostgresDatabase(database_url, label="test", statement_seconds=7)) as db:
        for _ in range(9):
            db.call("dailies_workers")
        with db.transaction("look") as connection:
            assert connection.execute(LIMIT).fetchone() == ("0", 1)
        with db.session("look") as connection:
            assert connection.execute(LIMIT).fetchone() == ("0", 1)
        with db._connection("look") as connection:
            assert connection.execute(LIMIT).fetchone() == ("7s", 1)


def test_behind_a_pooler_a_call_leaves_nothing_in_the_session(database_url: str) -> None:
    of_the_role = "?options=-c%20statement_timeout%3D9s"
    with (
        behind_a_pooler(database_url) as url,
        closing(PostgresDatabase(url + of_the_role, label="test")) as db,
    ):
        for _ in range(9):
            db.call("dailies_workers")
        with db.session("look"):
            pass
        with db._connection("look") as connection:
            assert connection.execute(LIMIT).fetchone() == ("9s", 0)


def test_a_session_that_forgot_what_was_prepared_is_left_after_one_error(database_url: str) -> None:
    with closing(PostgresDatabase(database_url, label="test")) as db:
        for _ in range(9):
            db.call("dailies_workers")
        with db.session("forget") as connection:
            connection.pgconn.exec_(b"deallocate all")
        with pytest.raises(DatabaseError, match="does not exist"):
            db.call("dailies_workers")
        for _ in range(9):
            assert db.call("dailies_workers") == []


def test_threads_share_a_few_connections(database_url: str) -> None:
    pool = Pool(lambda: database_url, size=3, wait_seconds=10)
    backends: set[int] = set()

    def work() -> None:
        for _ in range(5):
            with pool.connection() as connection:
                backends.add(connection.info.backend_pid)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()
    assert 1 <= len(backends) <= 3


@pytest.fixture
def wire(database_url: str) -> Iterator[Proxy]:
    port = psycopg.conninfo.conninfo_to_dict(database_url)["port"]
    proxy = Proxy(lambda: int(str(port)))
    yield proxy
    proxy.close()


def over(wire: Proxy, database_url: str) -> PostgresDatabase:
    port = psycopg.conninfo.conninfo_to_dict(database_url)["port"]
    return PostgresDatabase(database_url.replace(f":{port}/", f":{wire.port}/"), label="test")


def test_a_database_that_hangs_is_told_within_a_few_seconds(wire: Proxy, database_url: str) -> None:
    with closing(over(wire, database_url)) as db:
        db.call("dailies_workers")
        wire.freeze()
        for said in ("a new connection had no answer either", "cannot be reached"):
            began = time.monotonic()
            with pytest.raises(DatabaseUnavailable, match=said):
                db.call("dailies_workers")
            assert time.monotonic() - began < 9
        wire.mend()
        assert db.call("dailies_workers") == []


def test_a_long_question_is_waited_for_as_long_as_the_database_answers_others(
    wire: Proxy, database_url: str
) -> None:
    with closing(over(wire, database_url)) as db, db.session("wait") as connection:
        assert connection.execute("select 1 from pg_sleep(4)").fetchone() == (1,)


def test_a_question_whose_answer_is_lost_ends_after_its_limit(
    wire: Proxy, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.data.postgres.LATE_SECONDS", -18)
    with (
        closing(over(wire, database_url)) as db,
        pytest.raises(DatabaseUnavailable, match="longer than it may take"),
        db._connection("wait", limited=True) as connection,
    ):
        connection.execute("select pg_sleep(9)")


def test_soon_after_the_last_answer_no_thread_watches_and_a_process_can_be_copied(
    database_url: str,
) -> None:
    with closing(PostgresDatabase(database_url, label="test")) as db:
        db.call("dailies_workers")
        began = time.monotonic()
        wait_for_end()
        assert time.monotonic() - began < 2 * STEP_SECONDS
        assert THREAD not in [thread.name for thread in threading.enumerate()]
        db.call("dailies_workers")


def test_what_dailies_writes_is_its_users_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    folder = tmp_path / "data"
    folder.mkdir(mode=0o777)
    try:
        keep_private(folder)
        (folder / "file").write_text("private")
        (tmp_path / "made").mkdir()
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o066 == 0
    assert (folder / "file").stat().st_mode & 0o077 == 0
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0

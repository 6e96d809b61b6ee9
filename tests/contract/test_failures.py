"""What goes wrong reads the same through both transports, and never shows a secret."""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import nullcontext
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lib.data.database import Database
from lib.data.migrations import check_schema
from lib.data.postgres import PostgresDatabase
from lib.data.supabase import SupabaseDatabase
from lib.errors import BadInput, DatabaseError, DatabaseUnavailable, SchemaMissing, SettingsError
from tests.databases import RestServer
from tests.faults.proxy import behind_a_pooler


def test_a_missing_function_says_to_migrate(db: Database) -> None:
    with pytest.raises(SchemaMissing, match=r"dailies_nonsense.*python -m lib migrate"):
        db.call("dailies_nonsense", p_id=1)


def test_an_argument_that_the_schema_does_not_know_says_to_migrate(db: Database) -> None:
    with pytest.raises(SchemaMissing, match=r"dailies_find_videos.*python -m lib migrate"):
        db.call("dailies_find_videos", p_text="x", p_new=1)


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), {1, 2}, "\ud800"])
def test_a_value_that_json_cannot_hold_is_bad_input(db: Database, value: object) -> None:
    with pytest.raises(BadInput, match="cannot be stored"):
        db.call("dailies_find_videos", p_text=value)


def test_the_schema_is_complete(db: Database) -> None:
    assert check_schema(db).problem is None


def test_a_database_without_the_schema_is_told_apart(empty_database_url: str) -> None:
    database = PostgresDatabase(empty_database_url, label="empty")
    problem = check_schema(database).problem
    database.close()
    assert problem == "The schema of Dailies is not there. Run `python -m lib migrate`."


def test_a_schema_that_lacks_something_names_it(own_database_url: str) -> None:
    with psycopg.connect(own_database_url) as connection:
        connection.execute("alter table public.videos drop column prompt cascade")
        connection.execute("drop table dailies.dirty cascade")
    database = PostgresDatabase(own_database_url, label="damaged")
    problem = check_schema(database).problem
    database.close()
    assert problem == "The database lacks public.videos.prompt, dailies.dirty. Run `python -m lib migrate`."


def test_an_older_schema_names_both_versions(own_database_url: str) -> None:
    with psycopg.connect(own_database_url) as connection:
        connection.execute("delete from dailies.migrations where version > '20261121000100'")
    database = PostgresDatabase(own_database_url, label="old")
    state = check_schema(database)
    database.close()
    assert state.problem is not None
    assert f"version 20261121000100, and this Dailies needs {state.expected}" in state.problem


def test_nobody_listening_is_unavailable_at_once_and_in_its_own_words() -> None:
    database = PostgresDatabase("postgresql://u:hunter2@127.0.0.1:9/x", label="nobody")
    with pytest.raises(DatabaseUnavailable, match="Connection refused") as caught:
        database.call("dailies_schema")
    assert "hunter2" not in str(caught.value)


def test_a_wrong_password_is_unavailable_and_not_shown(database_url: str) -> None:
    wrong = make_conninfo(database_url, password="hunter2")
    with pytest.raises(DatabaseUnavailable, match="password authentication failed") as caught:
        PostgresDatabase(wrong, label="wrong").call("dailies_schema")
    assert "hunter2" not in str(caught.value)


def test_the_next_call_works_after_the_server_dropped_every_connection(own_database_url: str) -> None:
    database = PostgresDatabase(own_database_url, label="test")
    assert database.call("dailies_schema")
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    assert database.call("dailies_schema")
    database.close()


@pytest.mark.parametrize("pooled", [False, True])
def test_a_statement_that_takes_too_long_is_ended(own_database_url: str, pooled: bool) -> None:
    with psycopg.connect(own_database_url) as connection:
        connection.execute(
            "create function public.dailies_slow() returns table (x text) language sql "
            "as 'select pg_sleep(5)::text'"
        )
    with (behind_a_pooler if pooled else nullcontext)(own_database_url) as url:
        database = PostgresDatabase(url, label="test", statement_seconds=0.5)
        with pytest.raises(DatabaseError, match="The question 'slow' was too big") as caught:
            database.call("dailies_slow")
        assert "Narrow the time window" in str(caught.value)
        assert caught.value.__notes__ == ["57014 in dailies_slow"]
        assert database.call("dailies_schema")
        database.close()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what it does with the connection")
def test_a_server_that_is_gone_without_a_word_is_given_up_after_twenty_seconds(database_url: str) -> None:
    database = PostgresDatabase(database_url, label="test")
    with (
        database.session("test") as connection,
        socket.socket(fileno=os.dup(connection.fileno())) as wire,
    ):
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        asked = [
            wire.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        ]
        assert asked[0] + asked[1] * asked[2] <= 20
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
    database.close()


def test_a_function_that_vanished_is_missing_and_found_when_it_is_back(own_database_url: str) -> None:
    database = PostgresDatabase(own_database_url, label="test")
    make = "create function public.dailies_ping({}) returns table (n int) language sql as 'select 1'"
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute(make.format("p_a int default 1"))
        assert database.call("dailies_ping", p_a=1) == [{"n": 1}]
        connection.execute("drop function public.dailies_ping")
        with pytest.raises(SchemaMissing):
            database.call("dailies_ping", p_a=1)
        connection.execute(make.format("p_a text default ''"))
        assert database.call("dailies_ping", p_a="x") == [{"n": 1}]
    database.close()


@pytest.mark.rest
def test_a_wrong_supabase_key_says_which_variable_to_set(rest_server: RestServer, database_url: str) -> None:
    database = SupabaseDatabase(rest_server.url(database_url), "sb_secret_hunter2_of_somebody_else")
    with pytest.raises(DatabaseError) as caught:
        database.call("dailies_schema")
    assert "hunter2" not in str(caught.value)
    database.close()


@pytest.mark.rest
def test_the_browsers_key_may_not_call_anything(rest_server: RestServer, database_url: str) -> None:
    database = SupabaseDatabase(rest_server.url(database_url), "sb_publishable_tests")
    with pytest.raises(DatabaseError, match="service role key"):
        database.call("dailies_list_videos")
    database.close()


def test_supabase_that_cannot_be_reached_is_unavailable() -> None:
    database = SupabaseDatabase("http://127.0.0.1:9", "sb_secret_hunter2")
    with pytest.raises(DatabaseUnavailable, match="Connection refused") as caught:
        database.call("dailies_schema")
    assert "hunter2" not in str(caught.value)
    database.close()


def test_a_supabase_address_that_is_none_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="SUPABASE_URL"):
        SupabaseDatabase("not an address", "sb_secret_hunter2")


def test_a_label_names_the_database_without_its_secrets(db: Database) -> None:
    assert "test" in db.label or "127" in db.label
    assert "sb_secret" not in json.dumps([db.label, repr(db)])

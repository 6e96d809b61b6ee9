"""Addresses as people paste them are read, or refused without a word of the password."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from lib.data.addresses import postgres_address, supabase_address
from lib.data.connect import open_fully
from lib.errors import SettingsError
from lib.settings import Settings

PASSWORD = "hunter2"


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "?pgbouncer=true",
        "?pgbouncer=true&connection_limit=1",
        "?schema=public",
        "?sslmode=require&supa=base-pooler.x",
    ],
)
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_what_other_programs_add_to_an_address_is_left_out(scheme: str, tail: str) -> None:
    text = f' "{scheme}://postgres.abcd:{PASSWORD}@pool.example.com:6543/postgres{tail}" '
    parts = conninfo_to_dict(postgres_address(text))
    assert parts.pop("sslmode", "require") == "require"
    assert parts == {
        "user": "postgres.abcd",
        "password": PASSWORD,
        "host": "pool.example.com",
        "port": "6543",
        "dbname": "postgres",
    }


def test_an_option_with_spaces_and_a_socket_are_kept() -> None:
    read = conninfo_to_dict(postgres_address("postgresql:///app?host=/tmp&options=-c%20search_path%3Dapp"))
    assert (read["host"], read["options"]) == ("/tmp", "-c search_path=app")


@pytest.mark.parametrize(
    "password", ["hun@ter2", "hun/ter2", "hun?ter2", "hun#ter@2", "hunter2%", "hu/nt@er2"]
)
def test_an_unescaped_password_is_said_and_not_repeated(password: str) -> None:
    with pytest.raises(SettingsError, match="escaped") as refused:
        postgres_address(f"postgresql://postgres:{password}@db.example.com:5432/postgres?schema=public")
    for part in ("hun", "ter2", "nt@", "ter@"):
        assert part not in str(refused.value)


@pytest.mark.parametrize("address", ["pat@hun:ter2@db.example.com", "pat:[hunter2]@db.example.com"])
def test_no_part_of_a_password_is_taken_for_a_host_or_kept_in_brackets(address: str) -> None:
    with pytest.raises(SettingsError, match="password") as refused:
        postgres_address(f"postgresql://{address}:5432/postgres")
    assert "hun" not in str(refused.value)


@pytest.mark.parametrize(
    "left",
    ["[YOUR-PASSWORD]", "[your_password]", "<password>", "[DB-PASSWORD]", "{password}", "YOUR_PASSWORD"],
)
def test_a_placeholder_that_was_left_in_is_said(left: str) -> None:
    with pytest.raises(SettingsError, match="placeholder"):
        postgres_address(f"postgresql://postgres:{left}@db.example.com:5432/postgres")


@pytest.mark.parametrize("text", ["db.example.com", "https://abcd.supabase.co", "mysql://u:hunter2@h/d"])
def test_what_is_no_postgres_address_is_said(text: str) -> None:
    with pytest.raises(SettingsError, match="not a Postgres address") as refused:
        postgres_address(text)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "https://abcdefghij.supabase.co",
        "https://abcdefghij.supabase.co/",
        '"https://abcdefghij.supabase.co/rest/v1/"',
    ],
)
def test_the_path_of_the_api_does_no_harm(text: str) -> None:
    assert supabase_address(text) == "https://abcdefghij.supabase.co"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://supabase.com/dashboard/project/abcdefghij/settings/api", "https://abcdefghij.supabase.co"),
        ("https://supabase.com/dashboard", "https://<project>.supabase.co"),
        ("https://db.abcdefghij.supabase.co", "https://abcdefghij.supabase.co"),
        ("postgresql://postgres:hunter2@db.abcdefghij.supabase.co/postgres", "set DATABASE_URL"),
    ],
)
def test_another_address_of_the_project_is_told_from_its_api(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        supabase_address(text)
    assert told in str(refused.value)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("key", ["sb_publishable_0123456789", "e30.eyJyb2xlIjoiYW5vbiJ9.x"])
def test_a_key_to_which_every_table_looks_empty_opens_nothing(key: str, tmp_path: Path) -> None:
    settings = Settings(
        supabase_url="https://abcdefghij.supabase.co", supabase_key=SecretStr(key), data_dir=tmp_path
    )
    with pytest.raises(SettingsError, match="key, which cannot read the videos") as refused:
        open_fully(settings)
    assert key not in str(refused.value)

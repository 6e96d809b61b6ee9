"""`map` and `migrate` from the command line, as somebody meets them who has a table of their own."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from click import Command
from click.testing import CliRunner

import lib.cli.map
import lib.cli.migrate
from lib.errors import BadInput
from lib.settings import load_settings

TABLE = """
create table public.reel_jobs (
    id uuid primary key default gen_random_uuid(), stage smallint not null default 0, prompt text,
    film_url text, problem text, runway_task_id text, aspect_ratio text not null, plan text not null,
    asked_at timestamptz not null default now());
insert into public.reel_jobs (stage, film_url, problem, runway_task_id, aspect_ratio, plan)
select case n % 3 when 0 then 40 when 1 then 50 else 10 + n % 2 end,
    case n % 3 when 0 then 'https://films.example.net/' || n || '.mp4' end,
    case n % 3 when 1 then 'Runway answered 500' end, case n % 3 when 0 then gen_random_uuid()::text end,
    '1280:720', 'free'
from generate_series(1, 30) n;
"""
Run = Callable[..., str]


@pytest.fixture
def run(empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    monkeypatch.setenv("DAILIES_DATA", str(tmp_path / "data"))
    load_settings.cache_clear()

    def command(which: Command, *arguments: object) -> str:
        told = CliRunner().invoke(which, list(map(str, arguments)), catch_exceptions=False)
        assert told.exit_code == 0
        return told.output

    return command


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statements.encode())


def test_words_that_nobody_has_mapped_are_told_with_their_rows_and_the_way_to_map_them(
    run: Run, empty_database_url: str, tmp_path: Path
) -> None:
    execute(empty_database_url, TABLE)
    told = run(lib.cli.migrate.command)
    assert "not mapped, so neither stuck nor unfinished: '10' (5 rows), '11' (5 rows)" in told
    assert "`python -m lib map --out map.toml`" in told
    file = tmp_path / "map.toml"
    told = run(lib.cli.map.command, "--out", file)
    assert "A new row needs plan, for Generate" in told  # the ratio is asked of Runway
    text = file.read_text()
    unmapped = text.index("unmapped = ")
    corrected = text.replace("queued = []", "queued = [10]").replace("processing = []", "processing = ['11']")
    file.write_text(corrected[: corrected.index("unmapped = ", unmapped)] + '\n[fixed]\nplan = "free"\n')
    told = run(lib.cli.map.command, "--apply", file)
    assert "not mapped" not in told
    # what is settled stands in the next proposal, and what is new beside it
    execute(empty_database_url, "update reel_jobs set stage = 60 where stage = 11 and prompt is null")
    assert "'60' (5 rows)" in run(lib.cli.migrate.command)
    told = run(lib.cli.map.command, "--out", file)
    assert "A new row needs" not in told
    again = tomllib.loads(file.read_text())
    assert again["fixed"] == {"plan": "free"}
    assert (again["status"]["queued"], again["status"]["processing"]) == (["10"], ["11"])
    assert again["status"]["unmapped"] == ["60"]


def test_what_cannot_be_used_is_said_when_it_is_proposed_and_not_only_when_it_is_applied(
    run: Run, empty_database_url: str
) -> None:
    execute(empty_database_url, TABLE + "alter table reel_jobs alter column stage type numeric(4, 1)")
    told = run(lib.cli.map.command)
    assert (
        "It cannot be used as it is: public.reel_jobs.stage is numeric(4,1), and status has to be a word"
        " (text or an enum) or a whole number"
    ) in told
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("select to_regnamespace('dailies')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("public.films", "public.films is a view: it takes no triggers"),
        ("public.reel_job", "There is no table public.reel_job. There are public.reel_jobs."),
    ],
)
def test_what_is_no_table_is_said_with_what_there_is(
    run: Run, empty_database_url: str, name: str, says: str
) -> None:
    execute(empty_database_url, TABLE + "create view public.films as select id, stage from public.reel_jobs")
    with pytest.raises(BadInput) as refused:
        run(lib.cli.map.command, "--table", name)
    assert says in str(refused.value)

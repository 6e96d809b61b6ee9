"""Tables of other apps: other names, words, keys and types; each is walked by the same story."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lib.app import App
from lib.data import app_table, audit, errors, mapping, overview, videos
from lib.data.database import Database
from lib.data.logs import add_logs, entry_row
from lib.data.migrations import check_schema, migrate
from lib.data.postgres import PostgresDatabase
from lib.data.queue import dequeue
from lib.data.uninstall import removals, uninstall
from lib.data.videos import Filters
from lib.domain.attempt import AttemptState
from lib.domain.cause import Action
from lib.domain.mapping import TableMap
from lib.domain.trace import LogEntry
from lib.errors import BadInput, DailiesError, SettingsError
from lib.logs.repeats import EntryKeys
from lib.operations.environment.settings import check_database
from lib.operations.generate import enqueue, generate
from lib.operations.judge import judge_dirty
from lib.operations.poll import poll
from lib.operations.process import process
from lib.operations.recover import recover, recover_from_journal
from lib.operations.repair import Agreed, carry_out, plan
from lib.settings import ROOT
from tests.apps import app_of
from tests.databases import Cluster, RestServer
from tests.production import attempts_of
from tests.simulated import REQUEST, Simulated, simulated

PEOPLE = "create table public.people (id uuid primary key default gen_random_uuid(), name text);"
PERSON = "9d5f5f0e-52b4-4a7e-9f51-0c6f4f0a0001"


@dataclass(frozen=True)
class Shape:
    """A table of an app. `insert` takes word, task, error, film, minutes ago; `words` are by our status."""

    table: str
    create: str
    insert: str
    words: dict[str, str]
    fixed: dict[str, Any] = field(default_factory=dict)
    told: bool = False  # somebody has to say what the words mean
    hidden: str = ""  # makes rows that are not judged


SHAPES = {
    "finished is called done, and a row needs its person": Shape(
        table="public.videos",
        create=PEOPLE
        + f"insert into public.people (id) values ('{PERSON}');"
        + """
        create table public.videos (
            id uuid primary key default gen_random_uuid(),
            user_id uuid not null references public.people (id),
            dance_style text not null default 'freestyle', prompt text, input_image_url text not null,
            status text not null default 'pending' check (status in ('pending', 'running', 'done', 'error')),
            provider text not null default 'runway', video_url text, error_message text, runway_video_id text,
            created_at timestamptz not null default now(), updated_at timestamptz not null default now());
        alter table public.videos enable row level security;""",
        insert=f"""insert into public.videos (user_id, input_image_url, prompt, status, runway_video_id,
            error_message, video_url, created_at, updated_at)
            select '{PERSON}', 'https://images.example.net/a.png', 'a heron takes off slowly', %s, %s, %s, %s,
                t, t
            from (select now() - make_interval(mins => %s) as t) x returning id::text""",
        words={"queued": "pending", "processing": "running", "succeeded": "done", "failed": "error"},
        fixed={"user_id": PERSON},
    ),
    "numbers, times without zone, another schema and deleted rows": Shape(
        table='studio."Clips"',
        create="""
        create schema studio;
        create type studio.phase as enum ('waiting', 'rendering', 'ready', 'broken', 'draft');
        create table studio."Clips" (
            id bigint generated always as identity primary key,
            phase studio.phase not null default 'waiting', "promptText" jsonb, image_url text,
            result_url text,
            failure_reason varchar(300), runway_task_id uuid, engine text not null default 'runway',
            deleted_at timestamp, created timestamp not null default (now() at time zone 'utc'),
            modified timestamp, label text generated always as ('clip') stored)""",
        insert="""insert into studio."Clips" (phase, runway_task_id, failure_reason, result_url, created,
            "promptText", image_url)
            values (%s, %s, %s, %s, (now() - make_interval(mins => %s)) at time zone 'utc',
            '{"text": "a heron takes off slowly", "seed": 4}', 'https://images.example.net/a.png')
            returning id::text""",
        words={"queued": "waiting", "processing": "rendering", "succeeded": "ready", "failed": "broken"},
        hidden="""
        insert into studio."Clips" (phase, deleted_at) values ('rendering', now()), ('broken', now());
        insert into studio."Clips" (phase, engine) values ('rendering', 'kling'), ('ready', 'luma');
        insert into studio."Clips" (phase) values ('draft');""",
    ),
    "keys are texts, updates have no time": Shape(
        table="public.generations",
        create="""
        create table public.generations (
            id text primary key default 'gen_' || md5(random()::text),
            state varchar(20) not null, prompt text not null, source_image text, output_url text,
            error jsonb, runway_job_id text unique, inserted_at timestamptz not null default now(),
            plan text not null);""",
        insert="""insert into public.generations (state, runway_job_id, error, output_url, inserted_at,
            prompt, plan, source_image)
            select %s, %s, to_jsonb(%s::text), %s, now() - make_interval(mins => %s),
            'a heron takes off slowly', 'free', 'https://images.example.net/a.png' returning id""",
        words={
            "queued": "PENDING",
            "processing": "IN_PROGRESS",
            "succeeded": "COMPLETED",
            "failed": "FAILED",
        },
        fixed={"plan": "free"},
    ),
    "a trigger guards the status": Shape(
        table="public.render_requests",
        create="""
        create table public.render_requests (
            id uuid primary key default gen_random_uuid(), state text not null default 'new', prompt text,
            image_url text, output_url text, error_message text, runway_task_id text,
            created_at timestamptz not null default now(), updated_at timestamptz);
        create function public.guard_state() returns trigger language plpgsql as $$
        begin
            if new.state is distinct from old.state
                and (old.state, new.state) not in (('new', 'rendering'), ('rendering', 'complete'),
                    ('rendering', 'failed'), ('failed', 'rendering'), ('new', 'failed')) then
                raise exception 'a request that is % cannot become %', old.state, new.state;
            end if;
            return new;
        end $$;
        create trigger guard before update on public.render_requests
            for each row execute function public.guard_state();""",
        insert="""insert into public.render_requests (state, runway_task_id, error_message, output_url,
            created_at, prompt, image_url)
            select %s, %s, %s, %s, now() - make_interval(mins => %s), 'a heron takes off slowly',
            'https://images.example.net/a.png' returning id::text""",
        words={"queued": "new", "processing": "rendering", "succeeded": "complete", "failed": "failed"},
    ),
    "a partitioned table": Shape(
        table="public.video_jobs",
        create="""
        create table public.video_jobs (
            id uuid not null default gen_random_uuid(), status text not null, prompt text, image_url text,
            video_url text, error_message text, runway_task_id text,
            created_at timestamptz not null default now(),
            updated_at timestamptz not null default now(), primary key (id, created_at)
        ) partition by range (created_at);
        create table public.video_jobs_old partition of public.video_jobs
            for values from (minvalue) to ('2026-01-01');
        create table public.video_jobs_new partition of public.video_jobs
            for values from ('2026-01-01') to (maxvalue);
        """,
        insert="""insert into public.video_jobs (status, runway_task_id, error_message, video_url, created_at,
            updated_at, prompt, image_url)
            select %s, %s, %s, %s, t, t, 'a heron takes off slowly', 'https://images.example.net/a.png'
            from (select now() - make_interval(mins => %s) as t) x returning id::text""",
        words={"queued": "queued", "processing": "processing", "succeeded": "completed", "failed": "failed"},
    ),
    "statuses are numbers, and texts are JSON": Shape(
        table="media.render_orders",
        create="""
        create schema media;
        create table media.render_orders (
            order_no integer generated always as identity primary key,
            status smallint not null default 0 check (status between 0 and 9),
            prompt jsonb not null check (prompt ? 'prompt'), start_image text not null, result_url text,
            error jsonb check (error ? 'message'), runway_task_id text, model text not null,
            aspect_ratio text not null, duration_seconds integer not null, engine text,
            created_at timestamptz not null default now());""",
        insert="""insert into media.render_orders (status, runway_task_id, error, result_url, created_at,
            prompt, start_image, model, aspect_ratio, duration_seconds)
            select s::smallint, task,
            case when error is not null then jsonb_build_object('message', error) end, film,
            now() - make_interval(mins => minutes), '{"prompt": "a heron takes off slowly", "mood": "calm"}',
            'https://images.example.net/a.png', 'gen4_turbo', '1280:720', 5
            from (values (%s::text, %s::text, %s::text, %s::text, %s::int)) x (s, task, error, film, minutes)
            returning order_no::text""",
        words={"queued": "0", "processing": "1", "succeeded": "2", "failed": "3"},
        told=True,
    ),
}


@dataclass
class Foreign:
    shape: Shape
    url: str
    owner: PostgresDatabase
    runway: Simulated
    app: App

    @property
    def db(self) -> Database:
        return self.app.db

    def use(self, db: Database) -> None:
        """From now on everything but migrations goes another way."""
        self.app = replace(self.app, opened=db)

    def add(self, status: str, *, task: str | None = None, error: str | None = None, film: str | None = None,
            minutes: int = 30) -> str:  # fmt: skip
        row = self.one(self.shape.insert, self.shape.words.get(status, status), task, error, film, minutes)
        return str(row[0])

    def one(self, query: str, *values: Any) -> tuple[Any, ...]:
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query.encode(), values or None).fetchone()
        assert row is not None
        return row

    def run(self, statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statements.encode())

    def raw(self, video_id: str) -> dict[str, Any]:
        """The row as the app sees it."""
        key = self.mapping["columns"]["id"]
        return dict(
            self.one(f"select to_jsonb(t) from {self.shape.table} t where {key}::text = %s", video_id)[0]
        )

    @property
    def mapping(self) -> dict[str, Any]:
        return dict(self.db.call("dailies_mapping")[0]["mapping"])

    def column(self, ours: str) -> str:
        return str(self.mapping["columns"][ours])

    def look(self) -> list[app_table.AppTable]:
        with self.owner.transaction("test") as connection:
            return app_table.look(connection)

    def judge(self) -> None:
        while judge_dirty(self.app, 100):
            pass

    def logged(self, video_id: str, *messages: str, minutes: float = 29) -> None:
        keys, start = EntryKeys(), round((time.time() - minutes * 60) * 1000)
        rows = []
        for n, text in enumerate(messages):
            entry = LogEntry(start + n * 10, "info", text, f"req-{video_id}", "/api/make")
            rows.append(entry_row(keys.key(entry), entry, video_id, None))
        add_logs(self.db, {"id": None}, rows)

    def poll_to_the_end(self, video_id: str) -> None:
        for _ in range(200):
            polled = poll(self.app, video_id, fastest=0)
            if polled and polled.task and polled.task.is_terminal:
                return
            time.sleep(0.02)
        raise AssertionError("the task did not end")


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0) as running:
        yield running


@pytest.fixture
def open_foreign(
    empty_database_url: str, runway: Simulated, tmp_path: Path
) -> Iterator[Callable[[str], Foreign]]:
    opened: list[Foreign] = []

    def open_shape(name: str) -> Foreign:
        db = PostgresDatabase(empty_database_url, label="foreign")
        found = Foreign(
            SHAPES[name], empty_database_url, db, runway, app_of(db, runway.client, tmp_path, "ben")
        )
        opened.append(found)
        found.run(found.shape.create)
        return found

    yield open_shape
    for each in opened:
        each.owner.close()
        each.db.close()


def traces_of_us(foreign: Foreign) -> list[str]:
    with psycopg.connect(foreign.url) as connection:
        return [
            name
            for (name,) in connection.execute(
                """select nspname::text from pg_namespace where nspname = 'dailies'
                   union all select relname from pg_class where relname like '%dailies%'
                   union all select proname from pg_proc where proname like '%dailies%'
                   union all select tgname from pg_trigger where tgname like '%dailies%'"""
            )
        ]


def mapped(foreign: Foreign) -> dict[str, str]:
    """Some rows of every kind, and the proposed mapping in use; the ids by our status."""
    ids = {
        "succeeded": foreign.add("succeeded", task="aaaaaaaa-0000-4000-8000-00000000000a",
                                 film="https://films.example.net/a.mp4"),
        "failed": foreign.add("failed", error="It did not work out"),
        "processing": foreign.add("processing"),
        "queued": foreign.add("queued", minutes=0),
    }  # fmt: skip
    if foreign.shape.hidden:
        foreign.run(foreign.shape.hidden)
    chosen = app_table.choose(foreign.look())
    assert chosen is not None
    words = {ours: (theirs,) for ours, theirs in foreign.shape.words.items()}
    statuses = words if foreign.shape.told else chosen.statuses
    migrate(foreign.owner, table_map=replace(chosen, statuses=statuses, fixed=foreign.shape.fixed))
    return ids


def test_user_and_ratio_are_read_from_the_columns_that_the_mapping_names(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("keys are texts, updates have no time")
    foreign.run("alter table public.generations add column customer text, add column aspect text")
    ids = mapped(foreign)
    chosen = app_table.choose(foreign.look())
    assert chosen is not None
    columns = {**chosen.columns, "user_id": "customer", "ratio": "aspect"}
    migrate(foreign.owner, table_map=replace(chosen, columns=columns, fixed=foreign.shape.fixed))
    foreign.run(
        f"update public.generations set customer = 'mia', aspect = '16:9' where id = '{ids['failed']}'"
    )
    foreign.judge()
    for chosen_by in (Filters(user="mia"), Filters(ratio="16:9")):
        assert [row["id"] for row in videos.list_videos(foreign.db, chosen_by)] == [ids["failed"]]
    parts = {tuple(point["part"].values()) for point in errors.errors_by(foreign.db, "ratio")}
    assert parts == {("16:9",), ("none",)}


def test_a_column_may_have_a_per_cent_sign_in_its_name(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("keys are texts, updates have no time")
    foreign.run('alter table public.generations add column "whose, in %s" text')
    ids = mapped(foreign)
    chosen = app_table.choose(foreign.look())
    assert chosen is not None
    columns = {**chosen.columns, "user_id": "whose, in %s"}
    migrate(foreign.owner, table_map=replace(chosen, columns=columns, fixed=foreign.shape.fixed))
    foreign.run(f"""update public.generations set "whose, in %s" = 'mia' where id = '{ids["failed"]}'""")
    foreign.judge()
    for text in (None, ids["failed"][:6]):
        found = videos.list_videos(foreign.db, Filters(user="mia", search=text), counted=True)
        assert [row["id"] for row in found] == [ids["failed"]]


@pytest.mark.parametrize("transport", ["postgres", pytest.param("supabase", marks=pytest.mark.rest)])
@pytest.mark.parametrize("name", SHAPES)
def test_a_table_of_somebody_else_is_looked_at_judged_and_repaired(
    open_foreign: Callable[[str], Foreign], name: str, transport: str, request: pytest.FixtureRequest
) -> None:
    foreign = open_foreign(name)
    ids = mapped(foreign)
    if transport == "supabase":
        rest: RestServer = request.getfixturevalue("rest_server")
        foreign.use(rest.open(foreign.url))
    assert foreign.mapping["relation"] == foreign.shape.table
    assert check_schema(foreign.db).problem is None

    # judge, and what the pages ask
    foreign.judge()
    totals = overview.overview(foreign.db)["totals"]
    expected = {"succeeded": 1, "failed": 1, "processing": 1, "queued": 1}
    if "draft" in foreign.shape.hidden:
        expected["draft"] = 1
    assert totals["by_status"] == expected
    assert (totals["succeeded"], totals["failed"], totals["unfinished"]) == (1, 1, 2)
    assert [row["id"] for row in videos.list_videos(foreign.db, Filters(statuses=("failed",)))] == [
        ids["failed"]
    ]
    assert [row["id"] for row in videos.list_videos(foreign.db, Filters(trouble="stuck"))] == [
        ids["processing"]
    ]
    (listed,) = videos.list_videos(foreign.db, Filters(statuses=("succeeded",)))
    assert listed["prompt"] == "a heron takes off slowly"
    assert listed["runway_video_id"] == "aaaaaaaa-0000-4000-8000-00000000000a"
    assert videos.find_videos(foreign.db, ids["queued"]) == [ids["queued"]]
    assert videos.find_videos(foreign.db, "aaaaaaaa-0000-4000-8000-00000000000a") == [ids["succeeded"]]

    # recover: a task that exists is saved in the app's own column and word
    task = foreign.runway.client.create(REQUEST)
    recovered = recover(foreign.app, ids["processing"], task.id)
    assert recovered.task.id == task.id
    foreign.poll_to_the_end(ids["processing"])
    row = foreign.raw(ids["processing"])
    assert str(row[foreign.column("status")]) == foreign.shape.words["succeeded"]
    assert row[foreign.column("runway_video_id")] == task.id
    assert row[foreign.column("video_url")].startswith("http")

    # retry: paid once, and its outcome is in the app's row
    found = plan(foreign.app, [ids["failed"]])[0]
    override = None if found.action is Action.RETRY else ids["failed"][:8]
    done = carry_out(foreign.app, Agreed(ids["failed"], found.action, found.key, override))
    assert done, found
    (attempt,) = attempts_of(foreign.db, ids["failed"])
    assert attempt.state is AttemptState.CREATED
    foreign.poll_to_the_end(ids["failed"])
    assert str(foreign.raw(ids["failed"])[foreign.column("status")]) == foreign.shape.words["succeeded"]

    # generate, at once and by the queue
    assert foreign.db.call("dailies_try_sample") == [{"refused": None}]
    made = generate(foreign.app, REQUEST, key="one click")
    again = generate(foreign.app, REQUEST, key="one click")
    assert (again.video_id, again.paid) == (made.video_id, False)
    foreign.poll_to_the_end(made.video_id)
    row = foreign.raw(made.video_id)
    assert str(row[foreign.column("status")]) == foreign.shape.words["succeeded"]
    assert {key: row[key] for key in foreign.shape.fixed} == foreign.shape.fixed
    (queued,) = enqueue(foreign.app, [REQUEST], key="another click")
    assert enqueue(foreign.app, [REQUEST], key="another click") == [queued]
    assert videos.get_video(foreign.db, queued)["video"]["status"] == "queued"
    (job,) = dequeue(foreign.db)
    assert job.video_id == queued
    assert process(foreign.app, job).paid
    assert foreign.raw(queued)[foreign.column("runway_video_id")]
    assert [entry.video_id for entry in foreign.app.journal.read().entries[-2:]] == [made.video_id, queued]
    assert recover_from_journal(foreign.app).problems == []
    assert foreign.runway.posts == 4

    # uninstall: nothing of ours is left, and the app's rows are
    before = foreign.one(f"select count(*) from {foreign.shape.table}")
    uninstall(foreign.owner, keep_history=False)
    assert traces_of_us(foreign) == []
    assert foreign.one(f"select count(*) from {foreign.shape.table}") == before
    foreign.add("failed")


@pytest.mark.parametrize("name", SHAPES)
def test_the_apps_own_writes_are_noticed(open_foreign: Callable[[str], Foreign], name: str) -> None:
    foreign = open_foreign(name)
    ids = mapped(foreign)
    foreign.judge()
    status, key = foreign.column("status"), foreign.column("id")
    foreign.run(f"update {foreign.shape.table} set {status} = '{foreign.shape.words['failed']}'"
                f" where {key}::text = '{ids['queued']}'")  # fmt: skip
    new = foreign.add("processing", minutes=40)
    foreign.judge()
    found = {row["id"]: row["status"] for row in videos.list_videos(foreign.db)}
    assert (found[ids["queued"]], found[new]) == ("failed", "processing")
    assert {row["id"] for row in videos.list_videos(foreign.db, Filters(trouble="stuck"))} == {
        ids["processing"],
        new,
    }
    foreign.run(f"delete from {foreign.shape.table} where {key}::text = '{new}'")
    assert {row["id"] for row in videos.list_videos(foreign.db, Filters(trouble="stuck"))} == {
        ids["processing"]
    }


def by_status(foreign: Foreign) -> dict[str, int]:
    return dict(overview.overview(foreign.db)["totals"]["by_status"])


@pytest.mark.parametrize("name", SHAPES)
def test_figures_follow_a_row_to_another_time_and_a_table_that_is_emptied(
    open_foreign: Callable[[str], Foreign], name: str
) -> None:
    foreign = open_foreign(name)
    mapped(foreign)
    foreign.judge()
    table, created, status = foreign.shape.table, foreign.column("created_at"), foreign.column("status")
    assert by_status(foreign)["failed"] == 1
    foreign.run(
        f"update {table} set {created} = now() - interval '20 days'"
        f" where {status} = '{foreign.shape.words['failed']}'"
    )
    assert "failed" not in by_status(foreign)
    foreign.judge()
    assert "failed" not in by_status(foreign)
    foreign.run(f"truncate {table}")
    assert by_status(foreign) == {}
    assert foreign.one("select count(*) from dailies.verdicts") == (0,)
    assert foreign.one("select coalesce(sum(n), 0) from dailies.tallies where kind = 'cause'") == (0,)


def test_a_partition_that_was_dropped_counts_until_migrate_runs_again(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("a partitioned table")
    mapped(foreign)
    foreign.judge()
    foreign.run("drop table public.video_jobs_new")
    assert by_status(foreign) != {}
    migrate(foreign.owner)
    assert by_status(foreign) == {}


TO_TEXT = """alter table studio."Clips" alter column phase drop default,
    alter column phase type text using phase::text"""
TO_ENUM = """create type public.state as enum ('new', 'rendering', 'complete', 'failed');
    alter table public.render_requests disable trigger guard;
    drop trigger guard on public.render_requests;
    alter table public.render_requests alter column state drop default,
    alter column state type public.state using state::public.state"""
UPPER = """alter table studio."Clips" alter column phase drop default,
    alter column phase type text using upper(phase::text)"""


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("numbers, times without zone, another schema and deleted rows", TO_TEXT),
        ("a trigger guards the status", TO_ENUM),
    ],
)
def test_the_apps_own_migration_may_make_an_enum_a_text_and_a_text_an_enum(
    open_foreign: Callable[[str], Foreign], name: str, change: str
) -> None:
    foreign = open_foreign(name)
    ids = mapped(foreign)
    foreign.judge()
    before, words = by_status(foreign), mapping.mapped(foreign.db)["words"]
    foreign.run(change)
    assert by_status(foreign) == before
    assert mapping.mapped(foreign.db)["words"] == words
    (listed,) = videos.list_videos(foreign.db, Filters(statuses=("failed",)))
    assert listed["id"] == ids["failed"]
    migrate(foreign.owner)
    assert check_schema(foreign.db).problem is None
    foreign.run(
        f"update {foreign.shape.table} set {foreign.column('status')} = '{foreign.shape.words['failed']}'"
        f" where {foreign.column('id')}::text = '{ids['queued']}'"
    )
    foreign.judge()
    assert by_status(foreign)["failed"] == 2
    assert foreign.one("select count(*) from dailies.verdicts where word is null") == (0,)


def test_words_that_change_with_the_type_of_their_column_are_counted_by_migrate(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("numbers, times without zone, another schema and deleted rows")
    mapped(foreign)
    foreign.judge()
    foreign.run(UPPER)
    migrate(foreign.owner)
    words = {"WAITING": 1, "RENDERING": 1, "READY": 1, "BROKEN": 1, "DRAFT": 1}
    assert by_status(foreign) == words
    assert {word.word: word.rows for word in mapping.unmapped(foreign.db)} == words
    assert {word["word"]: word["n"] for word in mapping.mapped(foreign.db)["words"]} == words
    foreign.judge()
    assert by_status(foreign) == words


def test_words_of_a_partitioned_table_are_counted_from_its_rows(
    open_foreign: Callable[[str], Foreign],
) -> None:
    """Of the parent Postgres has neither an estimate nor statistics, until somebody analyses it."""
    foreign = open_foreign("a partitioned table")
    for _ in range(3):
        foreign.add("failed")
    foreign.run("analyze public.video_jobs_new")
    assert foreign.one("select reltuples from pg_class where relname = 'video_jobs'") == (-1,)
    (found,) = foreign.look()
    assert "about 3 rows, status `status` (failed 3)" in str(found)
    ids = mapped(foreign)
    expected = {"succeeded": 1, "failed": 4, "processing": 1, "queued": 1}
    for _ in ("nobody has judged", "all are judged"):
        told = mapping.mapped(foreign.db)["words"]
        assert {word["status"]: word["n"] for word in told} == expected
        foreign.judge()
    assert ids.keys() == expected.keys()


def test_a_worker_without_a_runway_key_looks_and_judges_and_says_what_needs_one(
    open_foreign: Callable[[str], Foreign], tmp_path: Path
) -> None:
    foreign = open_foreign("a partitioned table")
    mapped(foreign)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DAILIES_DATA": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "lib", "worker", "--idle", "0.1"],
        cwd=ROOT,
        env=environment | {"DATABASE_URL": foreign.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as worker:
        try:
            ends = time.monotonic() + 30
            while worker.poll() is None and foreign.one("select count(*) from dailies.verdicts") != (4,):
                assert time.monotonic() < ends
                time.sleep(0.1)
            worker.send_signal(signal.SIGTERM)
            told, _ = worker.communicate(timeout=20)
        finally:
            worker.kill()
    assert worker.returncode == 0, told
    assert "RUNWAY_API_KEY is not set: it looks and judges. Generating" in told
    assert foreign.one("select count(*) from dailies.verdicts") == (4,)
    assert foreign.runway.posts == 0


def test_rows_that_are_not_judged_are_counted_apart(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("numbers, times without zone, another schema and deleted rows")
    ids = mapped(foreign)
    foreign.judge()
    told = foreign.db.call("dailies_mapping")[0]
    assert told["others"] == {"kling": 1, "luma": 1}
    assert {"word": "draft", "status": "draft", "n": 1} in told["words"]
    assert mapping.unmapped(foreign.db) == [("draft", 1, None)]
    assert told["left_out"] == 2
    foreign.run("""update studio."Clips" set deleted_at = now() where engine = 'luma'""")
    told = foreign.db.call("dailies_mapping")[0]
    assert (told["others"], told["left_out"]) == ({"kling": 1}, 3)
    assert foreign.one("select count(*) from dailies.verdicts") == (5,)
    foreign.run(f"""update studio."Clips" set deleted_at = now() where id = {ids["processing"]}""")
    foreign.judge()
    assert videos.list_videos(foreign.db, Filters(trouble="stuck")) == []
    assert foreign.one("select count(*) from dailies.verdicts") == (4,)
    foreign.run(f"""update studio."Clips" set deleted_at = null where id = {ids["processing"]}""")
    foreign.judge()
    assert [row["id"] for row in videos.list_videos(foreign.db, Filters(trouble="stuck"))] == [
        ids["processing"]
    ]


def test_a_word_gets_its_meaning_while_everything_runs(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("numbers, times without zone, another schema and deleted rows")
    mapped(foreign)
    foreign.judge()
    assert mapping.remap(foreign.db, {"words": {"draft": "processing"}}, "eve") == []
    foreign.judge()
    assert mapping.unmapped(foreign.db) == []
    assert overview.overview(foreign.db)["totals"]["by_status"]["processing"] == 2
    assert foreign.mapping["statuses"]["processing"] == ["rendering", "draft"]
    (noted,) = audit.trail(foreign.db, action="map")
    assert noted["operator"] == "eve"
    assert (noted["before"] or {}).keys() == (noted["after"] or {}).keys() == {"statuses"}
    mapping.remap(foreign.db, {"words": {"draft": "unmapped"}}, "eve")
    assert [each.word for each in mapping.unmapped(foreign.db)] == ["draft"]


def test_a_word_that_no_row_says_makes_way_for_the_one_they_do(
    open_foreign: Callable[[str], Foreign],
) -> None:
    """Installed before words could be mapped: all its finished videos counted as unknown."""
    foreign = open_foreign("a partitioned table")
    mapped(foreign)
    foreign.run("update dailies.mapping set statuses = '{}'")
    migrate(foreign.owner)
    assert mapping.unmapped(foreign.db) == [("completed", 1, "succeeded")]
    mapping.remap(foreign.db, {"words": {"completed": "succeeded"}}, "eve")
    made = generate(foreign.app, REQUEST)
    foreign.poll_to_the_end(made.video_id)
    assert foreign.raw(made.video_id)["status"] == "completed"
    assert mapping.unmapped(foreign.db) == []


def test_a_mapping_that_cannot_be_used_is_refused_whole_with_every_problem(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("finished is called done, and a row needs its person")
    mapped(foreign)
    before = foreign.mapping
    columns = before["columns"] | {"created_at": "prompt", "video_url": "film"}
    changes = {"columns": columns, "words": {"done": "over"}, "left_out": ["gone"]}
    with pytest.raises(BadInput) as refused:
        mapping.remap(foreign.db, changes, "eve")
    for part in ('"over" is no status', "public.videos.prompt is text", "no column film", "no column gone"):
        assert part in str(refused.value)
    assert foreign.mapping == before
    assert audit.trail(foreign.db, action="map") == []


def test_a_map_file_that_names_a_column_that_is_not_there_is_refused_and_no_column_is_made_for_it(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("keys are texts, updates have no time")
    mapped(foreign)
    columns, before = foreign.mapping["columns"], foreign.mapping
    chosen = app_table.choose(foreign.look())
    assert chosen is not None
    wrong = replace(chosen, columns={**columns, "video_url": "outptu_url", "prompt": "promt"})
    with pytest.raises(BadInput) as refused:
        migrate(foreign.owner, table_map=wrong)
    for part in ("no column outptu_url, which the mapping names for video_url", "no column promt"):
        assert part in str(refused.value)
    assert foreign.mapping == before
    assert "video_url" not in foreign.raw(foreign.add("failed"))


def test_rows_that_mean_something_else_now_are_judged_anew(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("numbers, times without zone, another schema and deleted rows")
    ids = mapped(foreign)
    foreign.judge()
    lacks = mapping.remap(foreign.db, {"left_out": [], "provider": None}, "eve")
    assert any(each.startswith("index dailies_videos_newest") for each in lacks)
    foreign.judge()
    assert foreign.one("select count(*) from dailies.verdicts") == (9,)
    mapping.remap(foreign.db, {"left_out": ["deleted_at"], "provider": "engine"}, "eve")
    foreign.judge()
    assert foreign.one("select count(*) from dailies.verdicts") == (5,)
    chosen = app_table.choose(foreign.look())
    assert chosen is not None
    migrate(foreign.owner, table_map=replace(chosen, statuses={**chosen.statuses, "processing": ("draft",)}))
    foreign.judge()
    assert foreign.one("select status from dailies.videos() where id = %s", ids["processing"]) == (
        "rendering",
    )
    assert videos.list_videos(foreign.db, Filters(trouble="stuck")) == []


def test_a_time_without_zone_is_utc_and_a_missing_one_stays_missing(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("numbers, times without zone, another schema and deleted rows")
    foreign.run("alter database current_database_name set timezone = 'Asia/Tokyo'".replace(
        "current_database_name", foreign.url.rsplit("/", 1)[1]))  # fmt: skip
    ids = mapped(foreign)
    (row,) = [row for row in videos.list_videos(foreign.db) if row["id"] == ids["processing"]]
    age = time.time() - foreign.one("select extract(epoch from %s::timestamptz)::float", row["created_at"])[0]
    assert 29 * 60 < age < 31 * 60
    assert row["updated_at"] is None
    foreign.judge()
    assert foreign.one("select count(*) from dailies.verdicts where finished_at is not null") == (0,)
    recover(foreign.app, ids["processing"], foreign.runway.client.create(REQUEST).id)
    (late,) = foreign.one(
        "select abs(extract(epoch from modified - now() at time zone 'utc')) < 60"
        ' from studio."Clips" where id = %s',
        int(ids["processing"]),
    )
    assert late


def test_what_a_sample_lacks_is_listed_before_anything_is_paid(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("finished is called done, and a row needs its person")
    shape = replace(foreign.shape, fixed={})
    mapped(replace(foreign, shape=shape))
    told = foreign.db.call("dailies_mapping")[0]
    assert told["required"] == [{"name": "user_id", "type": "uuid", "points_to": "public.people"}]
    assert "user_id" in foreign.db.call("dailies_try_sample")[0]["refused"]
    with pytest.raises(BadInput, match=r"Nothing was paid for: .*user_id.*\[fixed\]"):
        generate(foreign.app, REQUEST)
    assert foreign.runway.posts == 0
    assert foreign.one("select count(*) from public.videos") == (4,)


def test_numbers_as_statuses_are_guessed_from_their_rows_and_else_said_to_be_unmapped(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("statuses are numbers, and texts are JSON")
    mapped(foreign)
    proposed = app_table.choose(foreign.look())
    assert proposed is not None
    assert (proposed.statuses["succeeded"], proposed.statuses["failed"]) == (("2",), ("3",))
    assert sorted(proposed.unmapped) == ["0", "1"]
    foreign.run("update dailies.mapping set statuses = '{}'")
    assert "no word for" in foreign.db.call("dailies_try_sample")[0]["refused"]


def test_a_sample_has_its_columns_and_its_json_as_the_apps_own_rows_have_them(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("statuses are numbers, and texts are JSON")
    mapped(foreign)
    assert mapping.needs(foreign.db) == []
    (queued,) = enqueue(foreign.app, [REQUEST], key="one click")
    for made in (generate(foreign.app, REQUEST).video_id, queued):
        row = foreign.raw(made)
        assert row["prompt"] == {"prompt": REQUEST.prompt}
        assert (row["model"], row["aspect_ratio"]) == (REQUEST.model, REQUEST.ratio)
        assert row["duration_seconds"] == REQUEST.duration
    fixed = {"aspect_ratio": "16:9"}
    mapping.remap(foreign.db, {"fixed": fixed}, "eve")
    assert foreign.raw(generate(foreign.app, REQUEST).video_id)["aspect_ratio"] == "16:9"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ('{"text": "a crane", "seed": 4}', {"text": "a fox"}),
        ('{"prompt": "a crane"}', {"prompt": "a fox"}),
        ('["a crane"]', ["a fox"]),
        ('[{"text": "a crane"}]', [{"text": "a fox"}]),
        ('"a crane"', "a fox"),
    ],
)
def test_json_is_written_in_the_shape_that_it_is_read_in(
    open_foreign: Callable[[str], Foreign], theirs: str, ours: object
) -> None:
    foreign = open_foreign("numbers, times without zone, another schema and deleted rows")
    mapped(foreign)
    foreign.run(f"""update studio."Clips" set "promptText" = '{theirs}'""")
    assert {row["prompt"] for row in videos.list_videos(foreign.db)} == {"a crane"}
    assert foreign.one("select dailies.as_json('prompt', '\"a fox\"')") == (ours,)


def test_json_of_a_shape_that_nobody_knows_is_not_made_up(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("numbers, times without zone, another schema and deleted rows")
    mapped(foreign)
    foreign.run("""update studio."Clips" set "promptText" = '{"scene": {"who": "a crane"}}'""")
    with pytest.raises(BadInput, match=r"Nothing was paid for: .*no row of its own shows how"):
        generate(foreign.app, REQUEST)
    assert foreign.runway.posts == 0


def test_rows_without_a_provider_are_said_to_count_as_runways(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("numbers, times without zone, another schema and deleted rows")
    foreign.run('alter table studio."Clips" alter column engine drop not null')
    ids = mapped(foreign)
    foreign.run(f'update studio."Clips" set engine = null where id = {ids["failed"]}')
    told = mapping.mapped(foreign.db)
    assert (told["others"], told["unsaid"]) == ({"kling": 1, "luma": 1}, 1)
    checks = {check.code: check.found for check in check_database(foreign.app)}
    assert "where engine is empty, it counts as Runway's: 1 rows" in checks["E205"]


def test_a_given_value_that_the_table_refuses_is_told_as_such_before_anything_is_paid(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("finished is called done, and a row needs its person")
    nobody = "00000000-0000-4000-8000-00000000dead"
    mapped(replace(foreign, shape=replace(foreign.shape, fixed={"user_id": nobody})))
    with pytest.raises(BadInput, match=r'constraint "\w+"\. A value under \[fixed\] in the mapping may not'):
        generate(foreign.app, REQUEST)
    assert foreign.runway.posts == 0


def test_a_word_that_the_app_does_not_have_is_never_written(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("keys are texts, updates have no time")
    mapped(foreign)
    statuses = foreign.mapping["statuses"] | {"failed": []}
    foreign.run(
        f"update dailies.mapping set statuses = '{json.dumps({k: v for k, v in statuses.items() if v})}'"
    )
    migrate(foreign.owner)
    with pytest.raises(BadInput, match='The app has no word for "failed"'):
        generate(foreign.app, REQUEST)
    assert foreign.runway.posts == 0


def test_two_tables_that_may_be_meant_are_both_told(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("keys are texts, updates have no time")
    foreign.add("succeeded", film="https://films.example.net/b.mp4")
    foreign.run(SHAPES["a partitioned table"].create)
    with pytest.raises(BadInput) as refused:
        migrate(foreign.owner)
    told = str(refused.value)
    assert "public.generations: " in told
    assert "status `state` (COMPLETED 1)" in told
    assert "public.video_jobs: " in told
    assert "python -m lib map --apply" in told
    assert foreign.one("select to_regclass('public.videos')") == (None,)


def test_the_history_can_be_kept_and_gone_on_with(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("keys are texts, updates have no time")
    mapped(foreign)
    made = generate(foreign.app, REQUEST)
    assert {removal.what.split()[0] for removal in removals(foreign.owner, keep_history=True)} == {
        *("trigger", "index", "function", "the", "queue", "record"),
    }
    uninstall(foreign.owner, keep_history=True)
    assert foreign.one("select count(*) from pg_proc where proname like 'dailies%'") == (0,)
    migrate(foreign.owner)
    assert check_schema(foreign.db).problem is None
    assert [each.id for each in attempts_of(foreign.db, made.video_id)] == [made.attempt.id]


def test_an_older_program_leaves_a_newer_schema_alone(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("keys are texts, updates have no time")
    mapped(foreign)
    foreign.run(
        "insert into dailies.migrations (version, name, digest) values ('29990101000000', 'later', 'x')"
    )
    with pytest.raises(SettingsError, match="newer Dailies"):
        migrate(foreign.owner)
    assert "newer Dailies" in str(check_schema(foreign.db).problem)


def test_the_app_never_waits_behind_a_migration_that_waits(open_foreign: Callable[[str], Foreign]) -> None:
    """An open transaction holds the table; what comes after it goes on meanwhile."""
    foreign = open_foreign("finished is called done, and a row needs its person")
    mapped(foreign)
    foreign.run("drop trigger dailies_mark_new on public.videos")
    with psycopg.connect(foreign.url) as holder, ThreadPoolExecutor(1) as thread:
        holder.execute("update public.videos set prompt = prompt")
        migrating = thread.submit(migrate, foreign.owner)
        slowest = 0.0
        for _ in range(20):
            began = time.monotonic()
            foreign.add("processing")
            slowest = max(slowest, time.monotonic() - began)
        assert not migrating.done()
        holder.commit()
        migrating.result(60)
    assert slowest < 1
    assert check_schema(foreign.db).problem is None


STRICT = """
create function public.final() returns trigger language plpgsql as $$
begin
    if old.status = 'error' and new.status <> 'error' then
        raise exception 'an error is final';
    end if;
    return new;
end $$;
create trigger final before update on public.videos for each row execute function public.final();
"""


def test_what_the_apps_trigger_would_refuse_is_never_paid_for(open_foreign: Callable[[str], Foreign]) -> None:
    foreign = open_foreign("finished is called done, and a row needs its person")
    ids = mapped(foreign)
    foreign.run(STRICT)
    foreign.judge()
    found = plan(foreign.app, [ids["failed"]])[0]
    agreed = Agreed(ids["failed"], Action.RETRY, found.key, ids["failed"][:8])
    with pytest.raises(DailiesError, match=r"^Nothing was paid for: .*an error is final"):
        carry_out(foreign.app, agreed)
    assert foreign.runway.posts == 0
    assert foreign.raw(ids["failed"])["status"] == "error"


def test_rows_that_row_security_hides_are_told_from_none(
    open_foreign: Callable[[str], Foreign], cluster: Cluster
) -> None:
    """The owner itself is held to row security, as `force row level security` does, and no policy lets it."""
    foreign = open_foreign("finished is called done, and a row needs its person")
    foreign.add("processing")
    chosen = app_table.choose(foreign.look())
    name, database = f"clerk_{time.monotonic_ns()}", foreign.url.rsplit("/", 1)[1]
    admin = cluster.admin(database)
    admin.execute(f"create role {name} login password 'clerk'".encode())
    clerk = PostgresDatabase(make_conninfo(foreign.url, user=name, password="clerk"), label="clerk")
    try:
        admin.execute(
            f"""grant create on database {database} to {name}; grant all on schema public to {name};
            alter table public.people owner to {name}; alter table public.videos owner to {name}""".encode()
        )
        migrate(clerk, table_map=chosen)
        assert "E203" not in {check.code for check in check_database(app_of(clerk))}
        assert overview.overview(clerk)["totals"]["total"] == 1
        admin.execute("alter table public.videos force row level security")
        told = {check.code: check for check in check_database(app_of(clerk))}
        assert "Row security hides rows of public.videos" in told["E203"].found
        assert overview.overview(clerk)["totals"]["total"] == 0
    finally:
        clerk.close()
        admin.execute(f"drop owned by {name} cascade; drop role {name}".encode())
        admin.close()


def test_a_view_is_refused_with_the_table_to_map_and_everything_else_that_is_wrong(
    open_foreign: Callable[[str], Foreign],
) -> None:
    foreign = open_foreign("keys are texts, updates have no time")
    foreign.add("succeeded", film="https://films.example.net/c.mp4")
    foreign.run("create view public.films as select id, state, plan, inserted_at from public.generations")
    columns = {"id": "id", "status": "status", "created_at": "plan", "video_url": "output_url"}
    with pytest.raises(BadInput) as refused:
        migrate(foreign.owner, table_map=TableMap(columns, {}, table="public.films"))
    told = str(refused.value)
    assert "public.films is a view" in told
    assert "Map public.generations instead" in told or "Map generations instead" in told
    assert "public.films.plan is text, and created_at has to be a time" in told
    assert "no column status" in told
    assert traces_of_us(foreign) == []

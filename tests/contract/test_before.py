"""What is seen of an app's table before Dailies is installed beside it: everything, and nothing changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lib.data import app_table, overview, videos
from lib.data.before import Before, looked_at
from lib.data.database import Database
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.data.videos import Filters
from lib.errors import BadInput, NotAllowed
from lib.operations.environment.settings import check_database
from lib.operations.import_logs import import_logs
from lib.operations.judge import judge_dirty
from lib.ui.kit.dashboard import Dashboard, provide
from lib.ui.startup import Startup
from tests.apps import app_of
from tests.databases import Cluster
from tests.pages import opened, serve, text_of

TABLE = """
create table public.video_jobs (
    id bigint generated always as identity (start with 70) primary key, stage text not null, "wish" jsonb,
    picture text, film_url text, problem text, runway_task_id text, removed_at timestamptz,
    asked_at timestamp not null default (now() at time zone 'utc'));
insert into public.video_jobs (stage, wish, picture, film_url, problem, runway_task_id, asked_at, removed_at)
select case n % 4 when 0 then 'FINISHED' when 1 then 'BROKEN' when 2 then 'RENDERING' else 'DRAFT' end,
    '{"text": "a fox runs"}', 'data:image/png;base64,' || repeat('A', 9000),
    case n % 4 when 0 then 'https://films.example.net/' || n || '.mp4' end,
    case n % 4 when 1 then 'Runway answered 500' end, case n % 4 when 0 then gen_random_uuid()::text end,
    (now() - make_interval(mins => 10 + n)) at time zone 'utc', case n when 40 then now() end
from generate_series(1, 40) n;
create table public.people (id uuid primary key, email text);
"""


@pytest.fixture
def source(empty_database_url: str, connect: Callable[[str], Database]) -> Database:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(TABLE)
    return connect(empty_database_url)


@pytest.fixture
def look(open_folder: Path) -> Iterator[Callable[[Database], Before]]:
    made: list[Before] = []

    def before(source: Database) -> Before:
        found = looked_at(source, open_folder / f"before-{uuid4().hex}")
        assert isinstance(found, Before)
        made.append(found)
        return found

    yield before
    for each in made:
        each.leave()


def of_us(url: str) -> tuple[Any, ...]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            """select count(*) filter (where n.nspname in ('dailies', 'pgmq')),
                   (select count(*) from pg_proc where proname like 'dailies%'),
                   (select md5(string_agg(f::text, '' order by id)) from video_jobs f)
               from pg_namespace n"""
        ).fetchone()
    assert found is not None
    return found


def test_everything_is_seen_and_nothing_is_changed(
    source: Database, look: Callable[[Database], Before], empty_database_url: str
) -> None:
    untouched = of_us(empty_database_url)
    before = look(source)
    app = app_of(before)
    while judge_dirty(app, 100):
        pass
    totals = overview.overview(before)["totals"]
    assert totals["by_status"] == {"succeeded": 9, "failed": 10, "processing": 10, "DRAFT": 10}
    assert len(videos.list_videos(before, Filters(trouble="stuck"))) == 10
    (group,) = overview.error_groups(before)[:1]
    assert group["n"] == 10
    (failed, *_) = videos.list_videos(before, Filters(statuses=("failed",)))
    assert (failed["prompt"], failed["error_message"]) == ("a fox runs", "Runway answered 500")
    row = videos.get_video(before, failed["id"])["video"]
    assert row["whole"]["stage"] == "BROKEN"
    assert len(row["input_image_url"]) < 200
    # logs that somebody reads in, and the verdict that they give
    text = f"2026-11-26T10:00:00.000Z [error] video {failed['id']}: RUNWAY_API_KEY is not set\n"
    assert import_logs(app, BytesIO(text.encode()), name="pasted").entries == 1
    # what would change something is refused, and the app's database is as it was
    for function, arguments in (
        ("dailies_remap", {"p_changes": {}, "p_operator": "eve"}),
        ("dailies_try_sample", {}),
        ("dailies_enqueue", {"p_jobs": []}),
    ):
        with pytest.raises(NotAllowed, match="python -m lib migrate"):
            before.call(function, **arguments)
    assert [check.code for check in check_database(app)] == ["E201", "E202"]
    assert of_us(empty_database_url) == untouched


def test_news_are_read_and_what_is_gone_goes(
    source: Database, look: Callable[[Database], Before], empty_database_url: str
) -> None:
    before = look(source)
    assert before.refresh() == 0
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("insert into video_jobs (stage) values ('RENDERING')")
        connection.execute("update video_jobs set stage = 'FINISHED' where id = 72")
        connection.execute("delete from video_jobs where id = 71")
    assert before.refresh() == 2
    assert videos.find_videos(before, "110") == ["110"]
    assert videos.find_videos(before, "71") == []
    assert overview.overview(before)["totals"]["total"] == 39


def test_after_migrate_the_real_thing_is_used(
    source: Database, look: Callable[[Database], Before], empty_database_url: str, open_folder: Path
) -> None:
    before = look(source)
    assert not before.is_over()
    if isinstance(source, PostgresDatabase):
        migrate(source)
        assert before.is_over()
        assert looked_at(source, open_folder / "unused") is source


def test_a_database_without_such_a_table_says_so(empty_database_url: str, open_folder: Path) -> None:
    database = PostgresDatabase(empty_database_url, label="theirs")
    with pytest.raises(BadInput, match="No table here looks as if it held videos"):
        looked_at(database, open_folder / "none")
    database.close()


def test_where_two_tables_may_be_meant_the_pages_ask_which_and_go_on_when_it_is_told(
    empty_database_url: str, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(TABLE)
        connection.execute("create table public.old_jobs as select * from public.video_jobs")
        connection.execute("alter table public.old_jobs add primary key (id)")
    monkeypatch.setattr("lib.ui.startup.REFRESH_SECONDS", 0.2)
    dashboard = Dashboard(app_of(folder=open_folder / "asked", database_url=empty_database_url))
    provide(dashboard)
    startup = Startup(dashboard)
    startup.start()
    try:
        wait_until(lambda: dashboard.whole_app.table_unknown)
        said = text_of(opened("overview"))
        assert "Which table holds the videos?" in said
        assert "public.old_jobs: about 40 rows" in said
        assert "public.video_jobs: about 40 rows" in said
        assert "cannot be reached" not in said
        (check,) = check_database(dashboard.whole_app)
        assert check.found == "It answers, and nobody can tell which table holds the videos"
        database = PostgresDatabase(empty_database_url, label="theirs")
        with database.transaction("look") as connection:
            tables = {table.name: table.proposal for table in app_table.look(connection)}
        meant = tables["public.video_jobs"]
        assert meant is not None
        migrate(database, table_map=meant.map)
        database.close()
        wait_until(lambda: dashboard.whole_app.opened is not None)
        assert not dashboard.whole_app.table_unknown
        wait_until(lambda: "Which table" not in text_of(opened("overview")))
    finally:
        startup.stop()


def wait_until(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_database_that_is_away_at_the_start_is_looked_at_when_it_is_there(
    empty_database_url: str, cluster: Cluster, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(empty_database_url) as there:
        there.execute(TABLE)
    name = empty_database_url.rsplit("/", 1)[1]
    with cluster.admin() as connection:
        connection.execute(f"alter database {name} rename to {name}_away".encode())
        monkeypatch.setattr("lib.ui.startup.AGAIN_SECONDS", 0.2)
        dashboard = Dashboard(app_of(folder=open_folder / "away", database_url=empty_database_url))
        provide(dashboard)
        startup = Startup(dashboard)
        startup.start()
        try:
            wait_until(lambda: "database" in dashboard.problems)
            assert "does not exist" in text_of(opened("overview"))
            connection.execute(f"alter database {name}_away rename to {name}".encode())
            wait_until(lambda: dashboard.before is not None and dashboard.loop is not None)
            assert "Dailies only looks" in text_of(opened("overview"))
        finally:
            startup.stop()


def test_rows_that_row_security_hides_are_told_from_an_empty_table(
    empty_database_url: str, cluster: Cluster, look: Callable[[Database], Before]
) -> None:
    name, database = f"guest_{uuid4().hex}", empty_database_url.rsplit("/", 1)[1]
    admin = cluster.admin(database)
    try:
        admin.execute(TABLE)
        admin.execute(
            f"""create role {name} login password 'guest'; grant create on database {database} to {name};
            alter table public.video_jobs owner to {name}; alter table public.people owner to {name};
            alter table public.video_jobs enable row level security""".encode()
        )
        owner = PostgresDatabase(
            make_conninfo(empty_database_url, user=name, password="guest"), label="theirs"
        )
        assert not look(owner).hides_rows
        admin.execute("alter table public.video_jobs force row level security")
        with pytest.raises(BadInput, match="Row security hides rows of it"):
            look(owner)
        admin.execute("alter table public.video_jobs rename column stage to status")
        admin.execute("alter table public.video_jobs rename column asked_at to created_at")
        before = look(owner)
        assert overview.overview(before)["totals"]["total"] == 0
        serve(before).before = before
        assert "Row security hides rows of public.video_jobs" in text_of(opened("overview"))
        owner.close()
    finally:
        admin.execute(f"drop owned by {name} cascade; drop role {name}".encode())
        admin.close()


def test_the_pages_say_that_they_only_look(source: Database, look: Callable[[Database], Before]) -> None:
    before = look(source)
    serve(before).before = before
    for page in ("overview", "videos", "errors", "environment", "generate", "recover"):
        said = text_of(opened(page))
        assert "Dailies only looks" in said
        assert "public.video_jobs" in said

"""An app's table that refuses what comes back: found before anything is paid, and later nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.sql import SQL

from lib.data import attempts, videos
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.domain.attempt import AttemptState
from lib.domain.pricing import GenerationRequest
from lib.domain.task import Task, TaskStatus
from lib.errors import BadInput
from lib.operations.dossiers import load_dossier
from tests.apps import app_of
from tests.examples import TANGO
from tests.production import attempts_of

REQUEST = GenerationRequest("https://images.example.com/rex.jpg", "Rex dances")
TASK = "11111111-aaaa-4000-8000-00000000000a"
FILM = "https://cdn.example.com/rex.mp4"
REFUSALS = {
    "a check without succeeded": "add constraint words check (status in ('processing', 'failed'))",
    "a check without failed": "add constraint words check (status in ('processing', 'succeeded')) not valid",
    "a check on the id": "add constraint ids check (length(runway_video_id) < 10)",
    "a check on the address": "add constraint films check (video_url like 'https://storage.example.com/%')",
}


@pytest.fixture
def db(own_database_url: str) -> Iterator[Database]:
    database = PostgresDatabase(own_database_url, label="test")
    made = {"id": TANGO, "status": "failed", "created_at": "2026-03-14T12:00:00Z"}
    videos.import_videos(database, [made])
    yield database
    database.close()


@pytest.fixture
def alter(own_database_url: str) -> Callable[[str], None]:
    def run(change: str) -> None:
        with psycopg.connect(own_database_url, autocommit=True) as connection:
            connection.execute(SQL("alter table public.videos " + change))

    return run


def claim(db: Database) -> attempts.Claim:
    return attempts.claim(db, TANGO, f"{TANGO}/1", "ann", request=REQUEST, credits=25)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_cannot_be_saved_is_not_bought(db: Database, alter: Callable[[str], None], refusal: str) -> None:
    before = videos.get_video(db, TANGO)["video"]
    alter(REFUSALS[refusal])
    with pytest.raises(BadInput, match="Nothing was paid for") as refused:
        claim(db)
    assert "violates check constraint" in str(refused.value)
    assert attempts_of(db, TANGO) == []
    assert videos.get_video(db, TANGO)["video"] == before


def test_an_enum_without_the_word_of_success_is_found(own_database_url: str, db: Database) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("drop index public.dailies_videos_status, public.dailies_videos_newest")
        connection.execute("create type words as enum ('queued', 'processing', 'failed', 'done')")
        connection.execute(
            "alter table public.videos alter status drop default, alter status type words using status::words"
        )
    with pytest.raises(BadInput, match=r'enum public\.words: "succeeded"'):
        claim(db)


def test_a_trigger_that_guards_the_status_is_found(own_database_url: str, db: Database) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute(
            """create function guard() returns trigger language plpgsql as $$ begin
               if new.status = 'succeeded' then raise exception 'only the webhook may finish a video'; end if;
               return new; end $$"""
        )
        connection.execute(
            "create trigger guard before update on public.videos for each row execute function guard()"
        )
    with pytest.raises(BadInput, match="only the webhook may finish a video"):
        claim(db)


def test_trying_leaves_nothing_behind(db: Database) -> None:
    assert claim(db).claimed
    row = videos.get_video(db, TANGO)["video"]
    assert (row["status"], row["runway_video_id"], row["video_url"]) == ("processing", None, None)


def test_a_row_that_refuses_later_loses_neither_task_nor_cost_nor_output(
    db: Database, alter: Callable[[str], None]
) -> None:
    attempt, _ = claim(db)
    attempts.sent(db, attempt.id)
    alter("add constraint ids check (runway_video_id is null)")
    created = attempts.created(db, attempt.id, TASK, credits=25)
    assert (created.state, created.task_id) == (AttemptState.CREATED, TASK)
    (due,) = attempts.claim_look_ups(db)
    assert (due.video_id, due.task_id) == (TANGO, TASK)
    done = Task(TASK, TaskStatus.SUCCEEDED, output=(FILM,), credits=25)
    attempts.save_look_up(db, TANGO, done, 5, "poller")
    kept = load_dossier(app_of(db), TANGO).tasks[TASK]
    assert (kept.status, kept.output, kept.credits) == ("SUCCEEDED", (FILM,), 25)
    assert "violates check constraint" in (kept.row_problem or "")

    alter("drop constraint ids")
    attempts.save_look_up(db, TANGO, done, 5, "poller")
    row = videos.get_video(db, TANGO)["video"]
    assert (row["status"], row["runway_video_id"], row["video_url"]) == ("succeeded", TASK, FILM)
    assert load_dossier(app_of(db), TANGO).tasks[TASK].row_problem is None


def recovered(db: Database) -> tuple[str, str | None]:
    """What a recovery of a finished task leaves in the row: status and task."""
    done = Task(TASK, TaskStatus.SUCCEEDED, output=(FILM,), credits=25)
    attempts.recover_task(db, TANGO, done, "ann", [])
    row = videos.get_video(db, TANGO)["video"]
    return row["status"], row["runway_video_id"]


def test_a_recovery_of_which_the_row_refuses_the_outcome_saves_the_id(
    db: Database, alter: Callable[[str], None]
) -> None:
    alter(REFUSALS["a check on the address"])
    assert recovered(db) == ("processing", TASK)
    kept = load_dossier(app_of(db), TANGO).tasks[TASK]
    assert kept.output == (FILM,)
    assert "violates check constraint" in (kept.row_problem or "")


def test_a_recovery_goes_step_by_step_where_the_app_lets_only_what_is_processing_succeed(
    own_database_url: str, db: Database
) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute(
            """create function step() returns trigger language plpgsql as $$ begin
               if old.status = 'failed' and new.status = 'succeeded' then raise 'one step at a time'; end if;
               return new; end $$"""
        )
        connection.execute(
            "create trigger step before update on public.videos for each row execute function step()"
        )
    assert recovered(db) == ("succeeded", TASK)
    assert load_dossier(app_of(db), TANGO).tasks[TASK].row_problem is None


def test_a_recovery_of_a_finished_task_is_one_update_of_the_row(own_database_url: str, db: Database) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("create table public.seen (status text)")
        connection.execute(
            """create function see() returns trigger language plpgsql as $$ begin
               insert into public.seen values (new.status); return null; end $$"""
        )
        connection.execute(
            "create trigger see after update on public.videos for each row execute function see()"
        )
        assert recovered(db) == ("succeeded", TASK)
        assert connection.execute("select status from public.seen").fetchall() == [("succeeded",)]

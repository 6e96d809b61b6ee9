"""Flows in the database: saved by one process, seen by all, and harmless when they are broken."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lib.cli import flow as cli
from lib.data import flows, videos
from lib.data.audit import trail
from lib.data.database import Database
from lib.data.logs import nobodys
from lib.data.verdicts import dirty_videos
from lib.domain.access import Person, Role
from lib.errors import BadInput, DatabaseUnavailable, NotAllowed, NotFound
from lib.operations.environment.flows import check_flows
from lib.operations.environment.settings import Level
from lib.operations.flows import remove_flow, save_flow
from lib.operations.import_logs import import_logs
from lib.operations.judge import judge_dirty
from tests.apps import app_of
from tests.examples import NOON, the_videos

KILN: dict[str, Any] = {
    "flow": "kiln",
    "title": "Fired in the kiln",
    "stages": [
        {"stage": "lit", "pattern": "Kiln lit for (?P<video>[0-9a-f-]{36})"},
        {"stage": "fired", "pattern": "Firing at Runway", "means": "sent"},
    ],
}


def of_today() -> list[dict[str, Any]]:
    return [row | {"created_at": datetime.now(UTC).isoformat()} for row in the_videos()]


def broken(db: Database, key: str = "kiln") -> None:
    flows.save_flow(db, {"flow": key, "stages": [{"stage": "lit", "pattern": "("}]}, "eve")


def test_a_flow_that_is_saved_is_every_processes(db: Database) -> None:
    here, elsewhere = app_of(db), app_of(db)
    assert "kiln" not in here.flows.flows
    save_flow(here, KILN)
    assert here.flows.read("Firing at Runway") == {"kiln": 1}
    assert elsewhere.acting_as("bela").flows.read("Firing at Runway") == {"kiln": 1}
    remove_flow(here, "kiln")
    assert "kiln" not in here.flows.flows


def test_a_saved_flow_replaces_a_files_until_it_is_removed(db: Database) -> None:
    app = app_of(db)
    save_flow(app, KILN | {"flow": "sync-sdk"})
    assert app.flows.flows["sync-sdk"].title == "Fired in the kiln"
    remove_flow(app, "sync-sdk")
    assert len(app.flows.flows["sync-sdk"].stages) > 10


def test_who_saved_and_removed_it_stands_in_the_audit(db: Database) -> None:
    app = app_of(db, operator="ada")
    save_flow(app, KILN)
    save_flow(app, KILN | {"title": "Kiln"})
    remove_flow(app, "kiln")
    last, second, first = trail(db)[:3]
    assert [row["action"] for row in (first, second, last)] == ["save_flow", "save_flow", "remove_flow"]
    assert {row["operator"] for row in (first, second, last)} == {"ada"}
    assert (first["before"], second["before"]) == (None, KILN)
    assert (first["after"], last["after"]) == (KILN, None)


def test_what_is_no_flow_is_refused_before_it_is_saved(db: Database) -> None:
    with pytest.raises(BadInput, match="repeats something that repeats"):
        save_flow(app_of(db), KILN | {"signs": ["(a+)+b"]})
    assert flows.stored_flows(db) == []


def test_a_flow_that_is_not_there_cannot_be_removed(db: Database) -> None:
    with pytest.raises(NotFound, match="no flow kiln"):
        remove_flow(app_of(db), "kiln")


def test_a_viewer_sees_flows_and_saves_none(db: Database) -> None:
    viewer = app_of(db).held_to(Person("vera", Role.VIEWER, "You may look."))
    assert viewer.flows.flows
    with pytest.raises(NotAllowed):
        save_flow(viewer, KILN)


def test_a_broken_flow_stops_nothing_and_is_told_on_environment(db: Database) -> None:
    videos.import_videos(db, of_today())
    broken(db)
    app = app_of(db)
    assert judge_dirty(app, 100) == 3
    assert set(app.flows.flows) == {"async-fetch", "async-sdk", "sync-sdk"}
    (check,) = check_flows(app)
    assert check.level is Level.WARNING
    assert "kiln" in check.found
    assert "at least two stages" in check.todo
    remove_flow(app, "kiln")
    assert [check.level for check in check_flows(app)] == [Level.OK]


def test_a_broken_flow_leaves_none_of_its_key(db: Database) -> None:
    """Its lines prove nothing then: the flow that it replaced may say that nothing was sent."""
    broken(db, "sync-sdk")
    assert "sync-sdk" not in app_of(db).flows.flows


def test_what_rests_on_flows_is_judged_again(db: Database) -> None:
    videos.import_videos(db, of_today())
    judge_dirty(app_of(db), 100)
    save_flow(app_of(db), KILN)
    assert len(dirty_videos(db, 100)) == 3


VASE, VASES_TASK = "aaaaaaaa-5555-4000-8000-000000000005", "bbbbbbbb-6666-4000-8000-000000000006"
POTTERY: dict[str, Any] = {
    "flow": "pottery",
    "stages": [
        {"stage": "thrown", "pattern": "clay (?P<video>[\\w-]{4,40}) is on the wheel"},
        {"stage": "glazed", "pattern": "glaze is dry, to Runway", "means": "sent"},
        {"stage": "fired", "pattern": "oven number (?P<task>[\\w-]{8,40})", "means": "created"},
        {"stage": "shelved", "pattern": "on the shelf", "means": "saved"},
    ],
}
THROWN = (f"clay {VASE} is on the wheel", "glaze is dry, to Runway", f"oven number {VASES_TASK}")


def read_lines(db: Database, *messages: str) -> None:
    lines = [
        {"timestampInMs": 1_773_489_606_000 + n, "requestId": "r1", "message": message, "level": "info"}
        for n, message in enumerate(messages)
    ]
    import_logs(app_of(db), io.BytesIO("\n".join(map(json.dumps, lines)).encode()), name="lines")


def test_lines_in_an_apps_own_words_are_told_by_the_flow_that_the_database_holds(db: Database) -> None:
    at, app = "2026-03-14T12:00:05Z", app_of(db, clock=lambda: NOON + timedelta(hours=1))
    waits = {"id": VASE, "status": "processing", "created_at": at, "updated_at": at}
    videos.import_videos(db, [waits])
    read_lines(db, *THROWN)
    judge_dirty(app, 100)
    assert (videos.get_video(db, VASE)["verdict"] or {})["recoverable_runway_id"] is None
    save_flow(app, POTTERY)
    read_lines(db, *THROWN)  # again, now that their words are known
    judge_dirty(app, 100)
    found = videos.get_video(db, VASE)["verdict"]
    assert found is not None
    assert (found["cause"], found["flow"]) == ("task_id_not_saved", "pottery")
    assert found["recoverable_runway_id"] == VASES_TASK
    assert len(db.call("dailies_video_log", p_id=VASE, p_limit=10)) == len(THROWN)


def test_what_a_flow_takes_for_a_videos_name_and_can_be_none_is_left_out(db: Database) -> None:
    save_flow(app_of(db), POTTERY)
    read_lines(db, "clay of the river is on the wheel", "clay brown is on the wheel", THROWN[2])
    assert [each.task_id for each in nobodys(db, NOON - timedelta(days=1), NOON + timedelta(days=1))] == [
        VASES_TASK
    ]


def test_a_task_that_lines_in_unknown_words_mention_is_nobodys(db: Database) -> None:
    read_lines(db, f"reel: runway task {VASES_TASK} is PENDING")
    (one,) = nobodys(db, NOON - timedelta(days=1), NOON + timedelta(days=1))
    assert (one.task_id, one.candidates) == (VASES_TASK, [])


class Away:
    """A database that goes away when it is told to."""

    label = "Postgres test"

    def __init__(self) -> None:
        self.is_away = False

    def call(self, function: str, /, **_: Any) -> list[dict[str, Any]]:
        if self.is_away:
            raise DatabaseUnavailable
        return [{"key": "kiln", "content": KILN, "operator": "ada", "saved_at": "2026-01-01T00:00:00Z"}]

    def close(self) -> None: ...


def test_while_the_database_is_away_what_was_read_of_it_holds() -> None:
    db = Away()
    app = app_of(db)
    assert "kiln" in app.flows.flows
    db.is_away = True
    app.kept_flows.forget()
    assert "kiln" in app.flows.flows
    with pytest.raises(DatabaseUnavailable):
        _ = app_of(db).flows  # where nothing was read, nothing may be missing unsaid


@pytest.fixture
def opened(db: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(cli, "open_app", contextmanager(lambda **_: iter([app_of(db, operator="ada")])))
    return db


def test_flows_are_saved_listed_and_removed_from_the_command_line(opened: Database, tmp_path: Path) -> None:
    path = tmp_path / "kiln.json"
    path.write_text(json.dumps(KILN))

    def told(*arguments: str) -> str:
        result = CliRunner().invoke(cli.command, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    assert "Flow kiln is saved" in told("save", str(path))
    listed = told("list")
    assert "database, saved by ada" in next(line for line in listed.splitlines() if line.startswith("kiln"))
    assert "sync-sdk" in listed
    told("remove", "kiln")
    assert "kiln" not in told("list")

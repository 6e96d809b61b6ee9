"""Generating a video: one paid call, its id kept whatever happens, its stage log fit for the diagnosis."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from lib.app import App
from lib.data import audit, videos
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.cause import CAUSES, Action
from lib.domain.diagnosis import judge
from lib.domain.flow import StageReader
from lib.domain.repair import assess
from lib.errors import BadInput, DatabaseUnavailable
from lib.operations.dossiers import load_dossier
from lib.operations.generate import Generation, generate, video_id_of
from lib.operations.paid_call import NotSaved, pay
from lib.operations.poll import poll
from lib.operations.recover import recover_from_journal
from lib.traces.flows import load_flows
from lib.ui.views.generate import DRILLS
from tests.apps import app_of
from tests.loopback import ended
from tests.simulated import COST, REQUEST, Simulated, simulated


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0) as running:
        yield running


@pytest.fixture
def app(postgres: PostgresDatabase, runway: Simulated, tmp_path: Path) -> App:
    return app_of(postgres, runway.client, tmp_path / "data")


def made(app: App, fault: str = "") -> Generation:
    request = replace(REQUEST, prompt=f"{REQUEST.prompt} {f'[fault:{fault}]' if fault else ''}")
    return generate(app, request)


def stages_seen(db: Database, attempt: Attempt) -> set[str]:
    reader = StageReader(load_flows())
    positions = {
        reader.read(entry["message"]).get("sync-sdk")
        for entry in videos.video_log(db, attempt.video_id)
        if entry["request_id"] == attempt.request_id
    }
    return {reader.flows["sync-sdk"].stages[at].key for at in positions if at is not None}


def test_a_generated_video_has_its_task_id_in_journal_attempt_and_row(app: App, runway: Simulated) -> None:
    runway.store.configure(speed=1)  # the task is still going on at the first look
    video_id, attempt, paid = made(app)
    assert paid
    assert runway.task_ids == [attempt.task_id]
    assert [entry.task_id for entry in app.journal.read().entries] == runway.task_ids
    details = videos.get_video(app.db, video_id)
    assert details["video"]["status"] == "processing"
    assert details["video"]["runway_video_id"] == attempt.task_id
    assert (attempt.state, attempt.credits, attempt.operator) == (AttemptState.CREATED, COST, "ann")


def test_its_stage_log_shows_every_stage_of_the_synchronous_flow(app: App, runway: Simulated) -> None:
    attempt = made(app).attempt
    every = {stage.key for flow in load_flows() if flow.key == "sync-sdk" for stage in flow.stages}
    assert stages_seen(app.db, attempt) == every


def test_the_diagnosis_reads_dailies_own_videos(app: App, runway: Simulated) -> None:
    verdict = judge(load_dossier(app, made(app).video_id))
    assert verdict.trace.flow == "sync-sdk"
    assert verdict.trace.first_missing is None
    assert verdict.cause in ("in_progress", "succeeded")


DIAGNOSED = [
    ("no-credits", "insufficient_credits"),
    ("http:401", "unauthorized"),
    ("http:404", "wrong_endpoint"),
    ("http:429", "rate_limited"),
    ("http:400", "invalid_request"),
    ("http:502", "runway_server_error"),
    ("no-id", "no_task_id"),
    ("after-drop", "runway_unreachable"),
]


@pytest.mark.parametrize(("fault", "cause"), DIAGNOSED)
def test_the_diagnosis_finds_why_dailies_own_call_failed(
    app: App, runway: Simulated, fault: str, cause: str
) -> None:
    made_of_it = made(app, fault)
    assert judge(load_dossier(app, made_of_it.video_id)).cause == cause
    assert made_of_it.attempt.cause == cause


def test_eight_clicks_on_one_form_make_one_call_and_one_video(app: App, runway: Simulated) -> None:
    start = threading.Barrier(8)

    def click(_: int) -> Generation:
        start.wait()
        return generate(app, REQUEST, key="form-1")

    with ThreadPoolExecutor(8) as pool:
        clicks = list(pool.map(click, range(8)))
    assert runway.posts == 1
    assert {click.video_id for click in clicks} == {video_id_of("form-1")}
    assert len({click.attempt.id for click in clicks}) == 1
    assert sum(click.paid for click in clicks) == 1


def test_input_that_runway_would_refuse_is_refused_before_anything_is_written_or_paid(
    app: App, runway: Simulated
) -> None:
    with pytest.raises(BadInput, match="seconds"):
        generate(app, replace(REQUEST, duration=60))
    assert runway.posts == 0
    assert videos.list_videos(app.db, videos.Filters(own=True)) == []


REFUSALS = [
    ("no-credits", "insufficient_credits"),
    ("http:401", "unauthorized"),
    ("http:429", "rate_limited"),
    ("http:404", "wrong_endpoint"),
]


@pytest.mark.parametrize(("fault", "cause"), REFUSALS)
def test_a_refusal_fails_the_row_and_says_why(app: App, runway: Simulated, fault: str, cause: str) -> None:
    video_id, attempt, _ = made(app, fault)
    assert (attempt.state, attempt.cause) == (AttemptState.REFUSED, cause)
    video = videos.get_video(app.db, video_id)["video"]
    assert (video["status"], video["error_message"]) == ("failed", attempt.reason)
    assert "sdk_called" in stages_seen(app.db, attempt)
    assert "task_created" not in stages_seen(app.db, attempt)


@pytest.mark.parametrize(
    "fault", ["http:500", "drop", "after-drop", "after-reset", "no-id", "malformed", "hang"]
)
def test_an_unknown_outcome_names_the_credits_at_risk_and_is_never_repeated_by_itself(
    app: App, runway: Simulated, fault: str
) -> None:
    video_id, attempt, _ = made(app, fault)
    assert attempt.state is AttemptState.UNKNOWN
    assert attempt.credits_at_risk == COST
    video = videos.get_video(app.db, video_id)["video"]
    assert video["status"] == "processing"
    assert "25 credits are at risk" in video["error_message"]
    assert runway.posts == 1


def test_a_runway_that_is_not_there_costs_nothing(postgres: PostgresDatabase, tmp_path: Path) -> None:
    with simulated(tmp_path / "gone") as gone:
        client = gone.client
        gone.server.stop()
        attempt = generate(app_of(postgres, client, tmp_path), REQUEST).attempt
    assert (attempt.state, attempt.cause) == (AttemptState.REFUSED, "runway_unreachable")


class GoesAway:
    """A database that is gone from the moment on that `when` says, until it `comes_back`."""

    def __init__(self, db: Database, function: str) -> None:
        self.label = db.label
        self._db = db
        self._function = function

    def call(self, function: str, /, **arguments: object) -> list[dict[str, object]]:
        if function == self._function:
            raise DatabaseUnavailable
        return self._db.call(function, **arguments)

    def close(self) -> None:
        """It belongs to the test."""


def test_an_id_that_the_database_does_not_take_is_saved_from_the_journal(app: App, runway: Simulated) -> None:
    gone = replace(app, opened=GoesAway(app.db, "dailies_attempt_created"), save_seconds=0.3)
    video_id = video_id_of("form-1")
    with pytest.raises(NotSaved, match="in the journal"):
        pay(gone, video_id, f"{video_id}/1", REQUEST, new={})
    assert videos.get_video(app.db, video_id)["video"]["runway_video_id"] is None
    replayed = recover_from_journal(app)
    assert [attempt.task_id for attempt in replayed.saved] == runway.task_ids
    assert videos.get_video(app.db, video_id)["video"]["runway_video_id"] == runway.task_ids[0]
    assert recover_from_journal(app).saved == []


def test_a_journal_that_cannot_be_written_does_not_keep_the_id_from_the_database(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    attempt = made(app_of(postgres, runway.client, tmp_path / "file")).attempt
    assert attempt.task_id == runway.task_ids[0]


def test_every_paid_call_stands_in_the_audit(app: App, runway: Simulated) -> None:
    runway.store.configure(speed=1)  # the task is still going on at the first look
    video_id, attempt, _ = made(app)
    trail = audit.trail(app.db, video_id)
    assert [(entry["action"], entry["operator"]) for entry in trail] == [
        ("task_created", "ann"),
        ("generate", "ann"),
    ]
    assert {entry["attempt_id"] for entry in trail} == {attempt.id}


DRILLED = {
    "http:401": ("unauthorized", Action.RETRY),
    "http:404": ("wrong_endpoint", Action.RETRY),
    "http:429": ("rate_limited", Action.RETRY),
    "http:500": ("runway_server_error", Action.ASK),
    "no-credits": ("insufficient_credits", Action.RETRY),
    "drop": ("runway_unreachable", Action.ASK),
    "after-drop": ("runway_unreachable", Action.ASK),
    "malformed": ("no_task_id", Action.ASK),
    "no-id": ("no_task_id", Action.ASK),
    "fail:SAFETY.INPUT.TEXT": ("moderated", Action.CHANGE_INPUT),
    "fail:INTERNAL.BAD_OUTPUT": ("generation_failed", Action.CHANGE_INPUT),
    "cancel": ("cancelled", Action.ASK),
    "throttle:30": ("throttled", Action.WAIT),
}


@pytest.mark.parametrize("fault", DRILLS)
def test_a_drill_ends_as_the_page_says(app: App, runway: Simulated, fault: str) -> None:
    """The cause that it names in italics is the one that is found."""
    cause, action = DRILLED[fault]
    attempt = made(app, fault).attempt
    if attempt.task_id and action is not Action.WAIT:
        ended(runway.client, attempt.task_id)
        poll(app, attempt.video_id, fastest=0)
    found = assess(load_dossier(app, attempt.video_id))
    assert (found.verdict.cause, found.repair.action) == (cause, action)
    named = re.findall(r"\*(.+?)\*", DRILLS[fault][1])
    assert named in ([], [CAUSES[cause].title])

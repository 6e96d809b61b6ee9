"""Many videos are judged in a process of their own: the same verdicts, whatever becomes of it."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator

import pytest

from lib.app import App
from lib.data import flows
from lib.data.database import Database
from lib.data.verdicts import DossierRow, dossier_rows
from lib.operations.judge import judged
from lib.worker import apart
from lib.worker.apart import JudgeApart
from tests import production
from tests.apps import app_of

OURS = {
    "flow": "ours",
    "title": "Ours",
    "stages": [
        {"stage": "taken", "title": "Taken", "pattern": "Our app took video"},
        {"stage": "sent", "title": "Sent", "pattern": "Our app asks Runway"},
    ],
}


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that were begun; two videos are many."""
    processes: list[subprocess.Popen[bytes]] = []
    begin = apart._begin

    def beginning() -> subprocess.Popen[bytes]:
        processes.append(begin())
        return processes[-1]

    monkeypatch.setattr(apart, "_begin", beginning)
    monkeypatch.setattr(apart, "FEW", 2)
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def app(db: Database) -> App:
    return app_of(db, runway_model="gen4.5", stuck_after_minutes=7)


@pytest.fixture
def rows(db: Database) -> list[DossierRow]:
    return dossier_rows(db, [production.terminated(db), production.put_row(db, status="failed")])


def test_a_process_apart_gives_the_same_verdicts(
    app: App, rows: list[DossierRow], begun: list[subprocess.Popen[bytes]]
) -> None:
    judge = JudgeApart()
    assert judge.judged(app, rows) == judged(app, rows)
    assert judge.judged(app, rows) == judged(app, rows)
    assert len(begun) == 1


def test_a_flow_that_was_saved_meanwhile_counts_there_too(
    app: App, rows: list[DossierRow], begun: list[subprocess.Popen[bytes]]
) -> None:
    video_id = production.put_row(app.db)
    production.put_log(app.db, video_id, "Our app took video {video}", "Our app asks Runway")
    rows += dossier_rows(app.db, [video_id])
    judge = JudgeApart()
    assert judge.judged(app, rows)[2]["flow"] is None
    flows.save_flow(app.db, OURS, "ann")
    app.kept_flows.forget()
    assert judge.judged(app, rows)[2]["flow"] == "ours"


def test_a_process_that_was_killed_is_replaced_and_nothing_is_lost(
    app: App,
    rows: list[DossierRow],
    begun: list[subprocess.Popen[bytes]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    judge = JudgeApart()
    judge.judged(app, rows)
    begun[0].kill()
    begun[0].wait()
    with caplog.at_level(logging.WARNING):
        assert judge.judged(app, rows) == judged(app, rows)
    assert "The process that judges has ended" in caplog.text
    assert judge.judged(app, rows) == judged(app, rows)
    assert len(begun) == 2


def test_few_videos_begin_no_process_and_a_long_rest_ends_it(
    app: App,
    rows: list[DossierRow],
    begun: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judge = JudgeApart()
    judge.judged(app, rows[:1])
    assert begun == []
    judge.judged(app, rows)
    monkeypatch.setattr(apart, "REST_SECONDS", 0.0)
    judge.judged(app, rows[:1])
    assert begun[0].wait(10) is not None


def test_the_process_ends_with_the_one_that_began_it(begun: list[subprocess.Popen[bytes]]) -> None:
    child = apart._begin()
    child.communicate(timeout=30)  # closes its input, as the system does for whoever is killed
    assert child.returncode == 0

"""The commands `repair`, `cancel` and `budget`: nothing is done that was not said and agreed to before."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result

from lib.cli import budget, cancel, repair, retry
from lib.data import batches, credits
from lib.data.postgres import PostgresDatabase
from lib.errors import BadInput, DatabaseConflict
from lib.operations.generate import generate
from lib.runway.simulator import SIMULATOR_KEY
from lib.runway.simulator.programme import PlannedFault
from lib.settings import load_settings
from tests.apps import app_of
from tests.production import attempts_of
from tests.simulated import COST, REQUEST, Simulated, simulated


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", speed=1.0) as running:
        yield running


@pytest.fixture(autouse=True)
def configured(
    monkeypatch: pytest.MonkeyPatch, database_url: str, runway: Simulated, tmp_path: Path
) -> Iterator[None]:
    for name, value in {
        "DATABASE_URL": database_url,
        "RUNWAY_API_KEY": SIMULATOR_KEY,
        "RUNWAY_BASE_URL": runway.server.url,
        "DAILIES_DATA": str(tmp_path / "data"),
        "DAILIES_OPERATOR": "ben",
    }.items():
        monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def run(command: Command, *arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=answer)


@pytest.fixture
def refused(postgres: PostgresDatabase, runway: Simulated, tmp_path: Path) -> list[str]:
    """Three videos that Runway refused for the moment: a retry is safe."""
    runway.store.programme.add([PlannedFault("http:401", "POST")] * 3)
    app = app_of(postgres, runway.client, tmp_path)
    return [generate(app, REQUEST).video_id for _ in range(3)]


def test_a_repair_is_a_dry_run_unless_told_otherwise(refused: list[str], runway: Simulated) -> None:
    told = run(repair.command, *refused).output
    assert "3 × retry" in told
    assert "75 credits ($0.75) at most" in told
    assert runway.task_ids == []


def test_a_repair_asks_before_it_pays(
    refused: list[str], runway: Simulated, postgres: PostgresDatabase
) -> None:
    told = run(repair.command, *refused, "--apply", answer="n\n").output
    assert "Repair 3 videos for 75 credits ($0.75) at most?" in told
    assert runway.task_ids == []
    assert [batch.state for batch in batches.latest(postgres)] == ["aborted"]


def test_a_repair_tells_and_exports_each_result(
    refused: list[str], runway: Simulated, tmp_path: Path
) -> None:
    told = run(repair.command, *refused, "--apply", "--yes", "--csv", str(tmp_path / "list.csv")).output
    assert "3 of 3 repaired, 0 not; 75 credits ($0.75) spent." in told
    assert len(runway.task_ids) == 3
    rows = list(csv.DictReader((tmp_path / "list.csv").read_text("utf-8").splitlines()))
    assert [row["video_id"] for row in rows] == refused
    assert {row["state"] for row in rows} == {"done"}


def test_a_choice_by_filter_needs_one(refused: list[str]) -> None:
    assert isinstance(run(repair.command).exception, BadInput)
    assert "0 videos" in run(repair.command, "--trouble", "stuck").output


def test_a_paused_batch_is_gone_on_with(
    refused: list[str], postgres: PostgresDatabase, runway: Simulated
) -> None:
    credits.set_budget(postgres, credits.EVERYBODY, COST, 1000, by="ann")
    paused = run(repair.command, *refused, "--apply", "--yes").output
    assert "budget of everybody is used up" in paused
    (batch,) = batches.latest(postgres)
    assert f"--resume {batch.id}" in paused
    run(budget.command, "--set", "1000", "1000")
    assert "3 of 3 repaired" in run(repair.command, "--resume", batch.id).output
    assert isinstance(run(repair.command, "--resume", batch.id).exception, DatabaseConflict)
    assert len(runway.task_ids) == 3


def test_a_dry_run_of_a_risky_retry_tells_what_the_account_says(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path
) -> None:
    lost = replace(REQUEST, prompt="Rex [fault:after-drop]")
    made = generate(app_of(postgres, runway.client, tmp_path), lost)
    told = run(retry.command, made.video_id, "--dry-run").output
    assert "25 credits are at risk" in told
    assert "as if the task exists" in told
    assert runway.posts == 1


def test_the_budget_is_shown_and_set(postgres: PostgresDatabase) -> None:
    told = run(budget.command, "--set", "250", "1000").output
    assert told == (
        "everybody: 0 of 250 credits used in the past hour, 0 of 1000 in the past day; 250 left.\n"
    )
    run(budget.command, "--operator", "sweep", "--set", "10", "20")
    assert [each.operator for each in credits.budgets(postgres)] == ["*", "sweep"]


@pytest.mark.parametrize("limit", ["nan", "inf", "-1", "1e999"])
def test_a_budget_that_would_bind_nobody_is_refused_and_the_old_one_stays(
    postgres: PostgresDatabase, limit: str
) -> None:
    run(budget.command, "--set", "250", "1000")
    refused = run(budget.command, "--set", limit, limit)
    assert isinstance(refused.exception, BadInput)
    assert "finite number of credits" in str(refused.exception)
    assert [(each.per_hour, each.per_day) for each in credits.budgets(postgres)] == [(250, 1000)]


def test_a_cancellation_asks_and_says_what_became_of_the_task(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path
) -> None:
    made = generate(app_of(postgres, runway.client, tmp_path), REQUEST)
    run(cancel.command, made.video_id, answer="n\n")
    assert runway.client.task(runway.task_ids[0]).status == "PENDING"
    assert "is cancelled" in run(cancel.command, made.video_id[:8], "--yes").output
    (attempt,) = attempts_of(postgres, made.video_id)
    assert runway.client.task(str(attempt.task_id)).status == "CANCELLED"

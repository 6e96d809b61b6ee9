"""The commands that pay and repair: what it costs before, what was done to which id after."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result
from PIL import Image

from lib.cli import generate, poll, recover, retry
from lib.data import videos
from lib.data.postgres import PostgresDatabase
from lib.errors import BadInput, NotFound, SettingsError
from lib.runway.simulator import SIMULATOR_KEY
from lib.settings import load_settings
from tests.examples import queue_metrics
from tests.production import ANSWERED, put_log, put_row, terminated
from tests.simulated import COST, REQUEST, Simulated, simulated


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator") as running:
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
        "DAILIES_OPERATOR": "ann",
    }.items():
        monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def run(command: Command, *arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=answer)


def test_a_batch_is_queued_for_the_workers_with_its_whole_cost_said_first(
    postgres: PostgresDatabase, runway: Simulated
) -> None:
    arguments = ["--image", REQUEST.image, "--prompt", REQUEST.prompt, "--count", "3"]
    declined = run(generate.command, *arguments, answer="n")
    assert f"{3 * COST} credits" in declined.output
    assert queue_metrics(postgres).waiting == 0
    queued = run(generate.command, *arguments, "--yes")
    assert queued.output.count(": queued") == 3
    assert queue_metrics(postgres).waiting == 3
    assert runway.posts == 0


def test_generating_says_the_cost_first_and_the_ids_after(
    postgres: PostgresDatabase, runway: Simulated
) -> None:
    result = run(generate.command, "--image", REQUEST.image, "--no-wait", answer="y\n")
    assert "25 credits ($0.25)" in result.output.splitlines()[0]
    assert runway.task_ids[0] in result.output
    assert [
        row["runway_video_id"] for row in videos.list_videos(postgres, videos.Filters(own=True))
    ] == runway.task_ids


def test_nothing_is_paid_without_a_yes(runway: Simulated) -> None:
    run(generate.command, "--image", REQUEST.image, answer="n\n")
    assert runway.posts == 0


def test_a_file_is_sent_as_it_is(runway: Simulated, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "rex.png")
    run(generate.command, "--image", str(tmp_path / "rex.png"), "--yes", "--no-wait")
    assert runway.store.tasks()[0].image.startswith("data:image/png;base64,")


def test_a_file_that_is_not_there_is_named(runway: Simulated) -> None:
    result = run(generate.command, "--image", "nowhere.png", "--yes")
    assert isinstance(result.exception, BadInput)
    assert "nowhere.png" in str(result.exception)
    assert runway.posts == 0


def test_a_refusal_ends_in_an_error_that_says_why(runway: Simulated) -> None:
    result = run(generate.command, "--image", REQUEST.image, "--prompt", "[fault:no-credits]", "--yes")
    assert result.exit_code != 0
    assert "not have enough credits" in str(result.exception)


def test_a_dry_retry_says_what_would_be_done_and_does_nothing(
    postgres: PostgresDatabase, runway: Simulated
) -> None:
    video_id = terminated(postgres)
    result = run(retry.command, video_id[:8], "--dry-run")
    assert f"Video {video_id}: retry." in result.output
    assert runway.posts == 0


def test_a_retry_asks_and_then_pays_once(postgres: PostgresDatabase, runway: Simulated) -> None:
    video_id = terminated(postgres)
    run(retry.command, video_id, "--no-wait", answer="n\n")
    assert runway.posts == 0
    result = run(retry.command, video_id, "--no-wait", answer="y\n")
    assert runway.task_ids[0] in result.output
    assert runway.posts == 1


def test_a_risky_retry_says_what_to_type(postgres: PostgresDatabase, runway: Simulated) -> None:
    video_id = put_row(postgres)
    result = run(retry.command, video_id, "--yes", "--no-wait")
    assert f"--override {video_id[:8]}" in result.output
    assert result.exit_code != 0
    assert runway.posts == 0
    run(retry.command, video_id, "--yes", "--no-wait", "--override", video_id[:8])
    assert runway.posts == 1


def test_an_id_that_fits_no_video_is_named() -> None:
    result = run(retry.command, "00000000")
    assert isinstance(result.exception, NotFound)
    assert "00000000" in str(result.exception)


def test_recoverable_videos_are_listed_and_recovered_on_demand(
    postgres: PostgresDatabase, runway: Simulated
) -> None:
    task_id = runway.store.create(REQUEST).id
    video_id = put_row(postgres)
    put_log(postgres, video_id, *ANSWERED, task=task_id)
    assert f"{video_id}: would save task {task_id}" in run(recover.command).output
    assert videos.get_video(postgres, video_id)["video"]["runway_video_id"] is None
    assert f"Task {task_id} saved" in run(recover.command, "--apply").output
    assert videos.get_video(postgres, video_id)["video"]["runway_video_id"] == task_id


def test_what_cannot_be_recovered_is_said_and_the_rest_goes_on(
    postgres: PostgresDatabase, runway: Simulated
) -> None:
    task_id = runway.store.create(REQUEST).id
    hopeless, lost = put_row(postgres), put_row(postgres)
    put_log(postgres, lost, *ANSWERED, task=task_id)
    result = run(recover.command, hopeless, lost)
    assert f"{hopeless}: No log entry" in result.output
    assert f"Task {task_id} saved" in result.output


def test_a_typed_task_needs_one_video() -> None:
    assert isinstance(run(recover.command, "--task", str(uuid.uuid4())).exception, BadInput)


def test_unfinished_tasks_are_listed_and_looked_up_on_demand(
    postgres: PostgresDatabase, runway: Simulated
) -> None:
    task_id = runway.store.create(REQUEST).id
    video_id = put_row(postgres, runway_video_id=task_id)
    assert f"{video_id}: would look up task {task_id}" in run(poll.command).output
    assert f"{video_id}: task {task_id} is" in run(poll.command, "--apply").output
    assert "just now" in run(poll.command, video_id).output


def test_the_simulator_does_not_answer_for_a_database_that_is_not_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RUNWAY_API_KEY")
    load_settings.cache_clear()
    result = run(poll.command, "--apply")
    assert isinstance(result.exception, SettingsError)
    assert "RUNWAY_API_KEY" in str(result.exception)

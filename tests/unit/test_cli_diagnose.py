"""`python -m lib diagnose`: files in, verdicts out, and what is said of a bad file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lib.cli.diagnose import command
from lib.domain.trace import LogEntry
from lib.errors import BadInput
from lib.settings import load_settings
from tests.stories import ANNA, ANNAS_TASK, IMAGE, START, error, line, run

ROW = {"id": ANNA, "status": "failed", "created_at": START.isoformat(), "prompt": "a dog dances"}
LOST = [
    *run("sync-sdk", stages=10),
    error(f"[Video Generation] Error creating Runway task for video {ANNA}: RateLimitError: 429 {{}}", 60),
]


def drain(entries: Sequence[LogEntry]) -> str:
    return "\n".join(
        json.dumps(
            {
                "id": str(i),
                "deploymentId": "dpl_1",
                "source": "lambda",
                "host": "x.test",
                "timestamp": entry.at_ms,
                "projectId": "p",
                "level": entry.level,
                "message": entry.message,
                "requestId": f"iad1::{entry.request_id}",
                "path": "/api/videos/generate",
                "statusCode": 200,
            }
        )
        for i, entry in enumerate(entries)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "videos.json").write_text(json.dumps([ROW]))
    (tmp_path / "tasks.json").write_text(json.dumps([{"id": ANNAS_TASK, "status": "SUCCEEDED"}]))
    (tmp_path / "first.ndjson").write_text(drain(LOST[:6]))
    (tmp_path / "second.ndjson").write_text(drain(LOST[6:]).replace('"id": "', '"id": "b'))
    return tmp_path


def diagnose(folder: Path, *more: str) -> str:
    arguments = ["--videos", str(folder / "videos.json"), "--now", "2026-03-14T14:00:00Z"]
    for name in ("first.ndjson", "second.ndjson"):
        arguments += ["--logs", str(folder / name)]
    result = CliRunner().invoke(command, [*arguments, *more], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_what_lies_between_two_files_nobody_knows(folder: Path) -> None:
    """Logs that go on in another file do not go on behind this run."""
    (folder / "videos.json").write_text(
        json.dumps([ROW | {"status": "processing", "input_image_url": IMAGE}])
    )
    early, later = run("async-sdk", stages=4), [line("[health] ok", 3000, "req-late")]
    for first, second, pays in ((early, later, False), ([*early, *later], later, True)):
        (folder / "first.ndjson").write_text(drain(first))
        (folder / "second.ndjson").write_text(drain(second).replace('"id": "', '"id": "b'))
        (verdict,) = json.loads(diagnose(folder, "--json"))
        assert verdict["repair"]["pays"] is pays, verdict["repair"]["reason"]


def test_several_log_files_are_read_as_one(folder: Path) -> None:
    (verdict,) = json.loads(diagnose(folder, "--json"))
    assert verdict["video_id"] == ANNA
    assert verdict["flow"] == "sync-sdk"
    assert verdict["cause"] == "task_id_not_saved"
    assert verdict["action"] == "recover"
    assert verdict["recoverable_runway_id"] == ANNAS_TASK
    assert verdict["candidate_runway_ids"] == []
    assert [s["stage"] for s in verdict["stages"] if s["state"] == "missing"] == ["task_looked_up"]
    assert {"source", "at", "text"} == set(verdict["evidence"][0])


def test_what_runway_says_of_the_task_is_evidence(folder: Path) -> None:
    (verdict,) = json.loads(diagnose(folder, "--json", "--tasks", str(folder / "tasks.json")))
    assert f"task {ANNAS_TASK} is SUCCEEDED" in [each["text"] for each in verdict["evidence"]]


def test_people_get_a_table(folder: Path) -> None:
    head, told, total = diagnose(folder).splitlines()
    assert head.split()[:3] == ["CREATED", "(UTC)", "VIDEO"]
    assert "Task id not saved" in told
    assert told.endswith(f"recover {ANNAS_TASK}")
    assert total == "1 videos, 0 stuck, 1 with a task id that only the logs know."


@pytest.mark.parametrize("waits", [True, False])
def test_a_task_that_is_nobodys_is_told_with_whose_it_may_be(folder: Path, *, waits: bool) -> None:
    (folder / "videos.json").write_text(json.dumps([ROW] if waits else []))
    nameless = run("sync-sdk", stages=10)[5:]
    (folder / "first.ndjson").write_text(drain(nameless))
    (folder / "second.ndjson").write_text(drain(nameless))
    told = json.loads(diagnose(folder, "--json", "--tasks", str(folder / "tasks.json")))[-1]
    assert (told["video_id"], told["task_id"], told["task_status"]) == (None, ANNAS_TASK, "SUCCEEDED")
    assert told["candidate_video_ids"] == ([ANNA] if waits else [])
    last = diagnose(folder).splitlines()[-1]
    assert f"task {ANNAS_TASK} is nobody's" in last
    assert (ANNA if waits else "No row waited then") in last


def test_logs_may_be_left_out(folder: Path) -> None:
    result = CliRunner().invoke(command, ["--videos", str(folder / "videos.json"), "--json"])
    assert json.loads(result.stdout)[0]["cause"] == "unknown"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("{}", "column `id` is missing"),
        ("[3]", "expected objects"),
        ('[{"id": "7", "status": "failed"}]', "column `created_at` is missing"),
        ('[{"id": "7", "status": "failed", "created_at": "noon"}]', "noon"),
    ],
)
def test_a_bad_file_of_videos_is_named_with_what_is_wrong(folder: Path, content: str, said: str) -> None:
    (folder / "videos.json").write_text(content)
    with pytest.raises(BadInput) as told:
        diagnose(folder)
    assert "videos.json" in str(told.value)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--tasks", "nowhere.json", "nowhere.json"),
        ("--logs", "nowhere.ndjson", "nowhere.ndjson"),
        ("--now", "noon", "'noon' is no ISO time"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(folder: Path, option: str, value: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        diagnose(folder, option, value)


def test_a_tasks_file_with_a_malformed_task_is_named(folder: Path) -> None:
    tasks: list[dict[str, Any]] = [{"id": ANNAS_TASK}]
    (folder / "tasks.json").write_text(json.dumps(tasks))
    with pytest.raises(BadInput, match=r"tasks\.json: line 1: task .*`status`"):
        diagnose(folder, "--tasks", str(folder / "tasks.json"))


def test_flows_that_a_database_may_keep_are_said_not_to_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--videos", str(folder / "videos.json"), "--json"]
    alone = CliRunner().invoke(command, arguments, catch_exceptions=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://reader@db.example.com/app")
    load_settings.cache_clear()
    beside = CliRunner().invoke(command, arguments, catch_exceptions=False)
    load_settings.cache_clear()
    assert "by the flows" not in alone.stderr
    assert (
        "by the flows async-fetch, async-sdk, sync-sdk. Those kept in Postgres were not read" in beside.stderr
    )
    assert json.loads(beside.stdout)

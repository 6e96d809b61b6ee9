"""Importing logs: everything stored once, whatever overlaps, through both transports."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lib.cli.import_logs import command
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.errors import BadInput, DailiesError
from lib.logs.report import ImportReport
from lib.operations.import_logs import import_logs
from lib.settings import load_settings
from tests.apps import app_of
from tests.examples import TANGO, TANGO_TASK, the_videos

AT = 1_773_489_606_000  # 2026-03-14T12:00:06Z
REQUEST = "dp4ts-1773489606000-789ada665943"
MESSAGES = (
    f"[Video Generation] Starting video generation for video {TANGO}",
    "[Runway API] Environment variables check: { apiKeyPrefix: 'key_9f2c41...' }",
    f"[Runway API] Task created with ID: {TANGO_TASK}",
    "said twice",
    "said twice",
)


def drain(number: int, message: str) -> dict[str, Any]:
    return {
        "id": f"{AT + number}{number:03}", "deploymentId": "dpl_1", "source": "lambda", "timestamp": AT + 10,
        "projectId": "prj_1", "level": "info", "message": message, "path": "/api/videos/generate",
        "statusCode": 200, "requestId": f"iad1::{REQUEST}",
    }  # fmt: skip


DRAIN = "\n".join(json.dumps(drain(n, message)) for n, message in reversed(list(enumerate(MESSAGES))))
EXPORT = (
    "timestampInMs,requestId,requestPath,requestMethod,responseStatusCode,level,durationMs,message,deploymentId\n"
    + "\n".join(
        [
            f'{AT + 10},{REQUEST},x.app/api/videos/generate,POST,200,info,,"{message}",dpl_1'
            for message in reversed(MESSAGES)
        ]
        + [f"{AT},{REQUEST},x.app/api/videos/generate,POST,200,,1203,,dpl_1"]
    )
)
PASTED = "\n".join(f"2026-03-14 12:00:06.{n:03} [info] {message}" for n, message in enumerate(MESSAGES))


def imported(db: Database, content: str, name: str = "file") -> ImportReport:
    return import_logs(app_of(db, operator="ada"), io.BytesIO(content.encode()), name=name)


def stored(db: Database) -> list[dict[str, Any]]:
    return db.call("dailies_video_log", p_id=TANGO, p_limit=100)


@pytest.fixture
def with_videos(db: Database) -> Database:
    db.call("dailies_import_videos", p_videos=the_videos())
    return db


def test_entries_are_stored_redacted_in_the_order_they_were_written(with_videos: Database) -> None:
    imported(with_videos, DRAIN)
    rows = stored(with_videos)
    assert [row["message"].replace("[redacted]", "key_9f2c41...") for row in rows] == list(MESSAGES)
    assert "9f2c41" not in json.dumps(rows)
    assert rows[0]["request_id"] == REQUEST
    assert (rows[0]["video_id"], rows[2]["task_id"]) == (TANGO, TANGO_TASK)
    assert (rows[0]["path"], rows[0]["status_code"], rows[0]["level"]) == (
        "/api/videos/generate",
        200,
        "info",
    )


def test_the_same_file_again_adds_nothing(with_videos: Database) -> None:
    assert imported(with_videos, DRAIN).already_stored == 0
    assert imported(with_videos, DRAIN).already_stored == len(MESSAGES)
    assert len(stored(with_videos)) == len(MESSAGES)


def test_another_source_of_the_same_entries_adds_only_what_is_new(with_videos: Database) -> None:
    imported(with_videos, "\n".join(DRAIN.splitlines()[2:]))
    report = imported(with_videos, EXPORT)
    assert (report.entries, report.already_stored) == (len(MESSAGES), len(MESSAGES) - 2)
    assert sorted(row["message"] for row in stored(with_videos))[-2:] == ["said twice", "said twice"]


def test_a_summary_completes_what_entries_said_of_their_request(with_videos: Database) -> None:
    imported(with_videos, DRAIN)
    imported(with_videos, EXPORT)
    requests = with_videos.call("dailies_video", p_id=TANGO)[0]["requests"]
    assert [(r["request_id"], r["method"], r["duration_ms"]) for r in requests] == [(REQUEST, "POST", 1203)]


def test_pasted_lines_of_one_run_are_stored_under_one_request(with_videos: Database) -> None:
    imported(with_videos, PASTED)
    again = imported(with_videos, PASTED)
    rows = stored(with_videos)
    assert TANGO_TASK in {row["task_id"] for row in rows}
    assert len({row["request_id"] for row in rows}) == 1
    assert again.already_stored == len(MESSAGES)


def test_a_file_that_cannot_be_read_leaves_nothing_behind(with_videos: Database) -> None:
    with pytest.raises(BadInput, match="nonsense"):
        imported(with_videos, "hello", "nonsense")
    assert stored(with_videos) == []


@pytest.fixture
def drain_file(tmp_path: Path) -> Path:
    path = tmp_path / "drain.ndjson"
    path.write_text(f"{DRAIN}\nbroken", "utf-8")
    return path


def test_a_dry_run_prints_the_counts_and_needs_no_database(drain_file: Path) -> None:
    result = CliRunner().invoke(command, [str(drain_file), "--dry-run", "--json"])
    assert json.loads(result.output) == {
        "format": "drain",
        "records": 6,
        "entries": 5,
        "request_summaries": 0,
        "requests": 1,
        "repeated": 0,
        "unusable": 1,
        "first_at": "2026-03-14T12:00:06.010Z",
        "last_at": "2026-03-14T12:00:06.010Z",
        "levels": {"info": 5},
    }


def test_several_files_print_an_array(drain_file: Path) -> None:
    result = CliRunner().invoke(command, [str(drain_file), str(drain_file), "--dry-run", "--json"])
    assert [counts["entries"] for counts in json.loads(result.output)] == [5, 5]


def test_a_file_without_use_costs_the_others_nothing_and_is_an_error(
    drain_file: Path, tmp_path: Path
) -> None:
    build = tmp_path / "build.txt"
    build.write_text('2026-03-14T12:00:00.000Z  Running "vercel build"\n', "utf-8")
    unusable = tmp_path / "unusable.ndjson"
    unusable.write_text(json.dumps(drain(1, "x") | {"timestamp": 0}), "utf-8")
    result = CliRunner().invoke(command, [str(build), str(drain_file), str(unusable), "--dry-run"])
    assert "5 entries" in result.output
    assert isinstance(result.exception, DailiesError)
    assert "build.txt is a build log" in str(result.exception)
    assert "unusable.ndjson: nothing of it could be used" in str(result.exception)


def test_people_are_told_what_was_used_and_what_was_not(drain_file: Path) -> None:
    output = CliRunner().invoke(command, [str(drain_file), "--dry-run"]).output
    assert "6 records read: 5 used, 0 repeated, 1 unusable" in output
    assert "line 6: damaged, or cut off: broken" in output


def test_the_command_stores_into_the_database_of_the_settings(
    drain_file: Path, postgres: PostgresDatabase, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    load_settings.cache_clear()
    try:
        first = CliRunner().invoke(command, [str(drain_file)])
        second = CliRunner().invoke(command, [str(drain_file)])
    finally:
        load_settings.cache_clear()
    assert "5 entries stored, 0 were there already" in first.output
    assert "0 entries stored, 5 were there already" in second.output


def test_a_file_of_no_known_format_ends_the_command_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello", "utf-8")
    result = CliRunner().invoke(command, [str(path), "--dry-run"])
    assert isinstance(result.exception, DailiesError)
    assert "notes.txt" in str(result.exception)


EXPORTED_LATER = "\n".join(
    [
        "timestampInMs,requestId,requestPath,requestMethod,responseStatusCode,level,durationMs,message",
        *(
            f'{AT + n},{REQUEST},x.app/api/videos/generate,POST,200,info,,"{message}"'
            for n, message in enumerate(MESSAGES)
        ),
        f"{AT},{REQUEST},x.app/api/videos/generate,POST,200,,1203,",
    ]
)


@pytest.mark.parametrize("first_pasted", [True, False])
def test_the_same_lines_pasted_and_exported_are_stored_once(
    with_videos: Database, first_pasted: bool
) -> None:
    first, second = (PASTED, EXPORTED_LATER) if first_pasted else (EXPORTED_LATER, PASTED)
    assert imported(with_videos, first).already_stored == 0
    assert imported(with_videos, second).already_stored == len(MESSAGES)
    assert imported(with_videos, second).already_stored == len(MESSAGES)
    rows = stored(with_videos)
    assert sorted(row["message"] for row in rows) == sorted(
        message.replace("key_9f2c41...", "[redacted]") for message in MESSAGES
    )
    assert {row["request_id"] for row in rows} == {REQUEST}
    requests = with_videos.call("dailies_video", p_id=TANGO)[0]["requests"]
    assert [request["request_id"] for request in requests] == [REQUEST]


def test_a_pasted_line_that_no_other_source_tells_stays(with_videos: Database) -> None:
    extra = PASTED + f"\n2026-03-14 12:00:06.002 [info] [Runway API] Task created with ID: {TANGO_TASK}"
    imported(with_videos, EXPORTED_LATER)
    assert imported(with_videos, extra).already_stored == len(MESSAGES)
    assert len(stored(with_videos)) == len(MESSAGES) + 1


def test_one_bad_record_never_costs_its_neighbours(with_videos: Database) -> None:
    deep = "[" * 1_000 + "]" * 1_000
    bad = [
        drain(11, "long id") | {"requestId": "x" * 3_000},
        drain(12, "a null in an id") | {"deploymentId": "a\0b"},
        drain(13, "half a surrogate") | {"requestId": "\ud800"},
        drain(14, "year 9999") | {"timestamp": "9999-12-31T23:59:59Z"},
        drain(15, deep),
    ]
    odd = [
        drain(21, f"[Runway API] Task created with ID: {'9f0c' * 1_000}"),
        drain(22, "null \0 and half \ud83d"),
        drain(23, "path") | {"path": "/a\0b/\udc00"},
        drain(24, "") | {"requestId": f"abcde-{AT}-0a1b2c3d4e5f", "proxy": {"statusCode": 10**12}},
    ]
    lines = [json.dumps(record) for record in (*bad, *odd)] + DRAIN.split("\n")
    lines[4] = lines[4].replace(json.dumps(deep), deep)
    report = imported(with_videos, "\n".join(lines))
    assert (report.unusable, report.used) == (len(bad), len(odd) + len(MESSAGES))
    assert len(stored(with_videos)) >= len(MESSAGES)
    assert report.already_stored == 0

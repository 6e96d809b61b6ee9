"""What other tools give out of a drain, and what loggers write into files, is read; nothing follows from what
is not there."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lib.cli import diagnose
from lib.domain.trace import LogEntry
from lib.logs.formats import Item
from lib.logs.reading import read_stream
from lib.logs.report import ImportReport

AT = datetime(2026, 11, 20, 10, 0, 0, 123000, UTC)
MS = 1795168800123
REQUEST = "x7k2p-1795168800000-0a1b2c3d4e5f"


def read(content: str) -> tuple[list[Item], ImportReport]:
    report = ImportReport()
    return list(read_stream(io.BytesIO(content.encode()), "logs", report, AT)), report


def rows(*cells: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(cells)
    return out.getvalue()


@pytest.mark.parametrize(
    "record",
    [
        {"_time": "2026-11-20T10:00:00.123Z", "level": "error", "message": "it broke", "request.id": REQUEST,
         "request.path": "/api/clips", "request.statusCode": 500, "vercel.deploymentId": "dpl_1"},
        {"_time": "2026-11-20T10:00:00.123Z", "data": {"level": "error", "message": "it broke"}, "request": {
            "id": f"iad1::{REQUEST}", "path": "/api/clips", "statusCode": 500}, "vercel": {
                "deploymentId": "dpl_1"}},
        {"dt": "2026-11-20 10:00:00.123 UTC", "level": "error", "message": "it broke", "vercel": {
            "requestId": REQUEST, "path": "/api/clips", "statusCode": 500, "deploymentId": "dpl_1"}},
        {"id": "AQ", "attributes": {"timestamp": MS, "status": "error", "message": "it broke", "attributes": {
            "requestId": REQUEST, "path": "/api/clips", "statusCode": "500", "deploymentId": "dpl_1"}}},
    ],
)  # fmt: skip
def test_a_drain_comes_back_out_of_other_tools(record: dict[str, Any]) -> None:
    for content in (json.dumps(record), json.dumps([record], indent=2)):
        items, report = read(content)
        assert items == [LogEntry(MS, "error", "it broke", REQUEST, "/api/clips", 500, "dpl_1")]
        assert (report.format, report.is_whole) == ("exported", False)


@pytest.mark.parametrize(
    "content",
    [
        rows(["timestamp", "message"], [MS, "it broke"]),
        rows(["@timestamp", "@message"], ["2026-11-20 10:00:00.123", "it broke"]),
        rows(["Date", "Host", "Service", "Message"], ["2026-11-20T10:00:00.123Z", "h", "clips", "it broke"]),
        json.dumps(
            {"events": [{"timestamp": MS, "message": "it broke", "ingestionTime": MS + 9, "eventId": "1"}]}
        ),
        json.dumps(
            {"labels": {"app": "x"}, "line": "it broke", "timestamp": "2026-11-20T10:00:00.123456789Z"}
        ),
        json.dumps({"line": "it broke", "timestamp": f"{MS}000000", "fields": {}}),
        json.dumps({"log": "it broke\n", "stream": "stderr", "time": "2026-11-20T10:00:00.123Z"}),
        json.dumps({"textPayload": "it broke", "timestamp": "2026-11-20T10:00:00.123Z", "insertId": "a"}),
        "I, [2026-11-20T10:00:00.123456 #14]  INFO -- : it broke",
        "2026-11-20 10:00:00,123 - clips.render - INFO - it broke",
        "2026/11/20 10:00:00.123 it broke",
        "2026-11-20T10:00:00.123Z info: Clips.Render[0]\n      it broke",
    ],
)
def test_a_time_and_a_message_are_enough(content: str) -> None:
    items, _ = read(content)
    assert items == [LogEntry(MS, "info", "it broke", None)]


def test_a_loggers_own_record_is_kept_whole_as_it_arrives_in_a_drain() -> None:
    for record in (
        {"level": 50, "time": MS, "pid": 8, "clip": "c1", "msg": "it broke"},
        {"level": "error", "ts": MS / 1000, "caller": "a.go:1", "msg": "it broke", "clip": "c1"},
        {"clip": "c1", "event": "it broke", "level": "error", "timestamp": "2026-11-20T10:00:00.123Z"},
        {"level": "error", "time": MS, "msg": "it broke", "data": [{"time": MS, "msg": "no line"}]},
        {"@timestamp": "2026-11-20T10:00:00.123Z", "log.level": "error", "message": "it broke", "clip": "c1"},
        {"level": "error", "time": MS, "message": "it broke", "host": "h1", "source": "worker", "clip": "c1"},
    ):
        line = json.dumps(record, separators=(",", ":"))
        assert read(line + "\n")[0] == [LogEntry(MS, "error", line, None)]


def test_what_a_tool_adds_to_a_line_that_it_passed_on_is_no_part_of_it() -> None:
    record = {"host": "h", "source": "lambda", "level": "error", "time": MS, "message": "it broke"}
    assert read(json.dumps(record))[0] == [LogEntry(MS, "error", "it broke", None)]


@pytest.mark.parametrize("at", ["1e999", "-1e999", '"NaN"', "true", '"' + 20 * "9" + '"', "[1]", "null"])
def test_a_time_that_is_none_makes_a_record_unusable(at: str) -> None:
    items, report = read(f'{{"time": {at}, "msg": "it broke"}}\n{{"time": {MS}, "msg": "later"}}\n')
    assert [item.at_ms for item in items] == [MS]
    assert report.unusable == 1


def test_a_payload_of_google_and_a_page_of_datadog_are_taken_out_of_what_is_around_them() -> None:
    at = "2026-11-20T10:00:00.123Z"
    payload = {"message": "it broke", "clip": "c1"}
    told = {"jsonPayload": payload, "timestamp": at, "severity": "ERROR", "insertId": "a"}
    line = json.dumps(payload, separators=(",", ":"))
    assert read(json.dumps([told]))[0] == [LogEntry(MS, "error", line, None)]
    page = {"data": [{"id": "A", "attributes": {"timestamp": at, "status": "error", "message": "it broke"}}]}
    assert read(json.dumps(page))[0] == [LogEntry(MS, "error", "it broke", None)]


def test_the_request_that_a_logger_names_in_each_line_is_kept() -> None:
    request = "7c31fd31-7098-4ff5-8007-21c40e6c8c41"
    ruby = f"E, [2026-11-20T10:00:00.123 #14] ERROR -- : [{request}] it broke\n[{request}] app/clip.rb:4\n"
    assert read(ruby)[0] == [LogEntry(MS, "error", f"[{request}] it broke\napp/clip.rb:4", request)]
    lambdas = f"2026-11-20T10:00:00.123Z\t{request}\tERROR\tit broke\n"
    assert read(lambdas)[0] == [LogEntry(MS, "error", "it broke", request)]
    assert not read(ruby)[1].is_whole


def test_nothing_is_proved_because_a_line_is_not_in_an_export_of_another_tool(tmp_path: Path) -> None:
    clip = "5f60c1d2-0000-4000-8000-000000000001"
    said = [
        f"[Video Generation] Starting video generation for video {clip}",
        f"[Video Generation] Environment check for video {clip}: {{ hasApiKey: true }}",
        f"[Video Generation] Updating video {clip} status to processing",
    ]
    videos, logs = tmp_path / "videos.json", tmp_path / "logs"
    videos.write_text(
        json.dumps([{"id": clip, "status": "processing", "created_at": "2026-11-20T10:00:00Z"}])
    )

    def proved(record: dict[str, Any]) -> str | None:
        sent = [record | {"message": text, "timestamp": MS + n} for n, text in enumerate(said)]
        later = record | {"message": "GET /gallery", "timestamp": MS + 3_600_000, "requestId": "other"}
        logs.write_text("\n".join(map(json.dumps, [*sent, later])))
        told = CliRunner().invoke(
            diagnose.command,
            ["--videos", str(videos), "--logs", str(logs), "--now", "2026-11-20T12:00:00Z", "--json"],
        )
        verdict = json.loads(told.stdout)[0]
        assert verdict["cause"] == "function_terminated"
        proof: str | None = verdict["repair"]["proof"]
        return proof

    assert proved({"source": "lambda", "deploymentId": "d", "requestId": REQUEST}) == "run_not_sent"
    assert proved({"host": "h", "requestId": REQUEST}) is None

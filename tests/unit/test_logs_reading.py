"""Log files of every source and generation are read whole, counted exactly, and never stop an import."""

# ruff: noqa: E501 - rows of files stay as they are written

from __future__ import annotations

import gzip
import io
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import BadInput
from lib.logs.formats import Item
from lib.logs.reading import read_logs, read_stream
from lib.logs.report import ImportReport

WRITTEN = datetime(2026, 1, 13, 23, tzinfo=UTC)
AT = 1_768_302_649_895  # 2026-01-13T11:10:49.895Z
REQUEST = "dp4ts-1768302649895-789ada665943"
OTHER = "q7zv2-1768302650895-33a4c96c93d4"
HELLO = "[Video Generation] Starting video generation for video be10ad4c-ad5c-4ed2-820d-bf57b9feb228"


def read(content: str | bytes) -> tuple[list[Item], ImportReport]:
    """What a file holds, every account of it checked against every other."""
    report = ImportReport()
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    items = list(read_stream(file, "file", report, WRITTEN))
    assert report.records == report.used + report.repeated + report.unusable
    assert report.entries == sum(isinstance(item, LogEntry) for item in items) == report.levels.total()
    assert report.request_summaries == len(items) - report.entries
    assert report.requests == len({item.request_id for item in items} - {None})
    return items, report


def entries(content: str | bytes) -> list[LogEntry]:
    return [item for item in read(content)[0] if isinstance(item, LogEntry)]


def drain(number: int = 1, message: str | None = HELLO, **fields: Any) -> dict[str, Any]:
    record = {
        "id": f"{AT + number}000",
        "deploymentId": "dpl_1",
        "source": "lambda",
        "host": "www.example.app",
        "timestamp": AT + number,
        "projectId": "prj_1",
        "level": "info",
        "message": message,
        "path": "/api/videos/generate",
        "statusCode": 200,
        "requestId": f"iad1::{REQUEST}",
        "proxy": {"timestamp": AT, "method": "POST", "path": "/api/videos/generate", "statusCode": 200},
    } | fields
    return {key: value for key, value in record.items() if value is not None}


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


# Log drains


@pytest.mark.parametrize(
    "content",
    [
        lines(drain(1), drain(2)),
        json.dumps([drain(1), drain(2)]),
        json.dumps([drain(1), drain(2)], indent=2),
        json.dumps([drain(1)]) + "\n" + json.dumps([drain(2)]),
        json.dumps(drain(1), indent=4) + json.dumps(drain(2), indent=4),
        "[\n" + ",\n".join(json.dumps(drain(n)) for n in (1, 2)) + "\n]\n",
    ],
    ids=["lines", "array", "printed array", "array a line", "printed objects", "object a line in an array"],
)
def test_a_drain_is_read_however_it_is_laid_out(content: str) -> None:
    items, report = read(content)
    assert items == [
        LogEntry(AT + n, "info", HELLO, REQUEST, "/api/videos/generate", 200, "dpl_1", f"{AT + n}000")
        for n in (1, 2)
    ]
    assert (report.format, report.records, report.requests) == ("drain", 2, 1)


def test_a_single_object_is_a_drain_delivery_too() -> None:
    assert len(entries(json.dumps(drain()))) == 1


def test_a_delivery_that_comes_twice_counts_once() -> None:
    items, report = read(lines(drain(1), drain(2), drain(1)))
    assert (len(items), report.repeated) == (2, 1)


def test_the_same_line_under_another_id_is_genuine() -> None:
    assert read(lines(drain(1), drain(1, id="other")))[1].entries == 2


def test_a_record_of_the_proxy_alone_is_a_request_summary() -> None:
    items, report = read(lines(drain(1, None, source="static", level="info"), drain(2, "")))
    assert items[0] == RequestSummary(REQUEST, AT + 1, "POST", "/api/videos/generate", 200, None, "dpl_1")
    assert (report.entries, report.request_summaries) == (0, 2)


@pytest.mark.parametrize(
    ("sent", "read_as"), [(-1, -1), (0, None), ("", None), ("504", 504), (None, None), ("-", None)]
)
def test_a_crash_is_told_from_a_status_nobody_knows(sent: object, read_as: int | None) -> None:
    assert entries(lines(drain(1, statusCode=sent)))[0].status_code == read_as


def test_a_record_without_id_request_or_status_is_used_and_never_taken_for_a_repeat() -> None:
    bare = {"source": "build", "deploymentId": "dpl_1", "timestamp": AT, "message": "Compiled"}
    assert (
        entries(lines(bare, bare)) == [LogEntry(AT, "info", "Compiled", None, None, None, "dpl_1", None)] * 2
    )


def test_several_region_prefixes_are_stripped() -> None:
    assert entries(lines(drain(1, requestId=f"sin1::cdg1::{REQUEST}")))[0].request_id == REQUEST


def test_the_older_schema_wraps_everything_a_request_wrote_in_one_message() -> None:
    message = (
        "START RequestId: 8b9deccb Version: $LATEST\n[POST] /api/videos/generate status=504\n"
        "[Runway API] Config: {\n  duration: 8\n}\n[Runway API] Calling\n"
        "END RequestId: 8b9deccb\nREPORT RequestId: 8b9deccb\tDuration: 10.4 ms\tBilled Duration: 11 ms"
        "\tMemory Size: 1769 MB\tMax Memory Used: 105 MB\n"
    )
    items, report = read(lines(drain(1, message, path=None, statusCode=None, proxy=None)))
    assert [item.message for item in items if isinstance(item, LogEntry)] == [
        "[Runway API] Config: {\n  duration: 8\n}",
        "[Runway API] Calling",
    ]
    assert items[-1] == RequestSummary(REQUEST, AT + 1, "POST", "/api/videos/generate", 504, 10, "dpl_1")
    assert len({item.entry_id for item in items if isinstance(item, LogEntry)}) == 2
    assert (report.records, report.used) == (1, 1)


def test_wrapped_lines_with_times_of_their_own_keep_them() -> None:
    message = (
        "START RequestId: 8b9d\n2026-01-13T11:10:50.001Z\t8b9d\tINFO\tfirst\nstill first\n"
        "2026-01-13T11:10:50.002Z\t8b9d\tERROR\tsecond\nEND RequestId: 8b9d"
    )
    found = entries(lines(drain(1, message)))
    assert [(e.at_ms - AT, e.level, e.message) for e in found] == [
        (106, "info", "first\nstill first"),
        (107, "error", "second"),
    ]


def test_line_numbers_are_right_whether_or_not_all_records_are_of_the_usual_types() -> None:
    unusable = drain(3, "") | {"requestId": ""}
    for other in (drain(2), drain(2, requestId=7), drain(2, "\ud800")):
        _, report = read(lines(drain(1), other) + "\n" + lines(unusable))
        assert [(offence.line, report.used) for offence in report.offences] == [(4, 2)]
        _, report = read(lines(drain(1), other, unusable))
        assert [(offence.line, report.used) for offence in report.offences] == [(3, 2)]


def test_a_record_of_the_proxy_is_read_from_what_it_says_of_the_request() -> None:
    proxy = {"timestamp": AT, "method": "GET", "path": "/logo.png", "statusCode": 304}
    summary = drain(1, None, proxy=proxy, path=None, statusCode=None)
    for other in (drain(2), drain(2, requestId=7)):  # the second makes all of them be read as they are
        (found, _), _ = read(lines(summary, other))
        assert isinstance(found, RequestSummary)
        assert (found.method, found.path, found.status_code) == ("GET", "/logo.png", 304)


# The dashboard's exports

G1 = (  # 2023
    '"TimeUTC","timestampInMs","requestPath","requestMethod","responseStatusCode","requestId","requestUserAgent",'
    '"level","environment","branch","vercelCache","type","function","host","deploymentDomain","deploymentId",'
    '"lambdaDurationInMs","lambdaRegion","lambdaMaxMemoryUsed","lambdaMemorySize","message","projectId","cache"\n'
    f'"2026-01-13 11:10:49","{AT}","www.example.app/api/x","POST","-1","iad1::{REQUEST}","[\'undici\']","info","production",'
    '"main","-","lambda","/api/x","www.example.app","d.vercel.app","dpl_1","-","-","-1","-1","hello ""you""\nagain","prj_1","-"\n'
    f'"2026-01-13 11:10:49","{AT}","www.example.app/api/x","POST","504","iad1::{REQUEST}","[\'undici\']","-","production",'
    '"main","-","lambda","/api/x","www.example.app","d.vercel.app","dpl_1","1203","iad1","105","1769","","prj_1","-"\n'
)
G2 = (  # mid-2025: all quoted, -1 for null
    '"TimeUTC","timestampInMs","requestPath","requestMethod","requestQueryString","responseStatusCode","requestId",'
    '"requestUserAgent","level","environment","branch","vercelCache","type","function","host","deploymentDomain",'
    '"deploymentId","durationMs","region","maxMemoryUsed","memorySize","message","projectId","traceId","sessionId",'
    '"invocationId","instanceId"\n'
    f'"2026-01-13 11:10:49","{AT}","www.example.app/api/x","POST","a=b","-1","iad1::{REQUEST}","curl","info","production",'
    '"main","-1","function","/api/x","www.example.app","d","dpl_1","-1","-1","-1","-1","hello ""you""\nagain","prj_1","","","i1",""\n'
    f'"2026-01-13 11:10:49","{AT}","www.example.app/api/x","POST","a=b","504","iad1::{REQUEST}","curl","info","production",'
    '"main","-1","function","/api/x","www.example.app","d","dpl_1","1203","iad1","105","1769","","prj_1","","","i1",""\n'
)
G3_HEADER = (
    "TimeUTC,timestampInMs,requestPath,requestMethod,requestQueryString,responseStatusCode,requestId,requestUserAgent,"
    "level,environment,branch,vercelCache,type,function,host,deploymentDomain,deploymentId,durationMs,region,"
    "maxMemoryUsed,memorySize,message,projectId,traceId,sessionId,invocationId,instanceId,concurrency"
)
G3_LOG = (
    f"2026-01-13 11:10:49,{AT},www.example.app/api/x,POST,a=b,504,iad1::{REQUEST},curl,info,production,main,MISS,function,"
    '/api/x,www.example.app,d,dpl_1,,,,,"hello ""you""\nagain",prj_1,,,,,'
)
G3_SUMMARY = (
    f"2026-01-13 11:10:49,{AT},www.example.app/api/x,POST,a=b,504,iad1::{REQUEST},curl,,production,main,MISS,function,"
    "/api/x,www.example.app,d,dpl_1,1203,iad1,105,1769,,prj_1,,,i1,,1"
)
G3 = "\n".join([G3_HEADER, G3_LOG, G3_SUMMARY])  # from December 2025: minimal quoting, no newline at the end
REORDERED = (
    "message,workflowRunId,requestId,TimeUTC,level,responseStatusCode,durationMs,requestPath,requestMethod,deploymentId\n"
    + (
        f'"hello ""you""\nagain",,{REQUEST},2026-01-13T11:10:49.895Z,info,504,,www.example.app/api/x,POST,dpl_1\n'
        f",,{REQUEST},2026-01-13T11:10:49.895Z,,504,1203,www.example.app/api/x,POST,dpl_1\n"
    )
)


@pytest.mark.parametrize(
    "content", [G1, G2, G3, REORDERED], ids=["2023", "mid-2025", "December 2025", "unknown"]
)
def test_every_generation_of_columns_says_the_same(content: str) -> None:
    items, report = read(content)
    entry, summary = sorted(items, key=lambda item: isinstance(item, RequestSummary))
    assert entry == LogEntry(AT, "info", 'hello "you"\nagain', REQUEST, "/api/x", entry.status_code, "dpl_1")
    assert entry.status_code in (None, 504)
    assert summary == RequestSummary(REQUEST, AT, "POST", "/api/x", 504, 1203, "dpl_1")
    assert (report.format, report.records, report.entries, report.request_summaries) == (
        "dashboard-csv",
        2,
        1,
        1,
    )


def test_windows_line_ends_change_nothing() -> None:
    assert [i.request_id for i in read(G3.replace("\n", "\r\n"))[0]] == [REQUEST, REQUEST]


def test_a_row_with_neither_message_nor_duration_is_a_summary_without_duration() -> None:
    items, _ = read(G3.replace(",1203,", ",,"))
    assert next(i for i in items if isinstance(i, RequestSummary)).duration_ms is None


def test_a_row_with_neither_message_nor_request_is_counted_unusable() -> None:
    _, report = read("\n".join([G3_HEADER, G3_LOG, G3_SUMMARY.replace(f"iad1::{REQUEST}", "")]))
    assert [(o.line, o.reason) for o in report.offences] == [(4, "neither a message nor a request id")]


def test_identical_rows_of_one_export_are_genuine() -> None:
    assert read("\n".join([G3_HEADER, G3_LOG, G3_LOG]))[1].entries == 2


def test_a_csv_cut_in_the_middle_of_a_message_loses_its_last_row_only() -> None:
    _, report = read("\n".join([G3_HEADER, G3_SUMMARY, G3_LOG])[:-20])
    assert (report.records, report.used, report.unusable) == (2, 1, 1)


def test_a_row_with_columns_too_many_is_unusable() -> None:
    assert read("\n".join([G3_HEADER, G3_SUMMARY, G3_LOG + ",x"]))[1].unusable == 1


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_the_json_export_says_what_the_csv_says(indent: int | None) -> None:
    rows = [
        {"TimeUTC": "2026-01-13 11:10:49", "timestampInMs": AT, "requestPath": "www.example.app/api/x",
         "requestMethod": "POST", "responseStatusCode": 504, "requestId": f"iad1::{REQUEST}", "level": level,
         "durationMs": duration, "message": message, "deploymentId": "dpl_1"}
        for level, duration, message in (("info", "", 'hello "you"\nagain'), ("", 1203, ""))
    ]  # fmt: skip
    items, report = read(json.dumps(rows, indent=indent))
    assert sorted(map(str, items)) == sorted(map(str, read(G3)[0]))
    assert report.format == "dashboard-json"


def test_lines_of_one_millisecond_come_in_the_order_they_were_written() -> None:
    def row(at: int, message: str) -> str:
        return f"{REQUEST},{at},{message}"

    newest_first = [
        "requestId,timestampInMs,message",
        row(AT + 9, "d"),
        row(AT, "c"),
        row(AT, "b"),
        row(AT - 9, "a"),
    ]
    assert [e.message for e in entries("\n".join(newest_first))] == ["d", "b", "c", "a"]


# `vercel logs`


def request(**fields: Any) -> dict[str, Any]:
    return {
        "id": REQUEST, "timestamp": AT, "deploymentId": "dpl_1", "projectId": "prj_1", "level": "error",
        "message": "two", "source": "serverless", "domain": "www.example.app", "requestMethod": "POST",
        "requestPath": "/api/x", "responseStatusCode": 504, "environment": "production", "branch": "main",
        "cache": "MISS", "traceId": "", "logs": [{"level": "info", "message": "one"}, {"level": "error", "message": "two"}],
    } | fields  # fmt: skip


def test_vercel_logs_nests_the_messages_of_a_request() -> None:
    items, report = read(lines(request()))
    assert items == [
        RequestSummary(REQUEST, AT, "POST", "/api/x", 504, None, "dpl_1"),
        LogEntry(AT, "info", "one", REQUEST, "/api/x", 504, "dpl_1"),
        LogEntry(AT, "error", "two", REQUEST, "/api/x", 504, "dpl_1"),
    ]
    assert (report.format, report.records, report.levels) == ("vercel-logs", 1, {"info": 1, "error": 1})


def test_the_same_page_again_counts_as_repeated() -> None:
    _, report = read(lines(request(), request(id=OTHER, logs=[], message=""), request()))
    assert (report.records, report.repeated, report.entries, report.requests) == (3, 1, 2, 2)


def test_the_flat_output_of_an_older_cli_says_what_is_lost() -> None:
    flat = request()
    del flat["logs"]
    items, report = read(lines(flat))
    assert [i.message for i in items if isinstance(i, LogEntry)] == ["two"]
    assert report.format == "vercel-logs-flat"
    assert any("only its first line survives" in note for note in report.notes)


def test_rows_of_the_request_logs_api_are_read_like_vercel_logs() -> None:
    page = {
        "rows": [
            {"requestId": f"iad1::{REQUEST}", "timestamp": "2026-01-13T11:10:49.895Z", "deploymentId": "dpl_1",
             "requestMethod": "POST", "requestPath": "/api/x", "statusCode": 504, "environment": "production",
             "logs": [{"level": "info", "message": "one", "messageTruncated": False},
                      {"level": "error", "message": "two", "messageTruncated": False}]}
        ],
        "hasMoreRows": False,
    }  # fmt: skip
    assert read(json.dumps(page))[0] == read(json.dumps(page, indent=1))[0] == read(lines(request()))[0]


def row(row_id: str, message: str, **fields: Any) -> dict[str, Any]:
    return {
        "level": "info", "message": message, "rowId": row_id, "source": "serverless", "timestampInMs": AT,
        "domain": "www.example.app", "messageTruncated": False, "requestMethod": "POST", "requestPath": "/api/x",
        "responseStatusCode": -1,
    } | fields  # fmt: skip


def test_a_live_tail_is_read_without_its_delimiter() -> None:
    items, report = read(
        lines(row("1", "one"), row("2", "two"), row("1", "one"), row("", "", source="delimiter"))
    )
    assert [i.message for i in items if isinstance(i, LogEntry)] == ["one", "two"]
    assert (report.format, report.entries, report.repeated, report.unusable) == ("runtime-logs", 2, 1, 0)
    assert not report.has_request_ids


TABLE = """TIME         HOST                 LEVEL  STATUS  MESSAGE
22:16:41.35  www.example.app  info   λ POST /api/script/generate   200   [TRIZ] Generating
  second line
22:16:42.00  www.example.app  error  ε GET /api/x   ---   failed
22:16:43     www.example.app  warning  ◇ GET /y   404
"""


def test_the_printed_table_is_one_request_a_row_on_the_day_of_its_file() -> None:
    items, report = read(TABLE)
    summary, entry = items[:2]
    assert isinstance(summary, RequestSummary)
    assert (summary.method, summary.path, summary.status_code) == ("POST", "/api/script/generate", 200)
    assert entry == LogEntry(
        1_768_342_601_350,
        "info",
        "[TRIZ] Generating\n  second line",
        summary.request_id,
        "/api/script/generate",
        200,
    )
    assert [(e.level, e.message, e.status_code) for e in items if isinstance(e, LogEntry)][1:] == [
        ("error", "failed", None)
    ]
    assert (report.format, report.used, report.unusable, report.request_summaries) == (
        "vercel-table",
        3,
        0,
        3,
    )
    assert any("local times" in note for note in report.notes)


def test_a_table_is_dated_by_the_latest_day_on_which_it_can_have_been_written(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text(TABLE, "utf-8")
    for hour, day in ((23, 13), (11, 12)):
        at = datetime(2026, 1, 13, hour, tzinfo=UTC).timestamp()
        os.utime(path, (at, at))
        first = next(read_logs(path, ImportReport()))
        assert first.at_ms == datetime(2026, 1, day, 22, 16, 41, 350_000, UTC).timestamp() * 1000


# Pasted text

PASTED = """2026-01-13 11:10:49.895 [info] [Runway API] Config: {
  duration: 8

}
2026-01-13 11:10:49.900 [error] failed
"""


@pytest.mark.parametrize("content", [PASTED, PASTED.replace("\n", "\r\n"), "\n\n" + PASTED.rstrip()])
def test_pasted_text_keeps_the_lines_of_a_message_together(content: str) -> None:
    items, report = read(content)
    assert items == [
        LogEntry(AT, "info", "[Runway API] Config: {\n  duration: 8\n\n}", None),
        LogEntry(AT + 5, "error", "failed", None),
    ]
    assert (report.format, report.has_request_ids, report.requests) == ("pasted", False, 0)


# Encodings, damage, strangers


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "content", [PASTED, TABLE, G3, G1, lines(drain(1, "ä λ 🎬"), drain(2))], ids=range(5)
)
def test_the_encoding_makes_no_difference(content: str, encoding: str) -> None:
    items, report = read(content.encode(encoding))
    plain, plain_report = read(content)
    assert (items, report.details()) == (plain, plain_report.details())


def test_a_gzip_file_is_unpacked() -> None:
    assert read(gzip.compress(lines(drain(1)).encode()))[0] == read(lines(drain(1)))[0]


def test_of_a_gzip_file_cut_off_everything_before_the_cut_is_used() -> None:
    content = lines(*(drain(n, f"{n} {hash(str(n))}") for n in range(1000)))
    _, report = read(gzip.compress(content.encode())[:-2000])
    assert 100 < report.used < 1000
    assert any("gzip" in note for note in report.notes)


def test_a_shell_on_windows_wraps_rows_behind_a_preamble() -> None:
    message = "x" * 25 + " " + "y" * 100
    preamble = "node.exe : Vercel CLI 50.12.3\nAt C:\\Users\\me\\vercel.ps1:22 char:5\n+   & node\n"
    row = f"22:16:41.35  www.example.app  info   λ POST /api/x   200   {message}"
    wrapped = "".join(row[n : n + 80] + "\n" for n in range(0, len(row), 80))
    items, report = read((preamble + wrapped + wrapped).encode("utf-16"))
    assert [i.message for i in items if isinstance(i, LogEntry)] == [message, message]
    assert report.unusable == 0


def test_json_lines_behind_a_preamble_are_unwrapped_as_well() -> None:
    line = json.dumps(drain(1, "m" * 300))
    wrapped = "".join(line[n : n + 79] + "\n" for n in range(0, len(line), 79))
    assert [
        e.message for e in entries("node.exe : Vercel CLI 50.42.0\r\n" + wrapped.replace("\n", "\r\n"))
    ] == ["m" * 300]


@pytest.mark.parametrize("keep", [-1, -5, -300])
@pytest.mark.parametrize(
    "content", [lines(drain(1), drain(2)).strip(), json.dumps([drain(1), drain(2)], indent=1)[:-2]]
)
def test_a_file_cut_in_a_record_loses_that_record_only(content: str, keep: int) -> None:
    _, report = read(content[:keep])
    assert (report.records, report.used, report.unusable) == (2, 1, 1)
    assert report.offences[0].reason == "damaged, or cut off"


def test_a_file_whose_beginning_was_cut_off_counts_the_rest_of_that_line() -> None:
    _, report = read(lines(drain(1), drain(2))[30:])
    assert (report.used, report.unusable, report.offences[0].line) == (1, 1, 1)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_damaged_object_in_an_array_costs_only_itself(indent: int | None) -> None:
    whole = json.dumps([drain(n, f"message {n}") for n in range(5)], indent=indent)
    _, report = read(whole.replace('"message 2"', '"mess"age 2"'))
    assert (report.used, report.unusable) == (4, 1)


def test_offending_lines_are_named_by_number_reason_and_a_redacted_excerpt() -> None:
    damaged = '{"authorization": "Bearer onlyletters", \x1b[31m'
    _, report = read(lines(drain(1)) + damaged + "\n" + lines(drain(2, timestamp="soon")))
    (first, second) = report.offences
    assert (first.line, first.reason) == (2, "damaged, or cut off")
    assert "onlyletters" not in first.excerpt
    assert "\x1b" not in first.excerpt
    assert (second.line, second.reason) == (3, "no usable time")


def test_only_the_first_offending_lines_are_kept_but_all_are_counted() -> None:
    _, report = read(lines(drain(1)) + "broken\n" * 50)
    assert (report.unusable, len(report.offences)) == (50, 10)


@pytest.mark.parametrize("value", ["text", 7, [], True, None, {"a": 1}])
def test_a_record_of_another_kind_is_unusable(value: object) -> None:
    _, report = read(lines(drain(1)) + json.dumps(value) + "\n")
    assert report.unusable == (0 if value == [] else 1)


@pytest.mark.parametrize("when", ["", "-", -1, 0, None, "soon", 1e300, True, float("nan"), 10**20, [], {}])
def test_a_time_that_is_none_makes_a_record_unusable(when: object) -> None:
    assert read(lines(drain(1), drain(2, timestamp=when)))[1].unusable == 1


def test_a_python_traceback_a_row_per_frame_keeps_its_rows() -> None:
    frames = [
        "Traceback (most recent call last):",
        '  File "/var/task/app.py", line 3, in f',
        "ValueError: x",
    ]
    found = entries(lines(*(drain(1, frame, id=f"{n}") for n, frame in enumerate(frames))))
    assert [e.message for e in found] == frames


def test_half_a_surrogate_and_a_null_character_are_made_storable() -> None:
    found = entries(json.dumps(drain(1, "a\0b \ud83d")) + "\n")
    assert found[0].message == "ab ?"


def test_secrets_do_not_pass() -> None:
    found = entries(lines(drain(1, "Authorization: Bearer abc123def", path="/reset/ada@example.com?token=x")))
    assert "abc123def" not in str(found)
    assert found[0].path == "/reset/[email]"


@pytest.mark.parametrize("content", ["", "  \n\n", "\ufeff"])
def test_an_empty_file_is_refused_by_name(content: str) -> None:
    with pytest.raises(BadInput, match=r"file is empty\. Expected a log drain"):
        read(content)


@pytest.mark.parametrize(
    "content", ["hello\nworld", '{"a": 1}', "[1, 2]", "a,b,c\n1,2,3", "PK\x03\x04", '"TimeUTC"', "{", "["]
)
def test_a_file_of_no_known_format_is_refused_by_name(content: str) -> None:
    with pytest.raises(BadInput, match=r"file: this is no log format Dailies knows\. Expected a log drain"):
        read(content)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.csv: No such file"):
        list(read_logs(tmp_path / "gone.csv", ImportReport()))


def test_the_report_is_the_documented_json() -> None:
    _, report = read(lines(drain(1), drain(1), drain(2, "x", level="error", requestId=OTHER)) + "broken")
    assert report.summary() == {
        "format": "drain",
        "records": 4,
        "entries": 2,
        "request_summaries": 0,
        "requests": 2,
        "repeated": 1,
        "unusable": 1,
        "first_at": "2026-01-13T11:10:49.896Z",
        "last_at": "2026-01-13T11:10:49.897Z",
        "levels": {"error": 1, "info": 1},
    }


def test_a_gzip_file_of_empty_parts_takes_no_time_and_is_told() -> None:
    """A megabyte of them once took a minute."""
    content = lines(drain(1)).encode()
    began = time.monotonic()
    _, report = read(gzip.compress(content) + gzip.compress(b"") * 50_000)
    assert report.records == 1
    assert time.monotonic() - began < 5

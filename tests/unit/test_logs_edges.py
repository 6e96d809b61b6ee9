"""The edges of log files: order in a millisecond, spreadsheets, records of any size, records that are bad."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lib.cli.diagnose import command as diagnose
from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import BadInput
from lib.logs import framing
from lib.logs.formats import Item
from lib.logs.reading import read_stream
from lib.logs.report import ImportReport

AT = 1_793_787_630_418  # 2026-11-04T10:20:30.418Z
SECOND = AT // 1000 * 1000
REQUEST = f"m4t8w-{AT}-5c6d7e8f9a0b"
EARLIER = f"k2p9x-{AT - 60_000}-0a1b2c3d4e5f"
WRITTEN = datetime(2026, 11, 4, 12, tzinfo=UTC)


def read(content: str | bytes) -> tuple[list[Item], ImportReport]:
    report = ImportReport()
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    items = list(read_stream(file, "file", report, WRITTEN))
    assert report.records == report.used + report.repeated + report.unusable
    return items, report


def messages(content: str | bytes) -> list[str]:
    return [item.message for item in read(content)[0] if isinstance(item, LogEntry)]


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


# Exports of the dashboard


def exported(at: int, message: str, request: str = REQUEST, null: Any = "", **more: Any) -> dict[str, Any]:
    """A row as the dashboard has it; a summary without `message`."""
    return {
        "TimeUTC": f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%d %H:%M:%S}",
        "timestampInMs": at,
        "requestPath": "clips.example.com/api/clips",
        "requestMethod": "POST",
        "requestQueryString": "",
        "responseStatusCode": null if message and null else 200,
        "requestId": f"fra1::{request}",
        "level": "info" if message else "",
        "durationMs": null if message else 412,
        "message": message,
        "deploymentId": "dpl_1",
    } | more


def as_csv(rows: Sequence[dict[str, Any]], delimiter: str = ",") -> str:
    def cell(value: Any) -> str:
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in f'{delimiter}"\n') else text

    return "\n".join([delimiter.join(rows[0]), *(delimiter.join(map(cell, row.values())) for row in rows)])


@pytest.mark.parametrize("write", [as_csv, json.dumps], ids=["csv", "json"])
def test_an_export_since_december_2025_has_the_lines_of_a_request_as_they_were_written(write: Any) -> None:
    rows = [
        exported(AT + 9, "Setting cookie"),
        exported(AT + 9, "Login successful!"),
        exported(AT, ""),
        exported(AT - 59_000, "one", EARLIER),
        exported(AT - 59_000, "two", EARLIER),
        exported(AT - 58_000, "three", EARLIER),
        exported(AT - 60_000, "", EARLIER),
    ]
    assert messages(write(rows)) == ["Setting cookie", "Login successful!", "one", "two", "three"]


@pytest.mark.parametrize("write", [as_csv, json.dumps], ids=["csv", "json"])
def test_an_older_export_has_the_newest_line_first(write: Any) -> None:
    rows = [
        exported(AT + 500, "", null=-1),
        exported(AT + 9, "four", null=-1),
        exported(AT + 5, "three", null=-1),
        exported(AT + 5, "two", null=-1),
        exported(AT + 5, "one", null=-1),
        exported(AT - 10, "other", EARLIER, null=-1),
    ]
    assert messages(write(rows)) == ["four", "one", "two", "three", "other"]
    alone = [*rows[2:5], exported(AT + 1, "", null=-1)]  # its summary, too, is of a later time than its id
    assert messages(write(alone)) == ["one", "two", "three"]


def test_a_dash_is_no_message_in_exports_of_2023_and_one_later() -> None:
    old = [
        exported(AT, text, null="-", lambdaDurationInMs=took) for text, took in (("-", "1203"), ("hi", "-1"))
    ]
    items, report = read(json.dumps([{k: v for k, v in row.items() if k != "durationMs"} for row in old]))
    summary = next(item for item in items if isinstance(item, RequestSummary))
    assert (report.entries, summary.method, summary.duration_ms) == (1, "POST", 1203)
    assert messages(json.dumps([exported(AT, "-")])) == ["-"]


def test_other_bytes_may_stand_before_the_head_of_an_export() -> None:
    plain = as_csv([exported(AT, "hi"), exported(AT, "")])
    for junk in ("\ufeff\ufeff", "ï»¿", "Fetching logs...", "sep=,\n"):
        items, report = read(junk + plain)
        assert items == read(plain)[0]
        assert report.unusable == 0


# Spreadsheets


@pytest.mark.parametrize("rounded", ["1.79379E+12", "1,79379E+12", "1793790000000", "1,79E+12", "########"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_rounded_time_loses_to_the_exact_one(rounded: str, delimiter: str, encoding: str) -> None:
    rows = [
        exported(AT, "two\nlines; of, text", timestampInMs=rounded),
        exported(AT, "", timestampInMs=rounded),
    ]
    items, report = read(as_csv(rows, delimiter).replace("\n", "\r\n").encode(encoding))
    assert [item.at_ms for item in items] == [SECOND, SECOND]
    assert (report.entries, report.request_summaries, report.unusable) == (1, 1, 0)


@pytest.mark.parametrize(
    ("shown", "at"),
    [
        ("04.11.2026 10:20", AT),
        ("11/4/2026 10:20", AT),
        ("04/11/2026 10:20", AT),
        ("11/4/2026 10:20 AM", AT),
        ("2026/11/04 10:20", AT),
        ("2026-11-04 10:20", AT),
        ("04.11.2026 10:20:30", SECOND),
        ("11/4/2026 10:20:30 AM", SECOND),
        ("04-11-2026 10:20:30", SECOND),
        ("11/4/26 10:20 AM", AT),
        ("4/11/26 10:20", AT),
        ("04.11.26 10:20", AT),
        ("26-11-04 10:20", AT),
        ("11/4/26 10:21 AM", SECOND + 30_000),
        ("11/4/26 10:20:30 AM", SECOND),
        ("20:30.4", AT),
        ("20:30,4", AT),
        ("20:31.9", SECOND + 1_900),
        ("46330.4309", AT),
        ("########", AT),
        ("", AT),
    ],
)
def test_a_time_as_a_spreadsheet_shows_it_is_completed_from_the_requests_id(shown: str, at: int) -> None:
    for rounded in ("1.79379E+12", "1,79379E+12", "1793790000000", "########", ""):
        row = exported(AT, "hi", timestampInMs=rounded, TimeUTC=shown)
        assert read(as_csv([row], ";"))[0][0].at_ms == at


@pytest.mark.parametrize(
    ("shown", "at"),
    [
        ("11/4/26 10:20 AM", SECOND - 30_000),
        ("4/11/26 10:20", SECOND - 30_000),
        ("2026-11-04 10:20:30", SECOND),
        ("20:30.4", None),
        ("########", None),
    ],
)
def test_what_neither_a_column_nor_the_id_tells_is_no_time(shown: str, at: int | None) -> None:
    row = exported(AT, "hi", "some-other-id", timestampInMs="1.79379E+12", TimeUTC=shown)
    items, report = read(as_csv([row, exported(AT + 1, "hi")]))
    assert [item.at_ms for item in items] == ([at, AT + 1] if at else [AT + 1])
    assert ["1.79379E+12" in each.reason for each in report.offences] == ([] if at else [True])


def test_a_day_that_nothing_tells_from_the_month_is_no_time() -> None:
    rows = [
        exported(AT, "hi", "some-other-id", timestampInMs="########", TimeUTC=f"{day}/26 10:20:30")
        for day in ("11/4", "11/14")
    ]
    items, report = read(as_csv(rows))
    assert [item.at_ms for item in items] == [SECOND + 10 * 86_400_000]
    assert report.unusable == 1


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("shown", ["########", "11/4/26 10:20 AM", "04.11.2026 10:20"])
def test_lines_of_which_only_the_request_tells_the_time_keep_their_order(delimiter: str, shown: str) -> None:
    cut = {"timestampInMs": "1.79379E+12", "TimeUTC": shown}
    requests = [
        (REQUEST, ["four", "five"]),
        (EARLIER, ["one", "two", "three"]),
    ]
    rows = [exported(AT, text, request, **cut) for request, texts in requests for text in (*texts, "")]
    in_time = sorted(read(as_csv(rows, delimiter))[0], key=lambda item: item.at_ms)
    said = [item.message for item in in_time if isinstance(item, LogEntry)]
    assert said == ["one", "two", "three", "four", "five"]
    older = [
        exported(AT, text, request, **cut) for request, texts in requests for text in ("", *reversed(texts))
    ]
    in_time = sorted(read(as_csv(older, delimiter))[0], key=lambda item: item.at_ms)
    assert [item.message for item in in_time if isinstance(item, LogEntry)] == said


def test_a_time_that_a_spreadsheet_left_alone_is_exact_to_the_millisecond() -> None:
    assert read(as_csv([exported(AT, "hi", TimeUTC="04.11.2026 10:20")], "\t"))[0][0].at_ms == AT


# Damage to CSV


def test_a_quote_that_is_never_closed_costs_its_own_row() -> None:
    rows = as_csv([exported(AT + n, f"message {n}") for n in range(50)]).split("\n")
    rows[20] = rows[20].replace("message", '"message')
    items, report = read("\n".join(rows))
    assert (len(items), report.unusable) == (49, 1)
    assert report.offences[0].line == 21


def test_a_quote_that_is_never_closed_costs_its_own_row_in_a_long_file_too() -> None:
    rows = as_csv([exported(AT + n, f"message {n} " + "x" * 1_000) for n in range(12_000)]).split("\n")
    rows[20] = rows[20].replace("message", '"message')
    _, report = read("\n".join(rows))
    assert (report.used, report.unusable) == (11_999, 1)


def test_quotes_that_are_never_closed_are_read_in_a_moment() -> None:
    rows = as_csv([exported(AT + n, f"message {n}") for n in range(3_000)]).split("\n")
    started = time.process_time()
    _, report = read("\n".join([rows[0], *(row.replace("message", '"message') for row in rows[1:])]))
    assert time.process_time() - started < 5
    assert report.records >= 1


# Text with records between


def drained(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{AT}{number:06}", "deploymentId": "dpl_1", "source": "lambda", "host": "clips.example.com",
        "timestamp": AT + number, "projectId": "prj_1", "level": "info", "message": f"message {number}",
        "path": "/api/clips", "requestId": f"fra1::{REQUEST}", "statusCode": 200,
    } | more  # fmt: skip


def requested(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"r{number}xx-{AT + number}-0a1b2c3d4e5f", "timestamp": AT + number, "deploymentId": "dpl_1",
        "projectId": "prj_1", "level": "info", "message": f"message {number}", "source": "serverless",
        "domain": "clips.example.com", "requestMethod": "POST", "requestPath": "/api/clips",
        "responseStatusCode": 200, "environment": "production", "branch": "main",
        "logs": [{"level": "info", "message": f"message {number}"}],
    } | more  # fmt: skip


def tailed(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "level": "info", "message": f"message {number}", "rowId": f"{AT + number}{number:05}",
        "source": "serverless", "timestampInMs": AT + number, "domain": "clips.example.com",
        "messageTruncated": False, "requestMethod": "POST", "requestPath": "/api/clips",
        "responseStatusCode": -1,
    } | more  # fmt: skip


@pytest.mark.parametrize("record", [drained(), requested(), tailed(), exported(AT, "message 1")])
def test_records_in_a_note_are_read_and_belong_to_no_line_before_them(record: dict[str, Any]) -> None:
    note = (
        "2026-11-04 10:20:29.000 [info] hello\n  still hello\n"
        f"{json.dumps(record)}\nthen it was quiet\n"
        "2026-11-04 10:20:31.000 [info] goodbye\n"
    )
    items, report = read(note)
    assert messages(note) == ["hello\n  still hello", "message 1", "goodbye"]
    assert (report.used, report.unusable) == (3, 1)
    assert any(isinstance(item, RequestSummary) for item in items) == ("logs" in record)


def test_a_json_object_that_is_no_record_stays_part_of_the_message() -> None:
    text = '2026-11-04 10:20:29.000 [info] answer:\n{"status": "RUNNING"}\n'
    assert messages(text) == ['answer:\n{"status": "RUNNING"}']


@pytest.mark.parametrize("note", ['He said "hi {\n', "It's over } ] here\n", "# Notes\n\n```json\n"])
def test_prose_with_quotes_and_brackets_costs_no_record(note: str) -> None:
    first, second = (
        "\n".join(json.dumps(drained(n), indent=1) for n in numbers) for numbers in (range(3), range(3, 6))
    )
    _, report = read(f"{note}{first}\n{note}{second}")
    assert report.used == 6


@pytest.mark.parametrize("record", [drained, requested, tailed])
def test_a_record_may_stand_behind_what_a_terminal_left_on_its_line(record: Any) -> None:
    items, report = read(f"Fetching logs...{lines(record(1), record(2))}")
    assert items == read(lines(record(1), record(2)))[0]
    assert report.unusable == 0


# Repeats


def test_equal_rows_of_a_tail_are_genuine_where_their_ids_are_only_times() -> None:
    twice = tailed(rowId=str(AT + 1))
    assert read(lines(twice, twice))[1].entries == 2
    assert read(lines(tailed(), tailed()))[1].entries == 1


def test_a_row_of_a_tail_without_message_is_a_request() -> None:
    items, report = read(lines(tailed(message="", responseStatusCode=304, requestMethod="GET")))
    assert isinstance(items[0], RequestSummary)
    assert (items[0].method, items[0].status_code, report.unusable) == ("GET", 304, 0)


# Sizes


@pytest.mark.parametrize("size", [60_000, 70_000, 131_072, 1 << 20])
@pytest.mark.parametrize(
    "write",
    [
        lambda text: lines(drained(message=text), drained(2)),
        lambda text: json.dumps([drained(message=text), drained(2)]),
        lambda text: json.dumps([drained(message=text), drained(2)], indent=2),
        lambda text: lines(requested(logs=[{"level": "info", "message": text}]), requested(2)),
        lambda text: json.dumps({"rows": [requested(logs=[{"message": text}]), requested(2)]}),
        lambda text: lines(tailed(message=text), tailed(2)),
        lambda text: json.dumps([exported(AT, text), exported(AT + 1, "message 2")]),
        lambda text: as_csv([exported(AT, text), exported(AT + 1, "message 2")]),
        lambda text: f"2026-11-04 10:20:29.000 [info] {text}\n2026-11-04 10:20:30.000 [info] message 2\n",
        lambda text: "Vercel CLI 54.2.0\nFetching logs...\n" + lines(drained(message=text), drained(2)),
    ],
    ids=[
        "lines",
        "array",
        "printed",
        "vercel logs",
        "page",
        "tail",
        "dashboard",
        "csv",
        "pasted",
        "behind noise",
    ],
)
def test_a_first_record_may_be_of_any_size(write: Any, size: int) -> None:
    text = ('{"a": ["\\u007b",' * size)[:size] + "."
    assert sorted(map(len, messages(write(text)))) == [9, len(text)]


def test_a_request_may_hold_all_that_vercel_allows() -> None:
    whole = "x" * (256 << 10)
    started = time.process_time()
    _, report = read(lines(requested(logs=[{"level": "info", "message": whole}] * 256), requested(2)))
    assert (report.entries, report.unusable) == (257, 0)
    assert time.process_time() - started < 30


@pytest.mark.parametrize("unit", [b'{"a": "', b"[1,", b'{"a":', b"{}[", b'"', b"\\", b'{"id": "x"},'])
def test_a_file_that_goes_on_like_a_first_record_is_refused_in_a_moment(unit: bytes) -> None:
    started = time.process_time()
    with pytest.raises(BadInput):
        read(b'[{"a": ' + unit * (4_000_000 // len(unit)))
    assert time.process_time() - started < 10


def test_where_chunks_end_makes_no_difference_to_a_long_record() -> None:
    whole = json.dumps([drained(message='"}{' * 400), drained(2, message="\\" * 99)]).encode()
    for size in (1, 7, 64):
        pieces = framing.json_objects(whole[n : n + size] for n in range(0, len(whole), size))
        assert list(pieces) == list(framing.json_objects(iter([whole])))


# One bad record never costs its neighbours


def deep(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = [value]
    return value


BAD: list[tuple[str, Any, str]] = [
    ("id", "x" * 3_000, "an id of 3,000 characters"),
    ("id", "a\0b", "an id with characters that no id has"),
    ("id", "half \ud800", "an id with characters that no id has"),
    ("time", 253_402_300_799_000, "no usable time"),
    ("time", "9999-12-31T23:59:59Z", "no usable time"),
    ("time", -62_135_596_800_000, "no usable time"),
]


@pytest.mark.parametrize(("field", "value", "reason"), BAD)
@pytest.mark.parametrize(
    ("record", "ids", "time_field"),
    [
        (drained, ("id", "requestId", "deploymentId"), "timestamp"),
        (requested, ("id", "deploymentId"), "timestamp"),
        (lambda n, **more: exported(AT + n, "hi", **more), ("requestId", "deploymentId"), "timestampInMs"),
        (tailed, ("requestId", "deploymentId"), "timestampInMs"),
    ],
    ids=["drain", "vercel logs", "dashboard", "tail"],
)
def test_a_record_that_cannot_be_stored_is_set_aside_with_its_reason(
    record: Any, ids: tuple[str, ...], time_field: str, field: str, value: Any, reason: str
) -> None:
    for name in ids if field == "id" else (time_field,):
        if (record, name) == (drained, "id") and len(value) < 300:
            continue  # the id of a drain's record is not stored
        bad = record(2, **{name: value}) | ({"TimeUTC": value} if name == "timestampInMs" else {})
        _, report = read(lines(record(1), bad, record(3)))
        assert (report.used, report.unusable) == (2, 1)
        assert report.offences[0].reason.startswith(reason)
        assert report.offences[0].line == 2
        json.dumps(report.details()).encode()


@pytest.mark.parametrize("other", [7, None, True, 'a "note"', [], [1, 2], {}])
def test_what_is_no_record_costs_none_of_those_that_a_delivery_holds_beside_it(other: Any) -> None:
    _, report = read(json.dumps([other, drained(1), other, drained(2)]))
    assert report.used == 2


@pytest.mark.parametrize("levels", [500, 980, 1_000, 1_020, 1_030, 5_000, 100_000])
@pytest.mark.parametrize("field", ["message", "proxy", "something else"])
@pytest.mark.parametrize("record", [drained, requested, tailed])
def test_deep_nesting_costs_its_own_record_at_most(record: Any, field: str, levels: int) -> None:
    nested = "[" * levels + "]" * levels
    bad = json.dumps(record(2) | {field: "?"}).replace('"?"', nested)
    for content in (
        lines(record(1)) + bad + "\n" + lines(record(3)),
        f"[{json.dumps(record(1))},\n{bad},\n{json.dumps(record(3))}]",
    ):
        _, report = read(content)
        assert report.used >= 2
        assert report.used + report.unusable == 3


def test_what_a_message_must_not_hold_is_taken_out_and_the_rest_is_kept() -> None:
    record = drained(message="\x1b[31mred\x1b[39m a\0b \ud83d  \0 ", path="/a\0b/\ud800")
    (entry,) = read(lines(record))[0]
    assert isinstance(entry, LogEntry)
    assert (entry.message, entry.path) == ("red ab ?", "/ab/?")


def test_a_duration_that_no_request_takes_is_left_out() -> None:
    (summary,) = read(json.dumps([exported(AT, "", durationMs=10**12)]))[0]
    assert isinstance(summary, RequestSummary)
    assert summary.duration_ms is None


def test_a_file_of_which_nothing_is_of_use_says_why() -> None:
    for content, said in (
        (
            lines(drained(timestamp=0), drained(timestamp="soon")),
            "2 unusable records.*Line 1: no usable time",
        ),
        (lines(tailed(rowId="", source="delimiter", message="")), "nothing was logged"),
    ):
        _, report = read(content)
        with pytest.raises(BadInput, match=f"export.json: .*{said}"):
            report.refuse_if_unused("export.json")
    _, report = read(json.dumps([exported(AT, "")]))
    report.refuse_if_unused("export.json")


def test_years_between_which_logs_can_be_are_wide() -> None:
    for at in (
        AT - timedelta(days=3650).total_seconds() * 1000,
        AT + timedelta(days=3650).total_seconds() * 1000,
    ):
        assert read(lines(drained(timestamp=round(at))))[1].used == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("build.txt", "12:00:00.000 Running build in Frankfurt, Germany (West) – fra1\n", "is a build log"),
        ("logs.jsonl", lines(drained(timestamp=0)), "nothing of it could be used"),
        ("empty.csv", as_csv([exported(AT, "")]).split("\n")[0], "export without rows"),
    ],
)
def test_diagnose_refuses_logs_of_which_nothing_is_of_use(
    name: str, content: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "videos.json").write_text("[]", "utf-8")
    (tmp_path / name).write_text(content, "utf-8")
    given = ["--videos", str(tmp_path / "videos.json"), "--logs", str(tmp_path / name)]
    result = CliRunner().invoke(diagnose, given)
    assert isinstance(result.exception, BadInput)
    assert f"{name}" in str(result.exception)
    assert said in str(result.exception)

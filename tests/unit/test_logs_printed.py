"""What Vercel's tools print is read back exactly, however it was captured."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import BadInput
from lib.logs.formats import Item
from lib.logs.reading import read_stream
from lib.logs.report import ImportReport
from tests.printing import Printed, misread, powershell, runtime_logs, table, tail

NOON = 1_793_793_600_000  # 2026-11-04T12:00:00Z
AFTER = datetime(2026, 11, 4, 13, tzinfo=UTC)
TASK = "3f0d9c52-7b1e-4a86-9d14-c05e6b72a9f8"
REQUESTS = (
    Printed(
        NOON + 10,
        [
            ("info", "[clips] accepted clip 7"),
            ("warning", "[clips] slow answer, retrying"),
            ("error", "[clips] Error: socket hang up"),
            ("info", "[clips] row updated"),
        ],
        status=500,
    ),
    Printed(NOON + 2_000, method="GET", path="/", source="static"),
    Printed(NOON + 2_500, [("info", "session ok")], method="GET", path="/studio", source="edge-function"),
    Printed(NOON + 3_000, method="GET", path="/old", status=308, source=""),
    Printed(NOON + 4_000, [("info", "")], status=-1),
    Printed(NOON + 5_000, [("fatal", "out of memory")], status=-1, path="/api/clips/9?size=2"),
)


@pytest.fixture(autouse=True)
def clock_of_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def read(text: str | bytes, written: datetime = AFTER) -> tuple[list[Item], ImportReport]:
    report = ImportReport()
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    items = list(read_stream(file, "capture.txt", report, written))
    assert report.records == report.used + report.repeated + report.unusable
    return items, report


def requests_of(items: list[Item]) -> list[tuple[Any, ...]]:
    """Each request with its messages, the oldest first."""
    found = []
    for item in items:
        if isinstance(item, RequestSummary):
            here = [e.message for e in items if isinstance(e, LogEntry) and e.request_id == item.request_id]
            found.append((item.at_ms, item.method, item.path, item.status_code, here))
    return sorted(found, key=lambda each: each[:4])


def expected(requests: tuple[Printed, ...], shown: Callable[[Printed], list[str]]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            (
                request.at_ms // 10 * 10,
                request.method,
                request.path.partition("?")[0],
                request.status if request.status > 0 else None,
                [text for text in shown(request) if text],
            )
            for request in requests
        ),
        key=lambda each: each[:4],
    )


def all_messages(request: Printed) -> list[str]:
    return [" ".join(text.split("\n")).strip() for _, text in request.messages]


def unstatused(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """--expand prints no status."""
    return [(*each[:3], None, each[4]) for each in found]


CAPTURES: dict[str, Callable[[str], str | bytes]] = {
    "as it is": str,
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "PowerShell, code page 437": powershell,
    "PowerShell, code page 850": lambda text: powershell(text, page="cp850"),
    "PowerShell, Windows' own": lambda text: powershell(text, page="cp1252"),
    "PowerShell, wide": lambda text: powershell(text, width=199),
    "misread as UTF-8": lambda text: misread(text, "cp437"),
    "icons lost": lambda text: re.sub(r"[^\x00-\x7f]", "\ufffd", text),
}


@pytest.mark.parametrize("capture", CAPTURES.values(), ids=CAPTURES)
@pytest.mark.parametrize("colours", [False, True])
def test_a_table_with_expand_has_every_message_of_every_request(
    capture: Callable[[str], str | bytes], colours: bool
) -> None:
    items, report = read(capture(table(REQUESTS, expand=True, colours=colours)))
    assert requests_of(items) == unstatused(expected(REQUESTS, all_messages))
    assert (report.unusable, report.requests) == (0, len(REQUESTS))


@pytest.mark.parametrize("capture", CAPTURES.values(), ids=CAPTURES)
@pytest.mark.parametrize("colours", [False, True])
def test_a_plain_table_has_the_status_and_the_worst_message_of_every_request(
    capture: Callable[[str], str | bytes], colours: bool
) -> None:
    items, report = read(capture(table(REQUESTS, colours=colours)))
    assert requests_of(items) == expected(REQUESTS, lambda request: [request.worst])
    assert (report.unusable, report.levels) == (0, {"error": 1, "fatal": 1, "info": 1})


@pytest.mark.parametrize("width", [40, 96, 120])
def test_what_the_table_cuts_is_said_and_a_cut_placeholder_is_still_no_message(width: int) -> None:
    long = Printed(NOON, [("info", "[clips] " + "very " * 40 + "long")])
    items, report = read(table((*REQUESTS, long), width=width))
    assert report.request_summaries == len(REQUESTS) + 1
    assert report.entries == 4
    assert any("cuts its messages" in note for note in report.notes)
    assert not any("(no me" in str(item) for item in items)


@pytest.mark.parametrize("width", [79, 99, 119])
@pytest.mark.parametrize("expand", [False, True])
def test_powershell_breaks_rows_and_messages_wherever_its_console_ends(width: int, expand: bool) -> None:
    long = Printed(
        NOON + 9_000,
        [
            ("info", "[clips] prompt: a paper boat sails through the rain, past the old harbour … and home"),
            ("info", "x" * 300),
            ("info", f"[clips] task {TASK} of video {TASK} was created, saved and answered with {TASK}"),
        ],
        host="reelmint-git-main.example.com",
    )
    requests = (*REQUESTS, long)
    items, _ = read(powershell(table(requests, expand=expand, width=200), width=width))
    if expand:
        assert requests_of(items) == unstatused(expected(requests, all_messages))
    else:
        assert len(requests_of(items)) == len(requests)


@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("capture", CAPTURES.values(), ids=CAPTURES)
def test_the_live_tail_has_a_message_a_row_with_all_its_lines(
    capture: Callable[[str], str | bytes], colours: bool
) -> None:
    dump = Printed(NOON + 6_000, [("info", "settings {\n  seconds: 8,\n\n  ratio: '720:1280'\n}\n")])
    items, report = read(capture(tail((*REQUESTS, dump), colours=colours)))
    entries = [item for item in items if isinstance(item, LogEntry)]
    assert [entry.message for entry in entries] == [
        text.rstrip() for request in (*REQUESTS, dump) for _, text in request.messages if text
    ]
    assert (report.unusable, report.has_request_ids) == (0, False)
    assert (entries[0].at_ms, entries[0].path, entries[0].status_code) == (NOON + 10, "/api/clips", 500)
    assert sum(isinstance(item, RequestSummary) for item in items) == 3


def test_the_live_tail_tells_levels_by_its_symbols() -> None:
    _, report = read(tail(REQUESTS))
    assert report.levels == {"error": 1, "info": 4, "warning": 1}


@pytest.mark.parametrize("head", [True, False])
def test_the_mcp_tools_text_is_dated_by_its_head_or_by_when_it_was_written(head: bool) -> None:
    stack = "RangeError: too wide\n  at fit (/var/task/77.js:1:410)\n  at async POST (/var/task/1.js:1:2)"
    requests = (
        Printed(NOON, [("info", "[clips] one"), ("info", "[clips] two {\n  a: 1\n}")]),
        Printed(NOON + 1_000, [("error", stack)], status=500),
        Printed(NOON + 2_000, method="GET", path="/", status=0),
    )
    items, report = read(runtime_logs(requests, head=head), AFTER + timedelta(days=40 if head else 0))
    assert requests_of(items) == [
        (NOON, "POST", "/api/clips", 200, ["[clips] one", "[clips] two {\n  a: 1\n}"]),
        (NOON + 1_000, "POST", "/api/clips", 500, [stack]),
        (NOON + 2_000, "GET", "/", None, []),
    ]
    assert (report.format, report.unusable, report.levels) == ("vercel-mcp", 0, {"error": 1, "info": 2})
    assert all(item.deployment_id == "dpl_1" for item in items)


def test_the_mcp_tools_text_stands_in_a_note_as_people_keep_it() -> None:
    note = (
        "# Incident 12\n\n```\n07:45:12 POST /api/clips 504 [error/serverless]\n"
        "    Vercel Runtime Timeout Error: Task timed out after 60 seconds\n```\nWe restarted it.\n"
    )
    items, _ = read(note)
    (entry,) = (item for item in items if isinstance(item, LogEntry))
    assert entry.message == "Vercel Runtime Timeout Error: Task timed out after 60 seconds"


# Dates

MIDNIGHT = datetime(2026, 11, 5, tzinfo=UTC)
ROUND_MIDNIGHT = tuple(
    Printed(round((MIDNIGHT + timedelta(seconds=s)).timestamp() * 1000), [("info", f"at {s}")])
    for s in (-300, -2, 4, 200)
)


@pytest.mark.parametrize("later", [timedelta(minutes=10), timedelta(hours=9), timedelta(hours=23)])
@pytest.mark.parametrize(
    "printed",
    [
        table(ROUND_MIDNIGHT),
        table(ROUND_MIDNIGHT, expand=True),
        tail(ROUND_MIDNIGHT),
        runtime_logs(ROUND_MIDNIGHT, head=False),
        "[23:55:00] info: at -300\n[23:59:58] info: at -2\n[00:00:04] info: at 4\n[00:03:20] info: at 200\n",
        "[00:03:20] info: at 200\n[00:00:04] info: at 4\n[23:59:58] info: at -2\n[23:55:00] info: at -300\n",
    ],
    ids=["table", "expand", "tail", "mcp", "bracketed", "bracketed, newest first"],
)
def test_rows_on_both_sides_of_midnight_are_of_two_days(printed: str, later: timedelta) -> None:
    items, _ = read(printed, MIDNIGHT + later)
    at = {item.message: item.at_ms for item in items if isinstance(item, LogEntry)}
    assert at == {request.messages[0][1]: request.at_ms for request in ROUND_MIDNIGHT}


def test_a_table_of_two_years_is_dated_back_into_the_old_one() -> None:
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    at = [round((new_year + timedelta(hours=hours)).timestamp() * 1000) for hours in (-1, 1)]
    items, _ = read(table([Printed(each) for each in at]), new_year + timedelta(hours=3))
    assert sorted(item.at_ms for item in items) == at


def test_local_times_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    items, report = read("[08:00:00] info: hello\n", datetime(2026, 7, 4, 12, 30, tzinfo=UTC))
    assert items[0].at_ms == datetime(2026, 7, 4, 12, tzinfo=UTC).timestamp() * 1000
    assert any("EDT" in note for note in report.notes)


@pytest.mark.parametrize(
    ("line", "level", "text", "at"),
    [
        ("[13:02:44] info: started", "info", "started", "2026-11-04T13:02:44"),
        ("[13:02:44.250] ERROR started", "error", "started", "2026-11-04T13:02:44.250"),
        ("[13:02:44] [warn] started", "warning", "started", "2026-11-04T13:02:44"),
        ("[1:02:44 PM] error: started", "error", "started", "2026-11-04T13:02:44"),
        ("[2026-11-03 13:02:44] fatal: started", "fatal", "started", "2026-11-03T13:02:44"),
        ("[2026-11-03T13:02:44.001Z] [error] started", "error", "started", "2026-11-03T13:02:44.001"),
        ("[11/3/2026, 1:02:44 PM] info: started", "info", "started", "2026-11-03T13:02:44"),
        ("[03/11/2026, 13:02:44] info: started", "info", "started", "2026-11-03T13:02:44"),
        ("[03.11.2026, 13:02:44] info: started", "info", "started", "2026-11-03T13:02:44"),
        ("[13:02:44] Error: socket hang up", "info", "Error: socket hang up", "2026-11-04T13:02:44"),
    ],
)
def test_a_bracketed_time_is_read_in_every_usual_form(line: str, level: str, text: str, at: str) -> None:
    items, _ = read(f"{line}\n  and more\n", datetime(2026, 11, 4, 14, tzinfo=UTC))
    when = round(datetime.fromisoformat(f"{at}+00:00").timestamp() * 1000)
    assert items == [LogEntry(when, level, f"{text}\n  and more", None)]


@pytest.mark.parametrize(
    ("line", "level", "text", "second"),
    [
        ("2026-11-04T13:02:44Z kiln lit", "info", "kiln lit", "44"),
        ("2026-11-04T13:02:44.500Z  ERROR Runway said 401", "error", "Runway said 401", "44.500"),
        ("2026-11-04T14:02:44+01:00 warn: hot", "warning", "hot", "44"),
        ("2026-11-04T14:02:44,250+0100 INFO: kiln lit", "info", "kiln lit", "44.250"),
        ("web-1  | 2026-11-04T13:02:44.123456789Z kiln lit", "info", "kiln lit", "44.123"),
    ],
)
def test_lines_with_a_whole_time_are_read_whoever_printed_them(
    line: str, level: str, text: str, second: str
) -> None:
    items, _ = read(f"{line}\n  and more\n")
    when = round(datetime.fromisoformat(f"2026-11-04T13:02:{second}+00:00").timestamp() * 1000)
    assert items == [LogEntry(when, level, f"{text}\n  and more", None)]


def test_a_time_that_is_none_costs_its_row_alone() -> None:
    _, report = read(
        "[13:02:44] info: a\n[99:02:44] info: b\n[13:02:45] info: c\n", AFTER + timedelta(hours=1)
    )
    assert (report.used, report.unusable) == (2, 1)


# What belongs to whom


def test_the_worst_level_of_a_request_goes_to_what_speaks_of_trouble() -> None:
    items, _ = read(table(REQUESTS, expand=True))
    levels = {item.message: item.level for item in items if isinstance(item, LogEntry)}
    assert levels["[clips] accepted clip 7"] == levels["[clips] row updated"] == "info"
    assert levels["[clips] Error: socket hang up"] == "error"
    assert levels["out of memory"] == "fatal"


def test_the_worst_level_goes_to_a_warning_where_nothing_speaks_of_more() -> None:
    said = [
        ("info", "[clips] accepted"),
        ("error", "(node:4) ExperimentalWarning: slow"),
        ("info", "[clips] sent"),
    ]
    items, _ = read(table([Printed(NOON, said)], expand=True))
    assert [item.level for item in items if isinstance(item, LogEntry)] == ["info", "error", "info"]


def test_requests_that_look_the_same_stay_apart_and_have_the_same_ids_in_every_capture() -> None:
    twice = [Printed(NOON, [("info", text)]) for text in ("first", "second")]
    items, report = read(table(twice, expand=True))
    again, _ = read(table([*twice, Printed(NOON + 60_000)], expand=True))
    assert report.requests == 2
    assert {item.request_id for item in items} < {item.request_id for item in again}


def test_the_sum_at_the_end_is_checked_and_what_is_missing_is_said() -> None:
    lines = table(REQUESTS, expand=True).split("\n")
    del lines[3:6]
    _, report = read("\n".join(lines))
    assert any("fetched 6 requests; 5 could be read: 1 are missing" in note for note in report.notes)
    assert not any("missing" in note for note in read(table(REQUESTS))[1].notes)


def test_what_follows_the_sum_is_no_message() -> None:
    items, _ = read(table(REQUESTS, expand=True) + "\nA newer version of Vercel CLI may be available.\n")
    assert "newer version" not in str(items)


@pytest.mark.parametrize(
    "noise", ["Fetching logs...", "⠋ Fetching logs...\x1b[2K\x1b[G", "Vercel CLI 54.2.0 "]
)
@pytest.mark.parametrize("expand", [True, False])
def test_a_head_may_stand_behind_what_a_terminal_left_on_its_line(noise: str, expand: bool) -> None:
    whole = table(REQUESTS, expand=expand)
    items, report = read(noise + whole[whole.index("TIME") :])
    assert items == read(whole)[0]
    assert report.unusable == 0


def test_rows_of_the_tail_may_stand_behind_what_shows_that_it_waits() -> None:
    plain = tail(REQUESTS)
    spinning = plain.replace(
        "waiting for new logs...\n", "⠋ waiting for new logs...⠙ waiting for new logs...\x1b[2K\x1b[G"
    )
    assert read(spinning)[0] == read(plain)[0]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), max_size=4), st.booleans())
def test_any_words_come_back_from_expand(words: list[str], windows: bool) -> None:
    request = Printed(NOON, [("info", f"[clips] {word}") for word in words])
    printed = table([request], expand=True)
    items, _ = read(powershell(printed, width=300) if windows else printed)
    assert [item.message for item in items if isinstance(item, LogEntry)] == all_messages(request)


# What holds no logs


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("2026-11-04T06:10:31.750Z  Running build in Frankfurt, Germany (West) – fra1\n", "is a build log"),
        ("[06:10:31.750] Cloning github.com/a/b (Branch: main, Commit: 1f0e9d8)\n", "is a build log"),
        ("06:10:31.750 Build machine configuration: 2 cores, 8 GB\n06:10:40.1 [warn] x\n", "is a build log"),
        (
            '2026-11-04T06:10:31.750Z  Running "vercel build"\n2026-11-04T06:10:32.000Z  [error] no page\n',
            "is a build log",
        ),
        (
            '[{"created": 1, "deploymentId": "dpl_1", "id": "1", "info": {"type": "build"}, "text": "a"}]',
            "build events",
        ),
        ('{"type":"deployment-state","created":1,"payload":{"value":"READY"}}\n', "build events"),
        ('{"id":"dpl_1","readyState":"READY","url":"a.example.com"}', "describes deployments"),
        ('{"deployments":[{"uid":"dpl_1","url":"a.example.com"}]}', "describes deployments"),
        ("Vercel CLI 54.2.0\n> Deployments for studio [400ms]\n\n  Age   Deployment\n", "lists deployments"),
        (
            'Vercel CLI 54.2.0\nFetching deployment "clips.example.com" in studio\n  General\n',
            "lists deployments",
        ),
        ('{"error":{"code":"forbidden","message":"Not authorized"}}', "Not authorized"),
        ('{"type":"deployment_error","message":"it never reached READY"}\n', "never reached READY"),
        ("Vercel CLI 54.2.0\nError: Your codebase isn't linked to a project on Vercel.\n", "isn't linked"),
        ("Vercel CLI 54.2.0\nFetching logs...\nNo logs found for studio/clips\n", "nothing was logged"),
        ("No logs found matching the specified filters.\n", "nothing was logged"),
        ("## Runtime Logs\n\nNo logs found for the specified criteria.\n", "nothing was logged"),
        ("Vercel CLI 54.2.0\nRetrieving project…\nFetching logs...\n", "nothing was logged"),
        (tail([]), "nothing was logged"),
        (table(REQUESTS).split("\n")[2] + "\n", "nothing was logged"),
        ("[]", "export without rows"),
        ("[\n]\n", "export without rows"),
        ('{"rows":[],"hasMoreRows":false}', "export without rows"),
        ('"TimeUTC","timestampInMs","requestPath","requestId","message"\n', "export without rows"),
        ("", "is empty"),
    ],
)
def test_what_holds_no_logs_is_refused_by_its_name(content: str, said: str) -> None:
    for captured in (content, content.replace("\n", "\r\n"), content.encode("utf-16") if content else ""):
        with pytest.raises(BadInput, match=said) as refused:
            read(captured)
        assert "capture.txt" in str(refused.value)


def test_a_word_about_building_in_a_log_makes_it_no_build_log() -> None:
    items, _ = read("2026-11-04 11:00:00.000 [info] Running build in the background\n")
    assert len(items) == 1

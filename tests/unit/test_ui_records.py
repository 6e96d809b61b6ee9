"""What belongs to one video: its tries side by side, and lines of its log."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from lib.data import videos
from lib.ui.kit import html
from lib.ui.kit.records import log_line
from tests.pages import listed


def _page() -> None:
    from datetime import UTC, datetime
    from typing import Any

    from lib.domain.video import Video
    from lib.ui.kit.records import tries

    at = "2026-04-05T10:00:00Z"
    first: dict[str, Any] = {
        "id": "a1",
        "video_id": "v1",
        "key": "k",
        "number": 1,
        "previous_id": None,
        "state": "refused",
        "operator": "kim",
        "request": {"model": "gen4_turbo", "prompt": "A <b>fox</b> jumps", "image": "data:x," + "A" * 5000},
        "credits": 25,
        "task_id": None,
        "reason": "Too long",
        "cause": None,
        "claimed_at": at,
        "sent_at": at,
        "settled_at": "2026-04-05T10:00:02Z",
    }
    second = first | {"number": 2, "state": "created", "task_id": "t-9", "reason": None}
    second["request"] = first["request"] | {"model": "gen4.5"}
    video = Video("v1", "failed", datetime(2026, 4, 5, 9, tzinfo=UTC), prompt="A <b>fox</b> jumps high")
    tries([first, second], video, datetime(2026, 4, 5, 12, tzinfo=UTC))


def test_tries_stand_side_by_side_and_what_was_asked_otherwise_is_marked() -> None:
    table = listed(AppTest.from_function(_page).run())
    assert "<th>The app</th><th>Attempt 1</th><th>Attempt 2</th>" in table
    marked = [part.split("</mark>")[0] for part in table.split("<mark>")[1:]]
    assert [part.split(">")[1].split("<")[0] for part in marked] == [
        "A &lt;b&gt;fox&lt;/b&gt; jumps",
        "gen4.5",
    ]
    assert "outcome" not in table
    assert "× refused" in table
    assert "✓ created" in table
    assert "A" * 200 not in table


def _log_page(lines: int) -> None:
    from lib.data.videos import LogRow
    from lib.ui.kit.records import log_table

    def entry(number: int) -> LogRow:
        return {
            "at": f"2026-04-05T10:00:00.{number:06}Z",
            "level": "info",
            "message": f"<b>line {number}</b>",
            "request_id": None,
            "path": "/api/<i>",
            "status_code": 504,
            "video_id": None,
            "task_id": None,
        }

    log_table([entry(number) for number in range(lines)])


def test_a_log_is_shown_as_text_with_its_milliseconds() -> None:
    app = AppTest.from_function(_log_page, kwargs={"lines": 2}).run()
    table = listed(app)
    assert "&lt;b&gt;line 1&lt;/b&gt;" in table
    assert "/api/&lt;i&gt;" in table
    assert "05 Apr 10:00:00.000</time>" in table
    assert len(app.get("html")) == 1


def test_a_whole_line_has_all_that_the_list_cuts() -> None:
    entry: videos.LogRow = {
        "at": "2026-04-05T10:00:00.5Z",
        "level": "warning",
        "message": "word " * 200 + "end",
        "request_id": "iad1::x",
        "path": "/" + "p" * 1000,
        "status_code": 504,
        "video_id": None,
        "task_id": None,
    }
    line = log_line(entry)
    assert line.startswith("05 Apr 2026 10:00:00.500 UTC  warning  ")
    assert f"  504 /{'p' * 1000}  word word" in line
    assert line.endswith(" word end")


def test_of_a_long_log_the_last_lines_are_shown_and_how_many_there_are() -> None:
    app = AppTest.from_function(_log_page, kwargs={"lines": 1234}).run()
    table = listed(app)
    assert table.count("<tr>") == 1 + 400
    assert "line 1233&lt;" in table
    assert "line 833&lt;" not in table
    assert "The last 400 of 1,234 lines" in str(app.get("html")[1].proto.body)


def test_signs_that_turn_the_writing_around_do_nothing_in_a_list() -> None:
    assert html.text("a\u202egnp.exe\u2066b") == html.text("a\ufffdgnp.exe\ufffdb")

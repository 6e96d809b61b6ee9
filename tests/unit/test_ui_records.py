"""What belongs to one video: its tries side by side, and lines of its log."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from lib.ui.kit import html
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


def test_signs_that_turn_the_writing_around_do_nothing_in_a_list() -> None:
    assert html.text("a\u202egnp.exe\u2066b") == html.text("a\ufffdgnp.exe\ufffdb")

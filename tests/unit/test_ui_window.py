"""The span of time that a page looks at, and how it is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lib.ui.kit.window import LENGTHS, Window, covering, ending_after, parse_until

NOW = datetime(2026, 3, 14, 18, 0, 30, tzinfo=UTC)
INCIDENT = datetime(2025, 11, 13, 15, 30, tzinfo=UTC)


def test_a_window_without_an_end_follows_the_clock() -> None:
    assert Window("24h").span(NOW) == (NOW - timedelta(hours=24), NOW)
    assert Window("24h").said == "in the last 24 hours"


def test_a_window_with_an_end_stays_where_it_is() -> None:
    window = Window("24h", INCIDENT)
    assert window.span(NOW) == (INCIDENT - timedelta(hours=24), INCIDENT)
    assert window.said == "in the 24 hours before 13 Nov 2025 15:30"


@pytest.mark.parametrize("window", [Window("7d"), Window("1h", INCIDENT)])
def test_the_address_of_a_window_leads_back_to_it(window: Window) -> None:
    query = window.query
    assert Window(query["window"], parse_until(query.get("until", ""))) == window


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-13T15:30",
        "2025-11-13T15:30Z",
        "2025-11-13T15:30:00.000Z",
        "2025-11-13 15:30:00",
        "2025-11-13T16:30:00 01:00",  # what an address makes of a plus sign
    ],
)
def test_an_end_is_read_as_logs_write_it(text: str) -> None:
    assert parse_until(text) == INCIDENT


def test_what_is_no_time_is_no_end() -> None:
    assert parse_until("yesterday") is None


@pytest.mark.parametrize("second", [0, 1, 59])
def test_a_window_that_ends_after_a_video_holds_it(second: int) -> None:
    at = INCIDENT + timedelta(seconds=second)
    assert Window("1h", ending_after(at)).holds(at, NOW)


@pytest.mark.parametrize(
    ("minutes", "length"),
    [(5, "1h"), (60, "24h"), (24 * 60, "7d"), (10 * 24 * 60, "14d"), (90 * 24 * 60, "14d")],
)
def test_a_span_is_covered_by_the_shortest_window_that_holds_it(minutes: int, length: str) -> None:
    window = covering(INCIDENT - timedelta(minutes=minutes), INCIDENT)
    assert window.length == length
    assert window.holds(INCIDENT, NOW)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_chart_of_any_window_has_as_many_bars_as_fit(length: str) -> None:
    window = Window(length)
    assert 20 <= window.size.total_seconds() / window.bucket_seconds <= 30

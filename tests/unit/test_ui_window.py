"""The span of time that a page looks at, and how it is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lib.domain.times import length_of
from lib.ui.kit.window import LENGTHS, Window, between, covering, ending_after, known, parse_until

NOW = datetime(2026, 3, 14, 18, 0, 30, tzinfo=UTC)
INCIDENT = datetime(2025, 11, 13, 15, 30, tzinfo=UTC)


def test_a_window_without_an_end_follows_the_clock() -> None:
    assert Window("24h").span(NOW) == (NOW - timedelta(hours=24), NOW)
    assert Window("24h").said == "in the last 24 hours"


def test_a_window_with_an_end_stays_where_it_is() -> None:
    window = Window("24h", INCIDENT)
    assert window.span(NOW) == (INCIDENT - timedelta(hours=24), INCIDENT)
    assert window.said == "in the 24 hours before 13 Nov 2025 15:30"


@pytest.mark.parametrize(
    "window", [Window("7d"), Window("1h", INCIDENT), Window("95m", INCIDENT), Window("all")]
)
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


@pytest.mark.parametrize("text", ["0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00", "1815-06-18"])
def test_a_time_from_which_nobody_has_logs_is_no_end(text: str) -> None:
    assert parse_until(text) is None


@pytest.mark.parametrize(
    ("length", "is_known"),
    [
        ("24h", True),
        ("all", True),
        ("999999d", True),
        ("0h", False),
        ("-1d", False),
        ("1y", False),
        ("", False),
    ],
)
def test_a_length_in_an_address_is_read_or_refused(length: str, is_known: bool) -> None:
    assert known(length) is is_known
    since, until = Window(length, parse_until("1990-01-01")).span(NOW)
    assert since < until


def test_any_two_times_make_a_window_that_holds_both() -> None:
    since, until = INCIDENT, INCIDENT + timedelta(hours=2, minutes=14, seconds=30)
    window = between(since, until)
    assert window.span(NOW) == (since, until + timedelta(seconds=30))
    assert window.words == "2 h 15 min"


def test_all_of_time_is_said_as_such() -> None:
    assert Window("all").said == "of all time"


@pytest.mark.parametrize(("days", "step"), [(0.1, "2h"), (20, "1d"), (300, "30d"), (9000, "30d")])
def test_all_time_begins_with_the_first_video_and_is_divided_as_finely_as_it_is_long(
    days: float, step: str
) -> None:
    first = NOW - timedelta(days=days)
    window = Window("all").since(first, NOW)
    assert window.span(NOW)[0] <= first or days == 9000
    assert timedelta(seconds=window.bucket_seconds) == length_of(step)
    assert window.query == Window("all").query


def test_of_all_time_before_a_moment_nothing_is_left_out() -> None:
    window = Window("all", INCIDENT).since(INCIDENT - timedelta(days=3), NOW)
    assert window.holds(INCIDENT - timedelta(days=3), NOW)
    assert Window("all", INCIDENT).since(NOW, NOW).size > timedelta(0)
    assert Window("24h").since(NOW, NOW) == Window("24h")


@pytest.mark.parametrize("second", [0, 1, 59])
def test_a_window_that_ends_after_a_video_holds_it(second: int) -> None:
    at = INCIDENT + timedelta(seconds=second)
    assert Window("1h", ending_after(at)).holds(at, NOW)


@pytest.mark.parametrize(
    ("minutes", "length"),
    [
        (5, "1h"),
        (60, "24h"),
        (24 * 60, "7d"),
        (10 * 24 * 60, "14d"),
        (20 * 24 * 60, "30d"),
        (90 * 24 * 60, "91d"),
    ],
)
def test_a_span_is_covered_by_the_shortest_window_that_holds_it(minutes: int, length: str) -> None:
    window = covering(INCIDENT - timedelta(minutes=minutes), INCIDENT)
    assert window.length == length
    assert window.holds(INCIDENT, NOW)


@pytest.mark.parametrize("length", [*LENGTHS, "95m", "3h", "3d"])
def test_a_chart_of_any_window_has_as_many_bars_as_fit(length: str) -> None:
    window = Window(length)
    assert 15 <= window.size.total_seconds() / window.bucket_seconds <= 30


@pytest.mark.parametrize("window", [Window("1h"), Window("24h"), Window("14d", INCIDENT, own=True)])
def test_the_first_and_the_last_bar_of_a_chart_open_no_more_than_the_window_holds(window: Window) -> None:
    since, until = window.span(NOW)
    bucket = timedelta(seconds=window.bucket_seconds)
    for began in (since - bucket / 3, until - bucket / 3):
        shown = window.bar(began, NOW)
        first, last = shown.span(NOW)
        assert first >= since - timedelta(minutes=1)
        assert last <= until + timedelta(minutes=1)
        assert timedelta() < last - first < bucket + timedelta(minutes=1)
        assert shown.own == window.own
    whole = window.bar(since + bucket, NOW).span(NOW)
    assert bucket <= whole[1] - whole[0] <= bucket + timedelta(minutes=1)

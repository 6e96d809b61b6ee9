"""Values read well and outside text cannot become markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lib.domain.cause import CAUSES, Action, Side
from lib.domain.trace import StageState
from lib.domain.video import STATUSES
from lib.ui.kit import format as f
from tests.contrast import contrast

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "just now"), (40, "40 s ago"), (150, "2 min ago"), (5 * 3600, "5 h ago"), (3 * 86400, "3 d ago")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    assert f.age(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(59.4, "59 s"), (59.6, "1 min"), (3569, "59 min"), (3599, "1 h"), (84_000, "23 h"), (86_300, "1 d")],
)
def test_what_rounds_up_to_a_larger_unit_is_told_in_that(seconds: float, text: str) -> None:
    assert f.span(seconds) == text
    assert f.age(NOW - timedelta(seconds=seconds), NOW) == f"{text} ago"


def test_what_never_happened_has_no_age() -> None:
    assert f.age(None, NOW) == "never"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.84, "0.8 s"),
        (9.97, "10 s"),
        (42.4, "42 s"),
        (59.7, "1 min"),
        (200, "3 min 20 s"),
        (180, "3 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_measured_times_are_short(seconds: float | None, text: str) -> None:
    assert f.seconds_text(seconds) == text


def test_the_day_is_left_out_today() -> None:
    assert f.clock("2026-03-14T09:05:07Z", NOW) == "09:05:07"
    assert f.clock("2026-03-12T09:05:07Z", NOW) == "12 Mar 09:05:07"
    assert f.since("2026-03-14T14:05:07+02:00", NOW) == "12:05"


@pytest.mark.parametrize(
    ("gap", "text"), [(0.12, "+120 ms"), (1.25, "+1.2 s"), (75, "+1 min 15 s"), (-0.3, "−300 ms")]
)
def test_the_time_between_stages_keeps_its_sign(gap: float, text: str) -> None:
    assert f.delta_text(NOW, NOW + timedelta(seconds=gap)) == text


def test_credits_are_told_in_dollars_too() -> None:
    assert f.credits_text(25) == "25 credits ($0.25)"
    assert f.credits_text(1) == "1 credit ($0.01)"
    assert f.credits_text(None) == "an unknown number of credits"


def test_an_identifier_in_a_label_cannot_carry_markup() -> None:
    assert f.plain("dpl_1](http://evil) ![x]") == "dpl_1(http//evil) x"
    assert f.plain("www.evil.test :material/check:") == "www evil.test material/check"
    assert f.words("client_`called`") == "client called"
    assert not set(f.look(f.STATUS, "**odd** [status]").word) & set("*[]`")


def test_every_value_of_every_closed_list_has_a_look() -> None:
    assert set(STATUSES) <= set(f.STATUS)
    assert set(StageState) == set(f.STAGE_STATE)
    assert set(Side) == set(f.SIDE)
    assert set(Action) == set(f.ACTION)


def test_no_two_values_of_a_list_differ_by_colour_alone() -> None:
    for table in (f.STATUS, f.SIDE, f.STAGE_STATE):
        looks = list(table.values())
        assert len({look.glyph for look in looks}) == len(looks)
        assert len({look.word for look in looks}) == len(looks)


@pytest.mark.parametrize("background", ["#ffffff", "#0f1217"])
def test_chart_colours_stand_out_from_both_backgrounds(background: str) -> None:
    for color in (f.GREEN, f.RED, f.AMBER, f.BLUE, f.VIOLET, f.GRAY):
        assert contrast(color, background) >= 3, color


def test_a_video_without_a_verdict_says_so() -> None:
    assert f.cause_label(None) == "… Not judged yet"
    assert f.cause_label("missing_api_key").endswith(CAUSES["missing_api_key"].title)


def test_a_cause_of_a_newer_version_is_unknown_and_no_crash() -> None:
    assert f.cause_of("quantum_flux").key == "unknown"


def test_an_encoded_file_is_cut_and_its_length_told() -> None:
    wall = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAA" + "Qk0/+" * 2000
    shown = f.without_walls({"image": wall, "rows": [f"image: {wall} end"], "n": 3})
    assert shown["n"] == 3
    assert shown["image"] == "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA… (10,024 characters)"
    assert shown["rows"][0].endswith("characters) end")
    assert f.without_walls("an ordinary line of a log") == "an ordinary line of a log"

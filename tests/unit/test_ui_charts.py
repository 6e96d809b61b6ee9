"""Charts count what they are given: no bucket is lost, and colour is never the only sign."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import plotly.graph_objects as go
import pytest

from lib.data.errors import ErrorPoint
from lib.data.overview import FunnelStage
from lib.data.series import STEP
from lib.domain.cause import CAUSES
from lib.ui.kit import charts
from lib.ui.kit.format import GRAY
from lib.ui.views.errors import part_name

START = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
HOURS = [START + timedelta(hours=n) for n in range(3)]
SERIES: list[dict[str, Any]] = [
    {"at": "2026-03-14T10:00:00+00:00", "status": "succeeded", "n": 3},
    {"at": "2026-03-14T12:00:00Z", "status": "succeeded", "n": 1},
    {"at": "2026-03-14T12:00:00Z", "status": "failed", "n": 1},
    {"at": "2026-03-14T12:00:00Z", "status": "paused", "n": 2},
]


def test_buckets_cover_the_whole_window_also_where_nothing_happened() -> None:
    assert charts.buckets(START + timedelta(minutes=7), START + timedelta(hours=2), 3600) == HOURS


def test_counts_have_a_value_for_every_bucket() -> None:
    assert charts.counts_by_status(SERIES, HOURS) == {
        "succeeded": [3, 0, 1],
        "failed": [0, 0, 1],
        "paused": [0, 0, 2],
    }


def test_a_status_nobody_foresaw_is_drawn_too() -> None:
    names = [trace["name"] for trace in charts.status_over_time(SERIES, HOURS)["data"]]
    assert names == ["✓ succeeded", "× failed", "? paused"]


def test_a_status_that_looks_like_a_tag_is_drawn_as_text() -> None:
    series = [{"at": HOURS[0].isoformat(), "status": '<a href="https://x.example">x</a>', "n": 1}]
    (trace,) = charts.status_over_time(series, HOURS)["data"]
    assert "<" not in trace["name"]


def test_a_bar_knows_its_status_its_time_and_its_share() -> None:
    failed = charts.status_over_time(SERIES, HOURS)["data"][1]
    assert failed["customdata"][2] == ["failed", HOURS[2].isoformat(), 25]


def test_the_success_rate_leaves_out_buckets_in_which_nothing_finished() -> None:
    assert charts.success_rates(SERIES, HOURS) == [100.0, 50.0]


def test_an_empty_window_has_a_flat_sparkline() -> None:
    assert charts.sparkline([], HOURS) == [0, 0, 0]


def test_the_most_frequent_cause_is_on_top_with_its_side_in_words() -> None:
    figure = charts.causes([{"cause": "moderated", "n": 1}, {"cause": "missing_api_key", "n": 4}])
    order = figure["layout"]["yaxis"]["categoryarray"]
    assert order == ["Moderated ●", "API key missing ▲"]  # drawn from below
    assert [(trace["name"], trace["customdata"]) for trace in figure["data"]] == [
        ("▲ the app", [["missing_api_key", 80]]),
        ("● Runway", [["moderated", 20]]),
    ]


def colors_of(*causes: str) -> dict[str, str]:
    colors = charts.part_colors([json.dumps({"cause": cause}) for cause in causes])
    return {json.loads(part)["cause"]: color for part, color in colors.items()}


def test_a_part_keeps_its_colour_whatever_its_rank() -> None:
    causes = ("unknown", "moderated", "never_polled", "runway_server_error", "nobody foresaw it")
    assert colors_of(*causes) == colors_of(*causes[::-1])


def test_a_cause_keeps_its_colour_whichever_others_come_and_go() -> None:
    often = ("function_terminated", "missing_api_key", "moderated", "invalid_request", "insufficient_credits")
    all_of_them = colors_of(*often)
    for left_out in often:
        fewer = colors_of(*(cause for cause in often if cause != left_out))
        assert fewer.items() <= all_of_them.items()


@pytest.mark.parametrize("asked", ["cause", "deployment", "model"])
def test_no_two_of_ten_parts_share_a_colour_and_the_eleventh_has_one(asked: str) -> None:
    values = list(CAUSES) if asked == "cause" else [f"{asked}-{number}" for number in range(len(CAUSES))]
    parts = [json.dumps({asked: value}) for value in values]
    for first in range(len(parts) - 10):
        assert len(set(charts.part_colors(parts[first : first + 10]).values())) == 10
    assert charts.part_colors(parts).keys() == set(parts)


def test_a_bar_is_drawn_in_the_colour_of_its_part() -> None:
    points = [
        ErrorPoint(at=HOURS[0].isoformat(), part={"cause": cause}, n=n)
        for n, cause in enumerate(("runway_server_error", "moderated"), 1)
    ]
    by_rank = [
        charts.parts_over_time(order, HOURS, lambda part: part["cause"]) for order in (points, points[::-1])
    ]
    first, second = ({bar["name"]: bar["marker"]["color"] for bar in chart["data"]} for chart in by_rank)
    assert first == second == colors_of("moderated", "runway_server_error")


def test_others_are_grey_which_no_part_is_and_come_last_with_their_number() -> None:
    parts = [{"deployment": f"dpl_{number}"} for number in range(10)] + [{}]
    points = [ErrorPoint(at=HOURS[0].isoformat(), part=part, n=4) for part in parts]
    chart = charts.parts_over_time(points, HOURS, part_name)
    *named, others = chart["data"]
    assert (others["name"], others["y"], others["customdata"][0][0]) == ("others", [4], "{}")
    assert others["marker"]["color"] == GRAY
    assert GRAY not in {bar["marker"]["color"] for bar in named}
    assert others["hovertext"] == ["4 videos"]


def stage(name: str, position: int, *, seen: int = 0, missing: int = 0, not_reached: int = 0) -> FunnelStage:
    return FunnelStage(
        flow="sync-sdk",
        stage=name,
        position=position,
        seen=seen,
        missing=missing,
        not_reached=not_reached,
        not_observable=0,
    )


def test_the_funnel_keeps_the_order_of_the_flow() -> None:
    figure = charts.funnel([stage("accepted", 1, seen=4), stage("saved", 2, seen=3, missing=1)])
    assert figure["layout"]["yaxis"]["categoryarray"] == ["saved", "accepted"]  # drawn from below
    assert {trace["name"]: (trace["x"], trace["customdata"]) for trace in figure["data"]} == {
        "✓ seen": ([100, 75], [["accepted", "seen", 4], ["saved", "seen", 3]]),
        "× missing": ([0, 25], [["accepted", "missing", 0], ["saved", "missing", 1]]),
    }


def test_every_figure_is_one_that_plotly_accepts() -> None:
    for figure in (
        charts.status_over_time(SERIES, HOURS),
        charts.causes([{"cause": "moderated", "n": 1}]),
        charts.funnel([stage("accepted", 1, seen=4, not_reached=1)]),
        charts.percentiles({"all": TIMES}),
        charts.histogram({"one": [{"low": 1.5, "n": 3}], "two": [{"low": 1.0, "n": 1}]}),
        charts.stage_times([{"stage": "saved", "n": 2, "p50": 1.0, "p95": 2.0}]),
        charts.success_over_time(SERIES, HOURS, {"low": 0.8, "high": 0.95}),
        charts.cost(
            [{"day": "2026-03-14T00:00:00Z", "model": "", "credits": 35.0, "tasks": 2, "delivered": 1}]
        ),
    ):
        go.Figure(charts.titled(charts.marked(figure, DEPLOYMENTS, HOURS[0], HOURS[-1]), "Videos"))


TIMES = [{"at": HOURS[0].isoformat(), "n": 2, "p50": 1.0, "p95": 2.0}]
DEPLOYMENTS = [{"deployment_id": "dpl_<b>one</b>", "first_at": HOURS[1].isoformat()}]


def test_a_deployment_is_a_line_that_keeps_the_band_of_what_is_usual() -> None:
    figure = charts.success_over_time(SERIES, HOURS, {"low": 0.5, "high": 0.75})
    layout = charts.marked(figure, DEPLOYMENTS, HOURS[0], HOURS[-1])["layout"]
    band, line = layout["shapes"]
    assert (band["y0"], band["y1"]) == (50, 75)
    assert (line["x0"], line["x1"], line["type"]) == (HOURS[1].isoformat(), HOURS[1].isoformat(), "line")
    assert "<" not in layout["annotations"][0]["text"]
    assert layout["yaxis"]["domain"][1] < 0.9 * line["y1"], "its name stands above what is drawn"


def test_of_deployments_close_together_the_latest_is_named_and_the_others_when_pointed_at() -> None:
    def named(*minutes: int) -> list[dict[str, Any]]:
        began = [START + timedelta(minutes=each) for each in minutes]
        rows = [{"deployment_id": f"dpl_{n}", "first_at": at.isoformat()} for n, at in enumerate(began)]
        figure = charts.status_over_time(SERIES, HOURS)
        found: list[dict[str, Any]] = charts.marked(figure, rows, START, START + timedelta(minutes=100))[
            "layout"
        ]["annotations"]
        return found

    names = named(0, 12, 45, 50, 99)
    assert [name["text"] for name in names] == ["dpl_4", "dpl_3", "▾", "dpl_1", "▾"]
    assert names[0]["xanchor"] == "right"
    assert names[2]["hovertext"] == "dpl_2: first video 14 Mar 10:45:00"
    assert [name["text"] for name in named(26, 45, 50, 99)] == ["dpl_3", "dpl_2", "dpl_0"], (
        "over a name is none"
    )


def test_a_year_of_daily_deployments_stays_legible() -> None:
    since = HOURS[0]
    rows = [
        {"deployment_id": f"dpl_{n}", "first_at": (since + timedelta(days=n)).isoformat()} for n in range(365)
    ]
    figure = charts.marked(charts.status_over_time(SERIES, HOURS), rows, since, since + timedelta(days=365))
    lines, names = figure["layout"]["shapes"], figure["layout"]["annotations"]
    assert names[0]["text"] == "dpl_364"
    assert len(lines) < 70
    whole = [line for line in lines if line["y1"] == 1]
    assert len(whole) == sum(name["text"] != "▾" for name in names) < 6
    below = figure["layout"]["yaxis"]["domain"][1]
    assert {line["y1"] for line in lines} == {below, 1}  # those that are not named end below the names


def test_an_axis_of_few_videos_has_whole_numbers_only() -> None:
    for most, ticks in ((1, {"dtick": 1}), (5, {"dtick": 1}), (6, {"nticks": 5})):
        series = [{"at": HOURS[0].isoformat(), "status": "failed", "n": most}]
        point: ErrorPoint = {"at": HOURS[0].isoformat(), "part": {"cause": "moderated"}, "n": most}
        for figure in (
            charts.status_over_time(series, HOURS),
            charts.parts_over_time([point], HOURS, part_name),
        ):
            axis = figure["layout"]["yaxis"]
            assert {name: axis[name] for name in ("dtick", "nticks") if name in axis} == ticks


def test_a_part_of_a_histogram_that_no_video_took_has_its_place() -> None:
    one = [{"low": STEP**n, "n": 5} for n in (0, 3)]
    figure = charts.histogram({"one": one, "two": [{"low": STEP**5, "n": 1}]})
    for trace in figure["data"]:
        assert trace["x"] == ["1–1.5", "1.5–2.2", "2.2–3.2", "3.2–4.8", "4.8–7.1", "7.1–11"]
    assert figure["data"][0]["y"] == [50, 0, 0, 50, 0, 0]
    assert [point[0] for point in figure["data"][1]["customdata"]] == [0, 1, 2, 3, 4, 5]


def test_quotes_in_a_name_are_shown_as_quotes_and_markup_as_text() -> None:
    titled = charts.titled(charts.status_over_time(SERIES, HOURS), 'He said "<b>no</b>" & left')
    assert titled["layout"]["title"]["text"] == 'He said "&lt;b&gt;no&lt;/b&gt;" &amp; left'

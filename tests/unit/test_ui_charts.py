"""Charts count what they are given: no bucket is lost, and colour is never the only sign."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.data.overview import FunnelStage
from lib.ui.kit import charts

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
    names = [series["name"] for series in charts.status_over_time(SERIES, HOURS, 3600)["series"]]
    assert names == ["✓ succeeded", "× failed", "? paused"]


def test_the_success_rate_leaves_out_buckets_in_which_nothing_finished() -> None:
    assert charts.success_rates(SERIES, HOURS) == [100.0, 50.0]


def test_an_empty_window_has_a_flat_sparkline() -> None:
    assert charts.sparkline([], HOURS) == [0, 0, 0]


def test_the_most_frequent_cause_is_on_top_with_its_side_in_words() -> None:
    option = charts.causes([{"cause": "moderated", "n": 1}, {"cause": "missing_api_key", "n": 5}])
    assert option["yAxis"]["data"] == ["Moderated ●", "API key missing ▲"]  # drawn from below
    assert [series["name"] for series in option["series"]] == ["▲ the app", "● Runway"]


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
    option = charts.funnel([stage("accepted", 1, seen=4), stage("saved", 2, seen=3, missing=1)])
    assert option["yAxis"]["data"] == ["saved", "accepted"]  # drawn from below
    assert {series["name"]: series["data"] for series in option["series"]} == {
        "✓ seen": [3, 4],
        "× missing": [1, 0],
    }


def test_the_matrix_has_a_cell_for_each_stage_a_video_has() -> None:
    videos: list[Any] = [
        {"id": "a" * 36, "cause": "succeeded", "stages": [{"stage": "accepted", "state": "seen"}]},
        {"id": "b" * 36, "cause": None, "stages": [{"stage": "accepted", "state": "missing"}]},
    ]
    option = charts.matrix(videos, ["accepted", "saved"])
    cells = {series["name"]: [cell["value"][:2] for cell in series["data"]] for series in option["series"]}
    assert cells["✓ seen"] == [[0, 1]]
    assert cells["× missing"] == [[0, 0]]
    json.dumps(option)

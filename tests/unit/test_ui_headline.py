"""The Overview's first sentence answers whether generation is healthy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from lib.data.overview import Totals
from lib.data.videos import VideoRow
from lib.ui.kit.window import Window
from lib.ui.views.headline import headline

DAY = Window("24h")
NOW = datetime(2026, 3, 14, 18, 0, tzinfo=UTC)


def totals(**values: Any) -> Totals:
    return cast("Totals", {"total": 0, "stuck": 0, "stuck_now": 0, "success_rate": None} | values)


def stuck(cause: str, *deployments: str) -> list[VideoRow]:
    """One video a deployment, the latest first; the last one is of 14:05."""
    return [
        cast("VideoRow", {"cause": cause, "deployment_id": name, "created_at": f"2026-03-14T14:{minute}:00Z"})
        for name, minute in zip(deployments, ("30", "10", "05")[-len(deployments) :], strict=True)
    ]


def test_stuck_videos_come_first_with_what_explains_them() -> None:
    rows = stuck("missing_api_key", "dpl_one", "dpl_one", "dpl_one")
    said = headline(totals(total=40, stuck=3, stuck_now=3, success_rate=0.9), rows, DAY, NOW)
    assert said.level == "broken"
    assert said.title == "3 videos are stuck: since 14:05, API key missing in dpl_one"


def test_a_cause_that_only_some_share_says_how_many_and_names_no_single_deployment() -> None:
    rows = [*stuck("function_timeout", "dpl_one", "dpl_two"), *stuck("unknown", "dpl_one")]
    said = headline(totals(total=9, stuck=3, stuck_now=3), rows, DAY, NOW)
    assert said.title == "3 videos are stuck: 2 of them since 14:05, Function timed out"


def test_where_more_are_stuck_than_are_looked_at_no_number_is_made_up() -> None:
    said = headline(totals(total=900, stuck=500, stuck_now=500), stuck("unknown", "a", "b"), DAY, NOW)
    assert said.title == "500 videos are stuck: many of them since 14:05, Unknown"


def test_videos_that_wait_for_a_verdict_are_not_called_healthy() -> None:
    said = headline(totals(total=40, success_rate=1.0), [], DAY, NOW, unjudged=2000)
    assert (said.level, said.title) == ("judging", "2,000 videos wait to be judged")


def test_one_stuck_video_is_told_in_the_singular() -> None:
    assert headline(totals(total=1, stuck=1, stuck_now=1), [], DAY, NOW).title == "1 video is stuck"


def test_a_low_success_rate_is_degraded_even_when_nothing_is_stuck() -> None:
    said = headline(totals(total=40, success_rate=0.5), [], DAY, NOW)
    assert (said.level, "50%" in said.title) == ("degraded", True)


def test_when_all_is_well_it_says_so() -> None:
    said = headline(totals(total=40, success_rate=0.975), [], DAY, NOW)
    assert said.level == "healthy"
    assert "97.5%" in said.detail


def test_what_got_stuck_before_the_window_is_told_apart() -> None:
    said = headline(totals(total=40, stuck_now=113, success_rate=1.0), [], DAY, NOW)
    assert said.level == "healthy"
    assert said.detail.endswith("succeeded. 113 older ones wait for repair.")
    said = headline(totals(total=40, stuck=2, stuck_now=3, success_rate=1.0), [], DAY, NOW)
    assert (said.level, said.title) == ("broken", "2 videos are stuck")
    assert said.detail.endswith("succeeded. 1 older one waits for repair.")


def test_an_earlier_window_knows_nothing_of_what_is_stuck_now() -> None:
    said = headline(totals(total=40, stuck_now=5, success_rate=1.0), [], Window("24h", NOW), NOW)
    assert "wait for repair" not in said.detail


def test_an_empty_window_is_neither_healthy_nor_broken() -> None:
    assert headline(totals(), [], DAY, NOW).level == "quiet"


def test_a_deployment_id_from_a_log_cannot_bring_markup() -> None:
    rows = stuck("missing_api_key", "[click](http://evil)")
    assert "[" not in headline(totals(total=1, stuck=1, stuck_now=1), rows, DAY, NOW).title

"""The Overview's first sentence answers whether generation is healthy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from lib.data.health import Incident, Totals
from lib.data.videos import VideoRow
from lib.ui.headline import headline

NOW = datetime(2026, 3, 14, 18, 0, tzinfo=UTC)
INCIDENT = Incident(
    cause="missing_api_key",
    deployment_id="dpl_one",
    n=3,
    share=1.0,
    first_at="2026-03-14T14:05:00Z",
    last_at="2026-03-14T15:00:00Z",
    example_video_id="x",
)


def totals(**values: Any) -> Totals:
    return cast("Totals", {"total": 0, "stuck_now": 0, "success_rate": None} | values)


def test_stuck_videos_come_first_with_the_incident_that_explains_them() -> None:
    said = headline(
        totals(total=40, stuck_now=3, success_rate=0.9),
        stuck("missing_api_key", 3),
        [INCIDENT],
        "24 hours",
        NOW,
    )
    assert said.level == "broken"
    assert said.title == "3 videos are stuck: since 14:05, API key missing in dpl_one"


def stuck(cause: str, number: int) -> list[VideoRow]:
    return [cast("VideoRow", {"cause": cause})] * number


def test_a_cause_that_only_some_share_says_how_many() -> None:
    rows = [*stuck("function_timeout", 3), *stuck("unknown", 2)]
    said = headline(totals(total=9, stuck_now=5), rows, [INCIDENT], "24 hours", NOW)
    assert said.title == "5 videos are stuck: 3 of them Function timed out"


def test_videos_that_wait_for_a_verdict_are_not_called_healthy() -> None:
    said = headline(totals(total=40, success_rate=1.0), [], [], "24 hours", NOW, unjudged=2000)
    assert (said.level, said.title) == ("judging", "2,000 videos wait to be judged")


def test_one_stuck_video_is_told_in_the_singular() -> None:
    assert headline(totals(total=1, stuck_now=1), [], [], "24 hours", NOW).title == "1 video is stuck"


def test_a_low_success_rate_is_degraded_even_when_nothing_is_stuck() -> None:
    said = headline(totals(total=40, success_rate=0.5), [], [], "24 hours", NOW)
    assert (said.level, "50%" in said.title) == ("degraded", True)


def test_when_all_is_well_it_says_so() -> None:
    said = headline(totals(total=40, success_rate=0.975), [], [], "24 hours", NOW)
    assert said.level == "healthy"
    assert "97.5%" in said.detail


def test_an_empty_window_is_neither_healthy_nor_broken() -> None:
    assert headline(totals(), [], [], "1 hour", NOW).level == "quiet"


def test_a_deployment_id_from_a_log_cannot_bring_markup() -> None:
    evil: Incident = {**INCIDENT, "deployment_id": "[click](http://evil)"}
    said = headline(totals(total=1, stuck_now=1), stuck("missing_api_key", 1), [evil], "1 hour", NOW)
    assert "[" not in said.title

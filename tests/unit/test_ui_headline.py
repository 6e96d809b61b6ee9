"""The Overview's first sentence answers whether generation is healthy now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from lib.data.overview import Pulse, Totals
from lib.data.videos import VideoRow
from lib.ui.kit.window import Window
from lib.ui.views.headline import headline_now, headline_then

NOW = datetime(2026, 3, 14, 15, 0, 40, tzinfo=UTC)


def pulse(**values: Any) -> Pulse:
    """Twenty videos of which nothing is known yet, where nineteen of twenty usually succeed."""
    usual = {"usual_rate": 0.95, "usual_videos": 20.0, "usual_hours": 160}
    counts = {"videos": 20, "succeeded": 0, "failed": 0, "stuck": 0, "older_stuck": 0}
    return Pulse(**({"since": "2026-03-14T14:00:00Z"} | counts | usual | values))


def stuck(cause: str, *deployments: str) -> list[VideoRow]:
    """One video a deployment, the latest first; the last one is of 14:05."""
    return [
        cast("VideoRow", {"cause": cause, "deployment_id": name, "created_at": f"2026-03-14T14:{minute}:00Z"})
        for name, minute in zip(deployments, ("30", "10", "05")[-len(deployments) :], strict=True)
    ]


def test_when_all_is_well_it_says_so_and_what_is_usual() -> None:
    said = headline_now(pulse(succeeded=19, failed=1), [], NOW)
    assert (said.level, said.title) == ("healthy", "Generation is healthy")
    assert said.detail == (
        "19 of 20 videos from the last hour succeeded (95%)."
        " The usual success rate is 95% (the median of 160 hours in the last seven days)."
    )


def test_stuck_videos_come_first_with_what_explains_them() -> None:
    rows = stuck("missing_api_key", "dpl_one", "dpl_one", "dpl_one")
    said = headline_now(pulse(succeeded=15, stuck=3), rows, NOW)
    assert said.level == "broken"
    assert said.title == "3 videos from the last hour are stuck: API key missing in dpl_one since 14:05"
    assert said.detail.startswith(
        "Of 18 videos from the last hour that finished or got stuck, 15 succeeded (83.3%);"
        " 2 more are still in progress. The usual"
    )


def test_videos_that_are_still_in_progress_are_not_among_those_that_did_not_succeed() -> None:
    said = headline_now(pulse(succeeded=10, failed=1), [], NOW)
    assert said.detail.startswith(
        "Of 11 videos from the last hour that finished, 10 succeeded (90.9%); 9 more are still in progress."
    )


def test_a_cause_that_only_some_share_says_how_many_and_names_no_single_deployment() -> None:
    rows = [*stuck("function_timeout", "dpl_one", "dpl_two"), *stuck("unknown", "dpl_one")]
    said = headline_now(pulse(stuck=3), rows, NOW)
    assert said.title.endswith("are stuck: 2 with “Function timed out” since 14:05")


def test_where_more_are_stuck_than_are_looked_at_no_number_is_made_up() -> None:
    said = headline_now(pulse(videos=900, stuck=500), stuck("unknown", "a", "b"), NOW)
    assert said.title == "500 videos from the last hour are stuck: many with “Unknown” since 14:05"


def test_one_stuck_video_among_many_is_told_and_is_no_disaster() -> None:
    said = headline_now(pulse(succeeded=19, stuck=1), [], NOW)
    assert (said.level, said.title) == ("degraded", "1 video from the last hour is stuck")


def test_what_got_stuck_before_the_last_hour_says_nothing_about_now() -> None:
    assert headline_now(pulse(succeeded=20, older_stuck=113), [], NOW).level == "healthy"


@pytest.mark.parametrize(
    ("succeeded", "failed", "usual", "level"),
    [
        (18, 2, 0.95, "healthy"),  # chance
        (15, 5, 0.95, "degraded"),
        (4, 16, 0.95, "broken"),
        (0, 1, 0.95, "broken"),  # all there is
        (12, 8, 0.6, "degraded"),  # usual, and bad
        (2, 18, 0.6, "broken"),
        (19, 1, None, "healthy"),
        (12, 8, None, "degraded"),
    ],
)
def test_the_last_hour_is_measured_by_a_usual_one(
    succeeded: int, failed: int, usual: float | None, level: str
) -> None:
    now = pulse(videos=succeeded + failed, succeeded=succeeded, failed=failed, usual_rate=usual)
    assert headline_now(now, [], NOW).level == level


def test_an_hour_that_went_well_is_healthy_though_a_usual_one_is_not() -> None:
    said = headline_now(pulse(succeeded=20, usual_rate=0.6), [], NOW)
    assert (said.level, said.title) == ("healthy", "Generation is healthy")
    said = headline_now(pulse(succeeded=13, failed=7, usual_rate=0.6), [], NOW)
    assert said.level == "degraded"


def test_what_is_usual_is_not_made_up() -> None:
    said = headline_now(pulse(succeeded=20, usual_rate=None, usual_videos=None, usual_hours=0), [], NOW)
    assert "There is no usual success rate yet" in said.detail


def test_videos_that_wait_for_a_verdict_are_not_called_healthy() -> None:
    known = headline_now(pulse(succeeded=15, stuck=3), [], NOW, unjudged=2000)
    assert known.title.startswith("3 videos from the last hour are stuck")
    assert known.detail.endswith("2,000 videos are waiting to be judged.")
    said = headline_now(pulse(succeeded=20), [], NOW, unjudged=2000)
    assert (said.level, said.title) == ("judging", "2,000 videos are waiting to be judged")


def test_an_hour_without_videos_is_neither_healthy_nor_broken() -> None:
    said = headline_now(pulse(videos=0), [], NOW)
    assert said.level == "quiet"
    assert said.detail.startswith("A typical hour has 20.")


def test_a_window_that_is_over_is_judged_by_itself() -> None:
    past = Window("24h", NOW)

    def said(**values: Any) -> tuple[str, str]:
        totals = {"total": 40, "stuck": 0, "success_rate": 0.975} | values
        found = headline_then(cast("Totals", totals), past)
        return found.level, f"{found.title}. {found.detail}"

    assert said() == (
        "healthy",
        "97.5% of the finished videos succeeded. 40 videos in the 24 hours before 14 Mar 2026 15:00.",
    )
    assert said(stuck=2)[1].endswith("2 videos are still stuck.")
    assert said(stuck=2)[0] == "degraded"
    assert said(success_rate=0.5)[0] == "degraded"
    assert said(total=0)[0] == "quiet"


def test_a_deployment_id_from_a_log_cannot_bring_markup() -> None:
    rows = stuck("missing_api_key", "[click](http://evil)")
    assert "[" not in headline_now(pulse(stuck=1), rows, NOW).title

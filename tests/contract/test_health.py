"""Counts, errors, incidents and stages over a span of time, through both transports."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from lib.data import overview, videos
from lib.data import overview as health
from lib.data.database import Database
from lib.data.videos import Filters
from lib.domain.video import parse_time
from lib.errors import NotFound
from tests.examples import (
    NOON,
    SALSA,
    TANGO,
    TANGO_TASK,
    WALTZ,
    at,
    save_task,
    the_entries,
    the_verdicts,
    the_videos,
    verdict,
    video,
)

SPAN = (NOON, NOON + timedelta(hours=1))


@pytest.fixture
def filled(db: Database) -> Database:
    videos.import_videos(db, the_videos())
    db.call("dailies_add_logs", p_entries=the_entries())
    db.call("dailies_save_verdicts", p_verdicts=the_verdicts())
    return db


def make(
    db: Database, n: int, cause: str, *, minutes: float = 0, error: str | None = None, **columns: Any
) -> list[str]:
    """`n` videos of one cause, a minute apart."""
    status = "succeeded" if cause == "succeeded" else "failed"
    ids = [str(uuid.uuid4()) for _ in range(n)]
    rows = [video(one, status, minutes + i, error_message=error) for i, one in enumerate(ids)]
    videos.import_videos(db, rows)
    db.call("dailies_save_verdicts", p_verdicts=[verdict(one, cause, **columns) for one in ids])
    return ids


def test_the_overview_counts_by_status(filled: Database) -> None:
    totals = health.overview(filled, *SPAN)["totals"]
    assert totals["by_status"] == {"succeeded": 1, "processing": 1, "failed": 1}
    assert (totals["total"], totals["succeeded"], totals["failed"], totals["unfinished"]) == (3, 1, 1, 1)
    assert (totals["stuck"], totals["recoverable"], totals["success_rate"]) == (1, 1, 0.5)


def test_the_overview_of_nothing_has_no_rate(db: Database) -> None:
    answer = health.overview(db)
    assert answer["totals"]["total"] == 0
    assert answer["totals"]["success_rate"] is None
    assert (answer["series"], answer["causes"], answer["trouble"]) == ([], [], [])
    assert answer["freshness"] == {
        "last_log_at": None,
        "first_video_at": None,
        "last_video_at": None,
        "last_judged_at": None,
        "dirty": 0,
    }


def test_the_overview_compares_with_the_span_before(filled: Database) -> None:
    later = health.overview(filled, SPAN[1], SPAN[1] + timedelta(hours=1))["totals"]
    assert later["total"] == 0
    assert later["previous"]["total"] == 3
    assert later["previous"]["success_rate"] == 0.5


def test_what_is_stuck_now_is_counted_whatever_the_span(filled: Database) -> None:
    later = health.overview(filled, SPAN[1], SPAN[1] + timedelta(hours=1))["totals"]
    assert (later["stuck"], later["stuck_now"], later["recoverable_now"]) == (0, 1, 1)


def test_the_overview_counts_by_time_in_buckets(db: Database) -> None:
    rows = [video(str(uuid.uuid4()), "succeeded", minutes) for minutes in (0, 4, 5, 59)]
    videos.import_videos(db, rows)
    series = health.overview(db, *SPAN, bucket_seconds=300)["series"]
    assert [(parse_time(point["at"]), point["status"], point["n"]) for point in series] == [
        (NOON, "succeeded", 2),
        (NOON + timedelta(minutes=5), "succeeded", 1),
        (NOON + timedelta(minutes=55), "succeeded", 1),
    ]


def test_the_overview_names_causes_and_newest_trouble(filled: Database) -> None:
    answer = health.overview(filled, *SPAN)
    assert {cause["cause"]: cause["n"] for cause in answer["causes"]} == {
        "succeeded": 1,
        "task_id_not_saved": 1,
        "insufficient_credits": 1,
    }
    assert [row["id"] for row in answer["trouble"]] == [SALSA, WALTZ]


def test_the_overview_says_how_fresh_it_is(filled: Database) -> None:
    videos.import_videos(filled, [video(TANGO, "failed")])
    freshness = health.overview(filled)["freshness"]
    assert parse_time(freshness["last_log_at"]) == parse_time(the_entries()[-1]["at"])
    assert parse_time(freshness["first_video_at"]) == min(
        parse_time(row["created_at"]) or NOON for row in the_videos()
    )
    assert parse_time(freshness["last_video_at"]) == parse_time(at(2))
    assert freshness["dirty"] == 3


def test_the_time_to_the_task_id_comes_from_the_log(filled: Database) -> None:
    totals = health.overview(filled, *SPAN)["totals"]
    assert totals["seconds_to_id_p50"] == pytest.approx(12)  # TANGO's task is first named 0.2 minutes in
    assert totals["seconds_to_finish_p50"] == pytest.approx(0)


def test_credits_are_those_of_the_tasks_of_the_span(filled: Database) -> None:
    save_task(filled, {"task_id": TANGO_TASK, "status": "SUCCEEDED", "credits": 25, "created_at": at(0.2)})
    assert health.overview(filled, *SPAN)["totals"]["credits"] == 25
    assert health.overview(filled, SPAN[1], SPAN[1] + timedelta(hours=1))["totals"]["credits"] == 0


def test_errors_that_differ_only_in_names_and_numbers_are_one_group(db: Database) -> None:
    for message in (
        "Task 3f2504e0-4f89-11d3-9a0c-0305e82c3301 failed after 12 s",
        "Task 00000000-0000-4000-8000-000000000000 failed  after 7.5 s",
    ):
        make(db, 1, "generation_failed", error=message)
    make(db, 1, "asset_rejected", error='Cannot fetch https://a.example/x.png?y=1 ("no such host")')
    groups = health.error_groups(db, *SPAN)
    assert [(group["grp"], group["n"]) for group in groups] == [
        ("Task <id> failed after <n> s", 2),
        ('Cannot fetch <address> ("no such host")', 1),
    ]
    assert len(videos.list_videos(db, Filters(error_group=groups[0]["grp"]))) == 2


def test_a_group_keeps_the_status_and_the_words_that_tell_errors_apart(db: Database) -> None:
    make(db, 1, "rate_limited", error='429 {"error":"Too many requests"}')
    make(db, 1, "runway_server_error", error='502 {"error":"Bad gateway"}')
    assert {group["grp"] for group in health.error_groups(db, *SPAN)} == {
        '429 {"error":"Too many requests"}',
        '502 {"error":"Bad gateway"}',
    }


def test_a_group_has_cause_stage_and_an_example(filled: Database) -> None:
    groups = {group["grp"]: group for group in health.error_groups(filled, *SPAN)}
    credits = groups["You do not have enough credits to run this task."]
    assert (credits["cause"], credits["stage"], credits["example_video_id"]) == (
        "insufficient_credits",
        None,
        SALSA,
    )
    stuck = groups["no error message"]
    assert (stuck["cause"], stuck["stage"], stuck["example_video_id"]) == (
        "task_id_not_saved",
        "saved",
        WALTZ,
    )


def test_a_group_opens_exactly_its_videos(db: Database) -> None:
    """Many groups have no message; what tells them apart is cause and first missing stage."""
    make(db, 3, "function_timed_out", error=None, first_missing="saved")
    make(db, 2, "function_timed_out", error=None, first_missing="task_created")
    make(db, 1, "function_timed_out", error=None, first_missing=None)
    make(db, 1, "task_id_not_saved", error=None, first_missing="saved")
    groups = health.error_groups(db, *SPAN)
    assert sorted(group["n"] for group in groups) == [1, 1, 2, 3]
    for group in groups:
        assert group["cause"]
        chosen = Filters(
            causes=(group["cause"],), error_group=group["grp"], first_missing=group["stage"] or "none"
        )
        assert len(videos.list_videos(db, chosen)) == group["n"]


def test_a_group_shows_its_trend_and_the_span_before(db: Database) -> None:
    make(db, 2, "moderated", error="flagged", minutes=-30)
    make(db, 3, "moderated", error="flagged", minutes=0)
    make(db, 1, "moderated", error="flagged", minutes=59)
    (group,) = health.error_groups(db, *SPAN)
    assert (group["n"], group["previous_n"]) == (4, 2)
    assert group["trend"] == [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_the_largest_groups_come_first_and_the_rest_is_cut(db: Database) -> None:
    make(db, 1, "moderated", error="rare")
    make(db, 2, "moderated", error="frequent")
    assert [group["grp"] for group in health.error_groups(db, *SPAN, limit=1)] == ["frequent"]


def test_one_cause_in_one_deployment_is_one_incident(db: Database) -> None:
    ids = make(db, 4, "missing_api_key", deployment_id="dpl_bad")
    make(db, 1, "generation_failed", minutes=2, deployment_id="dpl_bad")
    (incident,) = health.incidents(db, *SPAN)
    assert (incident["cause"], incident["deployment_id"], incident["n"]) == ("missing_api_key", "dpl_bad", 4)
    assert (incident["videos"], incident["first_video_id"]) == (5, ids[0])
    assert (parse_time(incident["first_at"]), parse_time(incident["last_at"])) == (
        NOON,
        NOON + timedelta(minutes=3),
    )


def test_two_videos_are_no_incident_and_neither_are_a_videos_own_faults(db: Database) -> None:
    make(db, 2, "missing_api_key", deployment_id="dpl_bad")
    make(db, 5, "moderated", deployment_id="dpl_bad")
    assert health.incidents(db, *SPAN) == []


def test_a_pause_of_hours_separates_two_incidents(db: Database) -> None:
    make(db, 3, "runway_unreachable", deployment_id="dpl_one")
    make(db, 4, "runway_unreachable", minutes=600, deployment_id="dpl_one")
    found = health.incidents(db, NOON, NOON + timedelta(hours=24))
    assert [incident["n"] for incident in found] == [4, 3]


def test_the_latest_incidents_are_told_and_all_are_counted(db: Database) -> None:
    """Those that ended in the same hour are told apart by the minute."""
    for minutes, deployment in ((0, "dpl_one"), (20, "dpl_two"), (10, "dpl_three"), (600, "dpl_four")):
        make(db, 3, "runway_unreachable", minutes=minutes, deployment_id=deployment)
    found = health.incidents(db, NOON, NOON + timedelta(hours=24), limit=2)
    assert [(one["deployment_id"], one["total"]) for one in found] == [("dpl_four", 4), ("dpl_two", 4)]


def test_an_incident_is_counted_as_a_whole_wherever_it_is_looked_at(db: Database) -> None:
    """A window that holds the end of it shows the same figures as its page."""
    make(db, 7, "missing_api_key", minutes=-3, deployment_id="dpl_bad")
    make(db, 2, "succeeded", minutes=-1, deployment_id="dpl_bad")
    (listed,) = health.incidents(db, *SPAN)
    found = health.incident(db, "missing_api_key", NOON - timedelta(minutes=3), "dpl_bad")
    assert (listed["n"], listed["videos"]) == (found["n"], found["videos"]) == (7, 9)
    assert (listed["first_at"], listed["last_at"]) == (found["first_at"], found["last_at"])
    opened = Filters(
        causes=("missing_api_key",),
        deployment="dpl_bad",
        since=NOON - timedelta(minutes=3),
        until=NOON + timedelta(minutes=4),
    )
    assert len(videos.list_videos(db, opened)) == 7


def test_an_incident_that_a_window_only_spans_is_not_of_it(db: Database) -> None:
    make(db, 3, "missing_api_key", minutes=-180, deployment_id="dpl_bad")
    make(db, 3, "missing_api_key", minutes=120, deployment_id="dpl_bad")
    assert health.incidents(db, *SPAN) == []
    (whole,) = health.incidents(db, NOON - timedelta(hours=3), NOON + timedelta(hours=3))
    assert whole["n"] == 6


def test_videos_of_no_deployment_are_listed_as_such(db: Database) -> None:
    make(db, 3, "runway_unreachable")
    make(db, 2, "runway_unreachable", deployment_id="dpl_one")
    (incident,) = health.incidents(db, *SPAN)
    assert (incident["deployment_id"], incident["n"], incident["videos"]) == (None, 3, 3)
    assert len(videos.list_videos(db, Filters(causes=("runway_unreachable",), deployment="none"))) == 3


def test_an_incident_knows_when_its_deployment_had_last_met_the_cause(db: Database) -> None:
    make(db, 1, "missing_api_key", minutes=-800, deployment_id="dpl_bad")
    make(db, 4, "succeeded", minutes=-700, deployment_id="dpl_bad")
    make(db, 3, "missing_api_key", deployment_id="dpl_bad")
    found = health.incident(db, "missing_api_key", NOON, "dpl_bad")
    assert parse_time(found["cause_before_at"]) == NOON - timedelta(minutes=800)
    assert found["clean_videos"] == 4


def test_an_incident_says_what_changed_when_it_began(db: Database) -> None:
    make(db, 3, "succeeded", minutes=-200, deployment_id="dpl_old")
    make(db, 1, "generation_failed", minutes=-30, error="no", deployment_id="dpl_old")
    make(db, 1, "succeeded", deployment_id="dpl_bad")
    first, *_ = make(db, 4, "missing_api_key", minutes=1, error="No key", deployment_id="dpl_bad")
    make(db, 1, "generation_failed", minutes=2, deployment_id="dpl_bad")
    found = health.incident(db, "missing_api_key", NOON + timedelta(minutes=2), "dpl_bad")
    assert (found["n"], found["failed"], found["videos"], found["first_video_id"]) == (4, 5, 5, first)
    assert (found["error_message"], found["previous_deployment_id"]) == ("No key", "dpl_old")
    assert [
        parse_time(found["deployment_at"]),
        parse_time(found["first_at"]),
        parse_time(found["last_at"]),
    ] == [NOON + timedelta(minutes=minutes) for minutes in (0, 1, 4)]
    assert (found["previous_videos"], found["previous_failed"]) == (4, 1)
    assert (found["hour_videos"], found["hour_failed"]) == (2, 1)


def test_an_incident_is_told_in_full_from_any_moment_of_it_and_without_the_next(db: Database) -> None:
    make(db, 4, "rate_limited")
    make(db, 3, "rate_limited", minutes=600)
    for minutes, n in ((0, 4), (3, 4), (600, 3), (602, 3)):
        assert health.incident(db, "rate_limited", NOON + timedelta(minutes=minutes))["n"] == n


def test_an_incident_whose_videos_were_repaired_is_gone(db: Database) -> None:
    with pytest.raises(NotFound, match="no such incident any more"):
        health.incident(db, "missing_api_key", NOON, "dpl_bad")


def test_the_funnel_counts_states_by_stage_in_the_order_of_the_flow(filled: Database) -> None:
    reached = verdict(TANGO, "succeeded")
    reached["stages"] = [
        {"stage": "accepted", "state": "seen"},
        {"stage": "saved", "state": "not_observable"},
    ]
    filled.call("dailies_save_verdicts", p_verdicts=[reached])
    funnel = overview.stage_funnel(filled, *SPAN)
    assert [(row["flow"], row["stage"], row["position"]) for row in funnel] == [
        ("sync-sdk", "accepted", 1),
        ("sync-sdk", "saved", 2),
    ]
    assert [(row["seen"], row["missing"], row["not_reached"], row["not_observable"]) for row in funnel] == [
        (3, 0, 0, 0),
        (0, 2, 0, 1),
    ]

"""What charts are drawn from, and what a team says about its errors, through both transports."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lib.data import attempts, series, videos
from lib.data.audit import trail
from lib.data.database import Database
from lib.data.series import GroupKey
from lib.domain.video import parse_time
from lib.errors import BadInput
from tests.contract.test_health import SPAN, make
from tests.examples import NOON, TANGO, TANGO_TASK, at, save_task, verdict, video
from tests.loopback import DOG

FLAGGED = GroupKey("flagged", "moderated", None)
HOUR = 3600


def test_a_group_nobody_spoke_about_is_open_and_knows_its_first_and_last_video(db: Database) -> None:
    make(db, 1, "moderated", error="flagged", minutes=-9000)
    make(db, 1, "moderated", error="flagged")
    state = series.error_states(db, [FLAGGED])[FLAGGED]
    assert (state["state"], state["operator"]) == ("open", None)
    assert parse_time(state["first_at"]) == NOON - timedelta(minutes=9000)
    assert parse_time(state["last_at"]) == NOON


def test_a_resolved_group_that_comes_again_has_regressed_by_itself(db: Database) -> None:
    make(db, 1, "moderated", error="flagged")
    series.set_error_state(
        db, FLAGGED, "resolved", "ana", note="fixed", ticket="https://t.example/1", assignee="Ben"
    )
    state = series.error_states(db, [FLAGGED])[FLAGGED]
    assert state["assignee"] == "Ben"
    assert (state["state"], state["note"], state["ticket"], state["operator"]) == (
        "resolved",
        "fixed",
        "https://t.example/1",
        "ana",
    )
    make(db, 1, "moderated", error="flagged", minutes=60 * 24 * 3650)
    assert series.error_states(db, [FLAGGED])[FLAGGED]["state"] == "regressed"
    series.set_error_state(db, FLAGGED, "open", "ana")
    assert series.error_states(db, [FLAGGED])[FLAGGED]["state"] == "open"


def test_what_is_said_about_a_group_is_in_the_audit_with_what_was_said_before(db: Database) -> None:
    series.set_error_state(db, FLAGGED, "open", "ana", note="looking")
    series.set_error_state(db, FLAGGED, "ignored", "ben")
    latest, first = trail(db, action="error_group")
    assert (first["operator"], first["before"]) == ("ana", None)
    assert latest["before"] == {"state": "open", "note": "looking", "ticket": "", "assignee": ""}
    assert latest["after"] is not None
    assert (latest["operator"], latest["after"]["state"], latest["after"]["group"]) == (
        "ben",
        "ignored",
        "flagged",
    )


@pytest.mark.parametrize(
    ("state", "ticket"),
    [
        ("gone", ""),
        ("open", "javascript:alert(1)"),
        ("open", "https://t.example/a b"),
        ("open", "t.example/1"),
        ("open", "http://t.example/1"),
        ("open", "https://t.example@evil.example/1"),
        ("open", "https://t.example/\u202e1"),
        ("open", "https://t.example/\nhttps://evil.example"),
    ],
)
def test_a_state_or_ticket_that_cannot_be_is_refused_and_nothing_is_written(
    db: Database, state: str, ticket: str
) -> None:
    with pytest.raises(BadInput):
        series.set_error_state(db, FLAGGED, state, "ana", ticket=ticket)
    assert series.error_states(db, [FLAGGED])[FLAGGED]["operator"] is None
    assert trail(db, action="error_group") == []


def test_a_group_says_whom_it_hits_and_at_which_stages(db: Database) -> None:
    make(db, 2, "task_id_not_saved", error="lost", first_missing="saved", deployment_id="dpl_one")
    make(db, 1, "task_id_not_saved", error="lost", first_missing="saved")
    hit = series.hit_by(db, GroupKey("lost", "task_id_not_saved", "saved"), *SPAN)
    assert hit["n"] == hit["told"] == 3
    parts = [(part["kind"], part["key"], part["n"]) for part in hit["parts"]]
    assert parts == [("deployment", "dpl_one", 2), ("deployment", "", 1), ("model", "", 3)]
    assert [(row["stage"], row["seen"], row["missing"]) for row in hit["stages"]] == [
        ("accepted", 3, 0),
        ("saved", 0, 3),
    ]


def test_a_large_group_is_told_from_its_latest_videos_and_counted_whole(db: Database) -> None:
    make(db, 3, "task_id_not_saved", error="lost", first_missing="saved", deployment_id="dpl_old")
    make(db, 2, "task_id_not_saved", minutes=5, error="lost", first_missing="saved", deployment_id="dpl_new")
    make(db, 1, "task_id_not_saved", minutes=9, error="lost", first_missing="accepted")
    hit = series.hit_by(db, GroupKey("lost", "task_id_not_saved", "saved"), *SPAN, most=2)
    assert (hit["n"], hit["told"]) == (5, 2)
    assert [part["key"] for part in hit["parts"] if part["kind"] == "deployment"] == ["dpl_new"]
    assert {row["seen"] + row["missing"] for row in hit["stages"]} == {2}


def test_a_deployment_is_marked_where_it_began_and_only_there(db: Database) -> None:
    make(db, 1, "succeeded", minutes=-5, deployment_id="dpl_old")
    make(db, 1, "succeeded", minutes=1, deployment_id="dpl_old")
    make(db, 2, "succeeded", minutes=7, deployment_id="dpl_new")
    found = series.deployments(db, *SPAN)
    assert [(row["deployment_id"], parse_time(row["first_at"])) for row in found] == [
        ("dpl_new", NOON + timedelta(minutes=7))
    ]


def test_a_stage_takes_the_time_since_the_one_seen_before_it(db: Database) -> None:
    videos.import_videos(db, [video(TANGO, "succeeded")])
    stages = [
        {"stage": "accepted", "state": "seen", "at": at(0.1)},
        {"stage": "sent", "state": "missing"},
        {"stage": "saved", "state": "seen", "at": at(0.6)},
    ]
    db.call("dailies_save_verdicts", p_verdicts=[verdict(TANGO, "succeeded", stages=stages)])
    rows = series.stage_latency(db, *SPAN, "sync-sdk", HOUR)
    whole = [row for row in rows if row["at"] is None]
    assert [(row["stage"], row["n"], row["p50"], row["p95"]) for row in whole] == [
        ("accepted", 1, pytest.approx(6), pytest.approx(6)),
        ("saved", 1, pytest.approx(30), pytest.approx(30)),
    ]
    by_time = [(row["stage"], parse_time(row["at"]), row["p95"]) for row in rows if row["at"]]
    assert by_time == [("saved", NOON, pytest.approx(30))]


def test_the_first_missing_stage_is_counted_by_deployment(db: Database) -> None:
    make(db, 2, "task_id_not_saved", first_missing="saved", deployment_id="dpl_bad")
    make(db, 1, "succeeded", minutes=-1, deployment_id="dpl_bad")
    make(db, 1, "succeeded", minutes=9)
    rows = series.first_missing(db, NOON - timedelta(hours=1), SPAN[1], "sync-sdk")
    assert [(row["deployment_id"], row["stage"], row["n"]) for row in rows] == [
        ("", "none", 1),
        ("dpl_bad", "none", 1),
        ("dpl_bad", "saved", 2),
    ]


def test_times_are_counted_by_deployment_over_time_and_by_length(db: Database) -> None:
    for deployment, seconds in (("dpl_one", 0.2), ("dpl_two", 1.0)):
        (one,) = make(db, 1, "succeeded", minutes=0, deployment_id=deployment)
        task = f"task-{deployment}"
        row = video(one, "succeeded", 0, runway_video_id=task) | {"updated_at": at(seconds)}
        videos.import_videos(db, [row])
        entry = {"key": one, "at": at(seconds), "message": "Task", "level": "info", "request_id": one}
        db.call("dailies_add_logs", p_entries=[entry | {"video_id": one, "task_id": task}])
        db.call("dailies_save_verdicts", p_verdicts=[verdict(one, "succeeded", deployment_id=deployment)])
    whole = {row["measure"]: row for row in series.latency(db, *SPAN, HOUR) if row["at"] is None}
    assert (whole["id"]["n"], whole["id"]["p50"]) == (2, pytest.approx(36))
    (first, bucket) = (row for row in series.latency(db, *SPAN, HOUR, "dpl_two") if row["measure"] == "id")
    assert (first["p50"], parse_time(bucket["at"])) == (pytest.approx(60), NOON)
    steps = [row for row in series.latency_histogram(db, *SPAN) if row["measure"] == "id"]
    assert [row["n"] for row in steps] == [1, 1]
    assert steps[0]["low"] <= 12 < steps[0]["low"] * 1.5


def test_a_video_that_was_tried_again_here_says_nothing_of_how_long_the_app_takes(db: Database) -> None:
    (one,) = make(db, 1, "generation_failed", minutes=0)
    videos.import_videos(db, [video(one, "failed", 0, runway_video_id="task-one")])
    entry = {"key": one, "at": at(0.5), "message": "Task", "level": "info", "request_id": one}
    db.call("dailies_add_logs", p_entries=[entry | {"video_id": one, "task_id": "task-one"}])
    stages = [{"stage": "accepted", "state": "seen", "at": at(3)}]
    db.call("dailies_save_verdicts", p_verdicts=[verdict(one, "generation_failed", stages=stages)])
    assert [row["n"] for row in series.latency(db, *SPAN, HOUR) if row["at"] is None] == [1]
    assert len(series.stage_latency(db, *SPAN, "sync-sdk", HOUR)) == 2
    attempts.claim(db, one, f"{one}/1", "ann", request=DOG, credits=10)
    assert series.latency(db, *SPAN, HOUR) == []
    assert series.stage_latency(db, *SPAN, "sync-sdk", HOUR) == []


def test_a_usual_rate_needs_something_to_compare_with(db: Database) -> None:
    assert series.usual_rate(db, NOON, HOUR) is None
    for hours in range(1, 7):
        make(db, 3, "succeeded", minutes=-60 * hours)
        make(db, 1, "generation_failed", minutes=-60 * hours)
    usual = series.usual_rate(db, NOON, HOUR)
    assert usual is not None
    assert (usual["low"], usual["high"]) == (0.75, 0.75)


def test_a_day_costs_what_its_tasks_were_charged(db: Database) -> None:
    videos.import_videos(db, [video(TANGO, "succeeded")])
    save_task(db, {"task_id": TANGO_TASK, "status": "SUCCEEDED", "credits": 25, "created_at": at()}, TANGO)
    lost = {"task_id": "a-lost-one", "status": "FAILED", "credits": 10, "created_at": at(1)}
    save_task(db, lost, TANGO)
    (day,) = series.cost_by_day(db, *SPAN)
    assert parse_time(day["day"]) == NOON.replace(hour=0)
    assert (day["model"], day["credits"], day["tasks"], day["delivered"]) == ("", 35, 2, 1)

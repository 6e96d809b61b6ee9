"""How errors are spread, and what people say of a group; over both transports."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from lib.data import attempts, overview, videos
from lib.data.database import Database
from lib.data.errors import By, errors_by
from lib.data.series import GroupKey
from lib.data.videos import Filters
from lib.domain.pricing import GenerationRequest
from lib.domain.video import parse_time
from lib.errors import BadInput
from tests.examples import verdict

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
SPAN = (MONDAY, MONDAY + timedelta(days=7))
DAY = 86_400


def troubled(
    db: Database, hours: float, cause: str = "moderated", error: str | None = "flagged", **columns: Any
) -> str:
    """A video that failed so many hours after Monday, of the cause and with the error."""
    video_id, at = str(uuid.uuid4()), (MONDAY + timedelta(hours=hours)).isoformat()
    row = {"id": video_id, "status": "failed", "created_at": at, "updated_at": at, "error_message": error}
    videos.import_videos(db, [row])
    judged(db, video_id, cause, **columns)
    return video_id


def judged(db: Database, video_id: str, cause: str = "moderated", **columns: Any) -> None:
    db.call("dailies_save_verdicts", p_verdicts=[verdict(video_id, cause, **columns)])


def fails_again(db: Database, video_id: str) -> None:
    row = videos.get_video(db, video_id)["video"] | {"status": "failed", "error_message": "flagged"}
    videos.import_videos(db, [row])
    judged(db, video_id)


@pytest.fixture
def week(db: Database) -> Database:
    """Four errors of three causes on two days, one without a message; a week later, a fifth."""
    troubled(db, 1, deployment_id="dpl_a")
    troubled(db, 1.5, "missing_api_key", "no key", deployment_id="dpl_a", first_missing="saved")
    troubled(db, 30, deployment_id="dpl_b")
    troubled(db, 31, "function_timed_out", None)
    troubled(db, 24 * 7 + 1)
    return db


@pytest.mark.parametrize("by", ["cause", "group", "deployment", "model", "ratio", "duration"])
def test_each_bar_leads_to_exactly_as_many_videos(week: Database, by: By) -> None:
    points = errors_by(week, by, *SPAN, bucket_seconds=DAY)
    assert sum(point["n"] for point in points) == 4
    for point in points:
        began = parse_time(point["at"])
        assert began
        found = videos.list_videos(week, filters_of(point["part"], began, began + timedelta(days=1)))
        assert len(found) == point["n"], point


def filters_of(part: dict[str, str], since: datetime, until: datetime) -> Filters:
    return Filters(
        causes=(part["cause"],) if "cause" in part else (),
        error_group=part.get("group", "any"),
        first_missing=part.get("stage"),
        deployment=part.get("deployment"),
        model=part.get("model"),
        ratio=part.get("ratio"),
        duration=part.get("duration"),
        hour=int(part["hour"]) if "hour" in part else None,
        since=since,
        until=until,
    )


def test_each_hour_of_the_week_leads_to_exactly_as_many_videos(week: Database) -> None:
    both = (SPAN[0], SPAN[1] + timedelta(days=7))
    points = errors_by(week, "hour", *both)
    assert {(point["part"]["hour"], point["n"]) for point in points} == {("1", 3), ("30", 1), ("31", 1)}
    for point in points:
        assert len(videos.list_videos(week, filters_of(point["part"], *both))) == point["n"]


def test_the_first_hour_of_the_week_is_a_filter_too(db: Database) -> None:
    first = troubled(db, 0.2)
    troubled(db, 5)
    assert [row["id"] for row in videos.list_videos(db, Filters(hour=0))] == [first]


def test_the_largest_part_comes_first_and_the_small_ones_are_one_that_comes_last(week: Database) -> None:
    points = errors_by(week, "cause", *SPAN, bucket_seconds=DAY, most=1)
    assert [(point["part"], point["n"]) for point in points] == [
        ({"cause": "moderated"}, 1),
        ({"cause": "moderated"}, 1),
        ({}, 1),
        ({}, 1),
    ]


@pytest.mark.parametrize("by", ["cause", "group", "deployment", "model"])
def test_the_bars_add_up_to_what_the_groups_do_however_many_parts_there_are(db: Database, by: By) -> None:
    for number in range(13):
        cause = "moderated" if number < 2 else f"cause {number}"
        troubled(db, number, cause, f"error {cause}", deployment_id=f"dpl_{min(number, 11)}")
    points = errors_by(db, by, *SPAN, bucket_seconds=DAY)
    assert sum(point["n"] for point in points) == 13
    assert sum(row["n"] for row in overview.error_groups(db, *SPAN)) == 13
    others = sum(point["n"] for point in points if not point["part"])
    assert others == {"cause": 2, "group": 2, "deployment": 2, "model": 0}[by]
    assert len({str(point["part"]) for point in points}) == (1 if by == "model" else 11)


def test_one_group_is_told_apart_by_its_deployments(week: Database) -> None:
    points = errors_by(
        week, "deployment", *SPAN, bucket_seconds=DAY, group=GroupKey("flagged", "moderated", None)
    )
    assert {point["part"]["deployment"] for point in points} == {"dpl_a", "dpl_b"}
    assert errors_by(week, "cause", *SPAN, group=GroupKey("flagged", "moderated", "saved")) == []


def test_the_model_is_what_was_asked_last(db: Database) -> None:
    video_id = troubled(db, 1)
    request = GenerationRequest(
        image="https://images.example.com/mia.jpg", prompt="Mia dances the polka", model="gen4_turbo"
    )
    attempts.claim(db, video_id, f"{video_id}/1", "ann", request=request, credits=25)
    fails_again(db, video_id)
    (point,) = errors_by(db, "model", *SPAN)
    assert point["part"] == {"model": "gen4_turbo"}
    assert len(videos.list_videos(db, Filters(model="gen4_turbo"))) == 1
    assert videos.list_videos(db, Filters(model="none")) == []


@pytest.mark.parametrize(("by", "asked"), [("ratio", "720:1280"), ("duration", "5")])
def test_ratio_and_duration_are_what_was_asked_last(db: Database, by: By, asked: str) -> None:
    troubled(db, 1)
    retried = troubled(db, 2)
    request = GenerationRequest(
        "https://images.example.com/mia.jpg", "Mia dances the polka", "gen4_turbo", "720:1280", 5
    )
    attempts.claim(db, retried, f"{retried}/1", "ann", request=request, credits=25)
    fails_again(db, retried)
    points = errors_by(db, by, *SPAN, bucket_seconds=DAY)
    assert {point["part"][by]: point["n"] for point in points} == {asked: 1, "none": 1}
    for value in (asked, "none"):
        assert len(videos.list_videos(db, filters_of({by: value}, *SPAN))) == 1


@pytest.mark.parametrize(("by", "asked"), [("ratio", "1104:832"), ("duration", "10")])
def test_where_nothing_was_asked_again_the_apps_row_says_ratio_and_duration(
    own_db: Database, own_database_url: str, by: By, asked: str
) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("alter table public.videos add column ratio text, add column duration int")
        first = troubled(own_db, 1)
        connection.execute("update public.videos set ratio = '1104:832', duration = 10")
    judged(own_db, first)
    troubled(own_db, 2)
    points = errors_by(own_db, by, *SPAN, bucket_seconds=DAY)
    assert {point["part"][by]: point["n"] for point in points} == {asked: 1, "none": 1}
    found = videos.list_videos(own_db, filters_of({by: asked}, *SPAN))
    assert [row["id"] for row in found] == [first]


def test_nobody_counts_errors_by_something_else(db: Database) -> None:
    with pytest.raises(BadInput, match="not by colour"):
        db.call("dailies_errors_by", p_by="colour")


def test_a_group_was_first_seen_before_the_window(week: Database) -> None:
    later = (SPAN[1], SPAN[1] + timedelta(days=7))
    (group,) = overview.error_groups(week, *later)
    assert parse_time(group["first_at"]) == MONDAY + timedelta(days=7, hours=1)
    assert parse_time(group["first_seen"]) == MONDAY + timedelta(hours=1)

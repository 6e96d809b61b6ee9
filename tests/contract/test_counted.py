"""What counts in figures, and what they say of now; over both transports."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.data import alerts, attempts, overview, queue, status, videos
from lib.data.credits import ledger
from lib.data.database import Database
from lib.data.queue import NewJob
from lib.data.videos import Filters
from lib.domain.pricing import GenerationRequest
from lib.domain.task import Task, TaskStatus
from tests.examples import entry, verdict

REQUEST = GenerationRequest(image="https://images.example.com/mia.jpg", prompt="Mia dances the polka")


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def app_video(db: Database, cause: str, created: datetime, state: str | None = None, **columns: Any) -> str:
    """A video of the app, judged; stuck where its row is not finished and its cause is trouble."""
    video_id = str(uuid.uuid4())
    state = state or ("succeeded" if cause == "succeeded" else "failed")
    row = {"id": video_id, "status": state, "created_at": created.isoformat()} | columns
    videos.import_videos(db, [{"updated_at": row["created_at"]} | row])
    judge(db, video_id, cause, stuck=state in ("queued", "processing"))
    return video_id


def judge(db: Database, video_id: str, cause: str, **columns: Any) -> None:
    db.call("dailies_save_verdicts", p_verdicts=[verdict(video_id, cause, **columns)])


def sample(db: Database, cause: str, **columns: Any) -> str:
    """A video that Dailies makes itself, as far as its paid call."""
    video_id = str(uuid.uuid4())
    attempts.claim(db, video_id, f"{video_id}/1", "ann", request=REQUEST, credits=25, new={})
    judge(db, video_id, cause, **columns)
    return video_id


def stuck_everywhere(db: Database) -> list[int]:
    """How many: in the list, on the Overview, in the last hour and before, in alerts, metrics and health."""
    pulse = overview.pulse(db, ago(hours=1))
    return [
        len(videos.list_videos(db, Filters(trouble="stuck", own=False))),
        overview.overview(db)["totals"]["stuck_now"],
        pulse.stuck + pulse.older_stuck,
        sum(seen.cases for seen in alerts.measure(db, "stuck_minutes", 60)),
        next(int(each.value) for each in status.metrics(db) if each.name == "videos_stuck"),
        status.videos_now(db).stuck,
    ]


def test_what_is_stuck_is_the_same_number_everywhere(db: Database) -> None:
    app_video(db, "never_polled", ago(minutes=20), "processing")
    app_video(db, "function_terminated", ago(days=3), "queued")
    app_video(db, "succeeded", ago(minutes=5))
    sample(db, "function_terminated", stuck=True)
    assert stuck_everywhere(db) == [2] * 6


def test_a_sample_counts_nowhere_until_somebody_asks(db: Database) -> None:
    app_video(db, "succeeded", ago(minutes=5))
    made = sample(db, "moderated", stuck=True)
    assert overview.overview(db)["totals"]["total"] == 1
    assert [cause["cause"] for cause in overview.overview(db)["causes"]] == ["succeeded"]
    assert sum(point["n"] for point in overview.overview(db)["series"]) == 1
    assert overview.error_groups(db) == []
    assert [stage["seen"] for stage in overview.stage_funnel(db)] == [1, 0]
    assert overview.pulse(db, ago(hours=1)).videos == 1
    assert made not in {row["id"] for row in videos.list_videos(db, Filters(own=False))}

    assert overview.overview(db, own=True)["totals"]["total"] == 2
    assert len(overview.overview(db, own=True)["causes"]) == 2
    assert sum(point["n"] for point in overview.overview(db, own=True)["series"]) == 2
    assert [group["n"] for group in overview.error_groups(db, own=True)] == [1]
    assert [stage["seen"] for stage in overview.stage_funnel(db, own=True)] == [2, 0]
    assert overview.pulse(db, ago(hours=1), own=True).videos == 2
    assert made in {row["id"] for row in videos.list_videos(db)}


def test_a_sample_is_found_by_its_id(db: Database) -> None:
    made = sample(db, "succeeded")
    assert [row["id"] for row in videos.list_videos(db, Filters(ids=(made,), own=False))] == [made]


def test_samples_in_the_queue_are_samples_from_the_start(db: Database) -> None:
    video_id = str(uuid.uuid4())
    job = NewJob(video_id, f"{video_id}/1", "ann", "gen4_turbo", "1280:720", 5, {"prompt": "Mia dances"})
    queue.enqueue(db, [job])
    assert overview.overview(db)["totals"]["total"] == 0


def test_a_video_of_the_app_that_is_paid_for_here_stays_the_apps(db: Database) -> None:
    """Rows that the app leaves queued are generated with the same call as samples."""
    waiting = app_video(db, "unknown", ago(minutes=2), "queued")
    attempts.claim(db, waiting, f"{waiting}/1", "worker", request=REQUEST, credits=25, new={})
    assert overview.overview(db)["totals"]["total"] == 1


def test_samples_that_go_wrong_are_no_incident_and_no_alert(db: Database) -> None:
    app_video(db, "succeeded", ago(days=2))
    for _ in range(4):
        sample(db, "runway_unreachable", deployment_id="dailies")
    assert overview.incidents(db) == []
    assert alerts.measure(db, "new_cause_videos", 60) == []
    assert alerts.measure(db, "success_percent", 60) == []
    assert alerts.measure(db, "minutes_without_videos", 60)[0].value > 2 * 24 * 60 - 1
    (drilled,) = overview.incidents(db, own=True)
    assert (
        overview.incident(db, "runway_unreachable", ago(minutes=0), "dailies", own=True)["n"] == drilled["n"]
    )


def test_what_samples_cost_is_told_apart(db: Database) -> None:
    made = sample(db, "succeeded")
    task = Task("task-9", TaskStatus.SUCCEEDED, datetime.now(UTC), credits=25)
    db.call("dailies_save_task", p_task=task.as_row(), p_video_id=made)
    told = overview.overview(db, ago(hours=1), ago(hours=-1))["totals"]
    assert (told["credits"], told["credits_own"]) == (0, 25)
    told = overview.overview(db, ago(hours=1), ago(hours=-1), own=True)["totals"]
    assert (told["credits"], told["credits_own"]) == (25, 0)


def test_now_is_the_last_hour_against_the_median_of_earlier_ones(db: Database) -> None:
    app_video(db, "succeeded", ago(minutes=30))
    app_video(db, "never_polled", ago(minutes=20), "processing")
    app_video(db, "in_progress", ago(minutes=1), "processing")
    judge_moving(db)
    for hours, good, bad in ((5, 3, 1), (30, 4, 0), (50, 1, 1)):
        began = ago(hours=hours).replace(minute=0, second=0, microsecond=0)
        for i in range(good + bad):
            app_video(db, "succeeded" if i < good else "moderated", began + timedelta(minutes=59 * i / good))
    app_video(db, "moderated", ago(days=9))  # longer ago than that
    found = overview.pulse(db, ago(hours=1))
    assert (found.videos, found.succeeded, found.failed, found.stuck) == (3, 1, 0, 1)
    assert (found.usual_rate, found.usual_videos, found.usual_hours) == (0.75, 4, 3)


def judge_moving(db: Database) -> None:
    """Those in progress are not stuck."""
    for row in videos.list_videos(db, Filters(causes=("in_progress",))):
        judge(db, row["id"], "in_progress", stuck=False)


def test_without_earlier_videos_nothing_is_usual(db: Database) -> None:
    app_video(db, "succeeded", ago(minutes=30))
    found = overview.pulse(db, ago(hours=1))
    assert (found.usual_rate, found.usual_videos, found.usual_hours) == (None, None, 0)


def test_lines_that_dailies_wrote_are_no_logs_of_the_app(db: Database) -> None:
    own = entry("made here", 0, "dailies-1", deployment_id="dailies")
    db.call("dailies_add_logs", p_entries=[own | {"at": ago(minutes=1).isoformat()}])
    assert status.health(db).last_log_age_seconds is None
    assert overview.overview(db)["freshness"]["last_log_at"] is None
    theirs = entry("from the app", 0, "req-1", deployment_id="dpl_one")
    db.call("dailies_add_logs", p_entries=[theirs | {"at": ago(hours=2).isoformat()}])
    assert status.health(db).last_log_age_seconds == pytest.approx(7200, abs=30)
    app_video(db, "succeeded", ago(minutes=40))
    assert status.videos_now(db).unlogged == 1
    assert status.videos_now(db).unlogged_seconds == pytest.approx(2400, abs=30)


def finished_after(db: Database) -> float | None:
    return overview.overview(db, ago(days=2), ago(hours=-1))["totals"]["seconds_to_finish_p50"]


def look_up(
    db: Database, video_id: str, state: str, at: datetime, created: datetime, by: str = "poller"
) -> None:
    task = Task(f"task-{video_id[:8]}", state, created, output=("https://cdn.example.com/p.mp4",), credits=25)
    db.call(
        "dailies_save_look_up",
        p_video_id=video_id,
        p_task=task.as_row() | {"checked_at": at.isoformat()},
        p_operator=by,
        p_next_seconds=60,
    )


def waiting_video(db: Database, created: datetime) -> str:
    video_id = str(uuid.uuid4())
    row = {"id": video_id, "status": "processing", "created_at": created.isoformat()}
    videos.import_videos(db, [row | {"runway_video_id": f"task-{video_id[:8]}"}])
    return video_id


def test_a_late_look_up_is_no_time_to_finish_and_rescues_what_it_delivers(db: Database) -> None:
    created = ago(hours=3)
    late = waiting_video(db, created)
    look_up(db, late, TaskStatus.SUCCEEDED, ago(minutes=0), created)
    judge(db, late, "succeeded")
    assert finished_after(db) is None
    assert (ledger(db).rescued, ledger(db).rescued_videos) == (25, 1)


def test_a_task_that_is_watched_is_finished_when_it_is_seen_to_end_and_rescues_nothing(db: Database) -> None:
    created = ago(minutes=10)
    watched = waiting_video(db, created)
    look_up(db, watched, TaskStatus.RUNNING, created + timedelta(seconds=70), created)
    look_up(db, watched, TaskStatus.SUCCEEDED, created + timedelta(seconds=80), created)
    judge(db, watched, "succeeded")
    assert finished_after(db) == pytest.approx(80)
    assert ledger(db).rescued == 0
    look_up(db, watched, TaskStatus.SUCCEEDED, ago(minutes=0), created)  # for a fresh address
    judge(db, watched, "succeeded")
    assert finished_after(db) == pytest.approx(80)


def test_a_video_that_somebody_had_looked_up_is_rescued(db: Database) -> None:
    created = ago(minutes=10)
    polled = waiting_video(db, created)
    look_up(db, polled, TaskStatus.RUNNING, created + timedelta(seconds=70), created)
    look_up(db, polled, TaskStatus.SUCCEEDED, created + timedelta(seconds=80), created, by="ann")
    assert ledger(db).rescued_videos == 1


def test_the_end_of_a_task_stands_in_the_apps_log(db: Database) -> None:
    """The row was written again afterwards, which says nothing about Runway's speed."""
    created = ago(hours=2)
    video_id, task_id = str(uuid.uuid4()), "task-told"
    for state, seconds in (("PENDING", 1), ("RUNNING", 40), ("SUCCEEDED", 45)):
        line = entry(f"Task status response: status: '{state}'", 0, f"req-{state}", task_id=task_id)
        at = (created + timedelta(seconds=seconds)).isoformat()
        db.call("dailies_add_logs", p_entries=[line | {"at": at}])
    times = {"created_at": created.isoformat(), "updated_at": ago(minutes=1).isoformat()}
    videos.import_videos(db, [{"id": video_id, "status": "succeeded", "runway_video_id": task_id} | times])
    judge(db, video_id, "succeeded")
    assert finished_after(db) == pytest.approx(45)


def test_what_a_browser_asked_for_hours_later_is_not_taken_for_the_end(db: Database) -> None:
    created = ago(hours=3)
    video_id, task_id = str(uuid.uuid4()), "task-late"
    for state, at in (("PENDING", created), ("SUCCEEDED", ago(minutes=1))):
        line = entry(f"Task status response: status: '{state}'", 0, f"req-{state}", task_id=task_id)
        db.call("dailies_add_logs", p_entries=[line | {"at": at.isoformat()}])
    times = {"created_at": created.isoformat(), "updated_at": ago(minutes=1).isoformat()}
    videos.import_videos(db, [{"id": video_id, "status": "succeeded", "runway_video_id": task_id} | times])
    judge(db, video_id, "succeeded")
    assert finished_after(db) is None

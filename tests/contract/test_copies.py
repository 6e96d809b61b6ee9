"""Which outputs are copied, and where to: each given to one worker, tried five times at most."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from lib.data import outputs, videos
from lib.data.database import Database
from lib.domain.task import Task, TaskStatus
from tests.examples import save_task


def finished(db: Database, status: str = TaskStatus.SUCCEEDED) -> str:
    """The task of a video that has just ended."""
    video_id, task_id, now = str(uuid.uuid4()), str(uuid.uuid4()), datetime.now(UTC)
    row = {"id": video_id, "status": "processing", "created_at": now.isoformat(), "runway_video_id": task_id}
    videos.import_videos(db, [row])
    save_task(db, Task(task_id, status, now, output=("https://c.example.com/a.mp4",)).as_row(), video_id)
    return task_id


def test_an_output_is_copied_once(db: Database) -> None:
    task_id = finished(db)
    due = outputs.claim(db)
    assert due == outputs.Due(task_id, 1)
    assert outputs.claim(db) is None
    outputs.save(db, task_id, place="local", path="a.mp4", size=7, content_type="video/mp4")
    kept = outputs.of_task(db, task_id)
    assert kept is not None
    assert (kept.place, kept.path, kept.bytes, kept.content_type) == ("local", "a.mp4", 7, "video/mp4")
    assert kept.copied_at is not None
    assert outputs.claim(db) is None


def test_only_videos_that_succeeded_are_copied(db: Database) -> None:
    finished(db, TaskStatus.FAILED)
    finished(db, TaskStatus.RUNNING)
    assert outputs.claim(db) is None


def test_a_failed_copy_is_tried_again_when_it_is_time_and_five_times_at_most(db: Database) -> None:
    task_id = finished(db)
    for number in range(1, 6):
        assert outputs.claim(db) == outputs.Due(task_id, number)
        outputs.failed(db, task_id, "The output's address answered 403.", 0)
    assert outputs.claim(db) is None
    told = outputs.of_task(db, task_id)
    assert told is not None
    assert (told.copied_at, told.problem) == (None, "The output's address answered 403.")


def test_a_killed_workers_output_is_given_to_another(db: Database) -> None:
    task_id = finished(db)
    outputs.claim(db, 0.01)
    time.sleep(0.05)
    assert outputs.claim(db) == outputs.Due(task_id, 2)


def test_a_copy_that_failed_waits(db: Database) -> None:
    task_id = finished(db)
    outputs.claim(db)
    outputs.failed(db, task_id, "busy", 600)
    assert outputs.claim(db) is None

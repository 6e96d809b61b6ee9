"""What is to be done about many videos is asked once, not once a video."""

from __future__ import annotations

import uuid

from lib.data import videos
from lib.data.database import Database
from lib.operations.judge import judge_dirty
from lib.operations.repair import plan
from tests.apps import app_of
from tests.counted import Counted
from tests.examples import at


def test_two_hundred_videos_are_planned_in_at_most_four_calls(db: Database) -> None:
    ids = [str(uuid.uuid4()) for _ in range(200)]
    videos.import_videos(
        db, [{"id": one, "status": "processing", "created_at": at(n / 10)} for n, one in enumerate(ids)]
    )
    judge_dirty(app_of(db), 1000)
    counted = Counted(db)
    planned = plan(app_of(counted), ids)
    assert [repair.video_id for repair in planned] == ids
    assert len(counted.calls) <= 4

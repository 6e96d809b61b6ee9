"""What is to be done about many videos is asked once, not once a video."""

from __future__ import annotations

import uuid
from typing import Any

from lib.data import videos
from lib.data.database import Database, Row
from lib.operations.judge import judge_dirty
from lib.operations.repair import plan
from tests.apps import app_of
from tests.examples import at


class Counted:
    """A database that remembers which functions were called."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.calls: list[str] = []

    @property
    def label(self) -> str:
        return self._db.label

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        self.calls.append(function)
        return self._db.call(function, **arguments)

    def close(self) -> None:
        self._db.close()


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

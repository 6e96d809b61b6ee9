"""What the production app leaves behind: rows some minutes old, and the lines it logged."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.data import videos
from lib.data.database import Database
from lib.data.logs import add_logs, entry_row
from lib.domain.attempt import Attempt
from lib.domain.trace import LogEntry
from lib.logs.repeats import EntryKeys
from lib.traces.naming import names_in
from tests.simulated import REQUEST

ACCEPTED = (
    "[Video Generation] Starting async video generation for video {video}",
    "[Video Generation] Environment check: { hasRunwayApiKey: true }",
    "[Video Generation] Starting generateVideoAsync for video {video}",
    "[Video Generation] Updating video {video} status to processing",
)
CALLED = (
    *ACCEPTED,
    "[Video Generation] Calling Runway API for video {video}",
    "[Runway API] generateVideo function called",
    "[Runway API] Environment variables check: { hasApiKey: true }",
    "[Runway API] Starting video generation request using SDK",
    "[Runway API] Calling SDK imageToVideo.create()",
)
ANSWERED = (*CALLED, "[Runway API] Task created with ID: {task}")


def put_row(db: Database, *, minutes: float = 20, **columns: Any) -> str:
    video_id = str(uuid.uuid4())
    at = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    row = {"id": video_id, "status": "processing", "created_at": at, "updated_at": at}
    inputs = {"prompt": REQUEST.prompt, "input_image_url": REQUEST.image}
    videos.import_videos(db, [row | inputs | columns])
    return video_id


def put_log(
    db: Database,
    video_id: str,
    *messages: str,
    minutes: float = 19,
    task: str = "",
    path: str = "/api/videos/generate",
    level: str = "info",
) -> None:
    """Lines of one request. `level`: of the last one."""
    keys, request_id = EntryKeys(), f"abcde-{uuid.uuid4().hex}"
    start = round((datetime.now(UTC) - timedelta(minutes=minutes)).timestamp() * 1000)
    entries = []
    for n, message in enumerate(messages):
        text = message.replace("{video}", video_id).replace("{task}", task)
        said = level if n == len(messages) - 1 else "info"
        entry = LogEntry(start + n * 10, said, text, request_id, path)
        named = names_in(text)
        entries.append(entry_row(keys.key(entry), entry, *(next(iter(ids), None) for ids in named)))
    add_logs(db, {"id": None}, entries)


def terminated(db: Database, **columns: Any) -> str:
    """Killed before it called Runway: nothing was created, and the log says so."""
    video_id = put_row(db, **columns)
    put_log(db, video_id, *ACCEPTED)
    put_log(db, video_id, "[health] ok", minutes=0)  # another request: the log goes on
    return video_id


def attempts_of(db: Database, video_id: str) -> list[Attempt]:
    """Newest first."""
    return [Attempt.from_row(row) for row in db.call("dailies_attempts", p_video_id=video_id)]

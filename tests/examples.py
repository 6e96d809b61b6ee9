"""The cast: the same few videos, log lines and verdicts in every test of the database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from lib.data.database import Database

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
TANGO = "aaaaaaaa-0000-4000-8000-000000000001"  # succeeded
WALTZ = "bbbbbbbb-0000-4000-8000-000000000002"  # stuck without a task id
SALSA = "cccccccc-0000-4000-8000-000000000003"  # failed: no credits
TANGO_TASK = "11111111-aaaa-4000-8000-000000000001"
WALTZ_TASK = "22222222-bbbb-4000-8000-000000000002"


def at(minutes: float = 0) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


def video(video_id: str, status: str, minutes: float = 0, **columns: Any) -> dict[str, Any]:
    return {"id": video_id, "status": status, "created_at": at(minutes), "updated_at": at(minutes), **columns}


def the_videos() -> list[dict[str, Any]]:
    """Newest is SALSA."""
    return [
        video(TANGO, "succeeded", 0, prompt="a dog dances Tango", runway_video_id=TANGO_TASK),
        video(WALTZ, "processing", 1, prompt="a cat dances Waltz 100%"),
        video(SALSA, "failed", 2, error_message="You do not have enough credits to run this task."),
    ]


def entry(message: str, minutes: float, request: str | None, **columns: Any) -> dict[str, Any]:
    """`columns`: video_id and task_id named by the message, level, path, status_code, deployment_id."""
    key = uuid.uuid5(uuid.NAMESPACE_OID, f"{request} {minutes} {message}")
    return {
        "key": str(key),
        "at": at(minutes),
        "request_id": request,
        "message": message,
        "level": "info",
    } | columns


def the_entries() -> list[dict[str, Any]]:
    """TANGO's creation and poll, WALTZ's creation, which names its task in a line without the video's id."""
    return [
        entry("Starting video generation for TANGO", 0.1, "req-tango", video_id=TANGO),
        entry("Task created", 0.2, "req-tango", task_id=TANGO_TASK),
        entry("RUNNING", 0.5, "req-tango-poll", task_id=TANGO_TASK),
        entry("Starting video generation for WALTZ", 1.1, "req-waltz", video_id=WALTZ),
        entry("Task created", 1.2, "req-waltz", task_id=WALTZ_TASK),
        entry("SUCCEEDED", 1.5, "req-waltz-poll", task_id=WALTZ_TASK),
        entry("GET /health", 1.6, "req-other"),
    ]


def save_task(db: Database, task: dict[str, Any], video_id: str | None = None) -> bool:
    """Keeps what Runway said of a task; whether that changed the row of its video."""
    return bool(db.call("dailies_save_task", p_task=task, p_video_id=video_id)[0]["video_changed"])


def queue_metrics(db: Database) -> SimpleNamespace:
    """Jobs `waiting`, `delayed`, `in_hand`, `failing` and ever `enqueued`; `oldest_seconds`."""
    return SimpleNamespace(**db.call("dailies_queue_metrics")[0])


def worker_states(db: Database, dead_seconds: float = 45) -> dict[str, str]:
    """alive, stopped or dead, by the worker's id."""
    return {row["id"]: row["state"] for row in db.call("dailies_workers", p_dead_seconds=dead_seconds)}


def verdict(video_id: str, cause: str, **columns: Any) -> dict[str, Any]:
    return {
        "video_id": video_id,
        "cause": cause,
        "confidence": "certain",
        "action": "none",
        "stages": [
            {"stage": "accepted", "state": "seen", "at": at()},
            {"stage": "saved", "state": "missing"},
        ],
        "flow": "sync-sdk",
    } | columns


def the_verdicts() -> list[dict[str, Any]]:
    return [
        verdict(TANGO, "succeeded", deployment_id="dpl_one"),
        verdict(
            WALTZ,
            "task_id_not_saved",
            stuck=True,
            action="recover_id",
            first_missing="saved",
            recoverable_runway_id=WALTZ_TASK,
            deployment_id="dpl_two",
            evidence=[{"source": "log", "at": at(1.2), "text": "Task created"}],
        ),
        verdict(SALSA, "insufficient_credits", action="add_credits", deployment_id="dpl_two"),
    ]

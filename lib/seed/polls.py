"""What one status check of the production app logs."""

from __future__ import annotations

from lib.runway.simulator.schedule import StoredTask
from lib.seed.recordings import Line

_REFUSED = 'InternalServerError: 500 {"error":"An internal error occurred."}'
_TRACE = "\n    at async checkVideoStatus (/var/task/.next/server/app/api/videos/status/route.js:52:18)"


def without_id(video_id: str) -> list[Line]:
    return [("warning", f"Video {video_id} is processing but no runway_video_id found.")]


def failing(task_id: str) -> list[Line]:
    """Not in the first flow: what it logs then names no video."""
    return [
        ("info", f"[Runway API] Checking video status for task ID: {task_id}"),
        ("error", f"[Runway API] Error checking video status: {_REFUSED}{_TRACE}"),
        ("error", f"Error checking video status with Runway API: {_REFUSED}{_TRACE}"),
    ]


def looked_up(flow: str, task: StoredTask, at: float, output: str) -> list[Line]:
    """`at` in epoch seconds. The first flow logs a status check only when it fails."""
    if flow == "async-fetch":
        return []
    status = task.status(at)
    done, failed = status == "SUCCEEDED", status == "FAILED"
    failure = f"'{task.failure}'" if failed else "undefined"
    code = f"'{task.failure_code}'" if failed else "undefined"
    progress = str(task.progress(at)) if status == "RUNNING" else "undefined"
    shown = output if done else "undefined"
    return [
        ("info", f"[Runway API] Checking video status for task ID: {task.id}"),
        (
            "info",
            f"[Runway API] Task status response: {{\n  id: '{task.id}',\n  status: '{status}',\n"
            f"  hasOutput: {str(done).lower()},\n  outputCount: {int(done)},\n  failure: {failure},\n"
            f"  failureCode: {code},\n  progress: {progress}\n}}",
        ),
        (
            "info",
            f"[Runway API] Extracted from task: {{\n  hasVideoUrl: {str(done).lower()},\n"
            f"  videoUrl: '{shown[:100]}...',\n  error: {failure}\n}}",
        ),
    ]

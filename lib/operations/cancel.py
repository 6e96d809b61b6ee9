"""Cancels the task of a video. It cannot destroy one: Runway deletes a finished task, output and all, on the
same call that cancels an active one, so every cancellation looks first."""

from __future__ import annotations

from typing import NamedTuple

from lib.app import App
from lib.data import attempts, audit
from lib.data.videos import get_video
from lib.domain.task import Task, TaskStatus
from lib.domain.video import Video
from lib.errors import BadInput
from lib.operations.poll import next_check

NEARLY_DONE = 0.9  # of its progress: it might finish between the look and the call


class Cancelled(NamedTuple):
    """`message` says what became of the task, in words; nothing was cancelled unless `task` says so."""

    video_id: str
    task: Task
    message: str


def cancel(app: App, video_id: str) -> Cancelled:
    """Looks the task up, cancels it if it is active, and saves what it is then.

    The audit names the operator before the call leaves, so that a crash cannot hide who did it. Raises
    NotFound, BadInput for a video without a task, RunwayError, and DatabaseError.
    """
    task_id = Video.from_mapped(get_video(app.db, video_id)["video"]).runway_video_id
    if not task_id:
        raise BadInput(f"Video {video_id} has no task id: there is nothing to cancel. Recover the id first.")
    task = app.runway.task(task_id)
    app.on_step("looked_up")
    reason = _reason_not_to(task)
    if reason is None:
        said = {"task_id": task.id, "task_status": task.status}
        audit.note(app.db, app.operator, "cancel", video_id, said)
        app.on_step("noted")
        task = app.runway.cancel(task_id)
        app.on_step("answered")
    attempts.save_look_up(app.db, video_id, task, next_check(0), app.operator)
    app.on_step("saved")
    return Cancelled(video_id, task, reason or _outcome(task))


def _reason_not_to(task: Task) -> str | None:
    if task.is_terminal:
        return f"Task {task.id} is {task.status}: there was nothing left to cancel, and it was left alone."
    if (task.progress or 0) >= NEARLY_DONE:
        return f"Task {task.id} is nearly done ({task.progress:.0%}) and paid for either way: let it finish."
    return None


def _outcome(task: Task) -> str:
    if task.status == TaskStatus.CANCELLED:
        kept = f"Runway kept {task.credits:g} credits" if task.credits else "it cost nothing"
        return f"Task {task.id} is cancelled; {kept}."
    if task.is_terminal:
        return f"Task {task.id} ended as {task.status} before it could be cancelled."
    return f"Task {task.id} is still {task.status}: Runway did not cancel it yet. Look it up again."

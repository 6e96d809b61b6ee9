"""A simulated task as it is stored, and what it is at any moment: a function of its row and the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

from lib.domain.task import TaskStatus
from lib.runway.simulator.faults import Fault

PENDING_SECONDS = 2.0
SECONDS_PER_VIDEO_SECOND = 3.0


@dataclass(frozen=True, slots=True)
class StoredTask:
    """THROTTLED until `starts_at`, PENDING until `runs_at`, `running_as` until `ends_at`, then `outcome`.

    Times are epoch seconds. `credits` is what was charged at the creation, `final_credits` what stays
    charged at the end. Imported tasks take no slot and no credits.
    """

    id: str
    model: str
    prompt: str
    image: str
    ratio: str
    duration: int
    credits: int
    created_at: float
    starts_at: float
    runs_at: float
    ends_at: float
    running_as: str = TaskStatus.RUNNING
    outcome: str = TaskStatus.SUCCEEDED
    failure: str | None = None
    failure_code: str | None = None
    final_credits: int = 0
    imported: bool = False
    deleted: bool = False

    def status(self, now: float) -> str:
        if now < self.starts_at:
            return TaskStatus.THROTTLED
        if now < self.runs_at:
            return TaskStatus.PENDING
        return self.running_as if now < self.ends_at else self.outcome

    def progress(self, now: float) -> float:
        return round(max(0.0, min(0.99, (now - self.runs_at) / (self.ends_at - self.runs_at))), 2)

    def delayed_to(self, starts_at: float) -> StoredTask:
        delay = starts_at - self.starts_at
        return replace(self, starts_at=starts_at, runs_at=self.runs_at + delay, ends_at=self.ends_at + delay)

    def cancelled(self, now: float) -> StoredTask:
        """Ended now; refunded unless it had begun to run."""
        return replace(
            self,
            starts_at=min(self.starts_at, now),
            runs_at=min(self.runs_at, now),
            ends_at=now,
            outcome=TaskStatus.CANCELLED,
            final_credits=0 if now < self.runs_at else self.credits,
        )


def free_slot_at(ends: Iterable[float], slots: int, now: float) -> float:
    """When a new task may start, after the unfinished ones that end at `ends`: first come, first served."""
    latest = sorted(ends, reverse=True)
    return latest[slots - 1] if len(latest) >= slots else now


def seconds_to_run(task_id: str, duration: int) -> float:
    """How long a task runs: longer for longer videos, and never the same twice."""
    chance = sha256(task_id.encode()).digest()[0] / 255
    return duration * SECONDS_PER_VIDEO_SECOND * (0.8 + 0.4 * chance)


def with_fault(task: StoredTask, fault: Fault) -> StoredTask:
    match fault.name:
        case "fail":
            return failed(task, fault.argument or None)
        case "cancel":
            return task.cancelled(task.starts_at)
        case "throttle":
            return task.delayed_to(task.starts_at + fault.seconds(0))
        case "status":
            return replace(task, running_as=fault.argument)
    return task


def failed(task: StoredTask, code: str | None) -> StoredTask:
    """Ends as FAILED; Runway keeps the credits of moderated tasks only."""
    if "SAFETY" in (code or ""):
        text = "This request was flagged by our content moderation system."
    elif (code or "").startswith("ASSET."):
        text = "Failed to fetch the input asset."
    else:
        text = "An unexpected error occurred."
    moderated = (code or "").startswith("SAFETY.")
    return replace(
        task,
        outcome=TaskStatus.FAILED,
        failure=text,
        failure_code=code,
        final_credits=task.credits if moderated else 0,
    )

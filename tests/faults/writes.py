"""The writes of every operation: what each needs of the schema, so that it can be made to fail for real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

OTHER = "0000aaaa-0000-4000-8000-000000000000"
_ATTEMPT: Mapping[str, Any] = {
    "id": OTHER, "video_id": OTHER, "key": "other", "number": 1, "operator": "bob", "request": {},
    "credits": 0, "claimed_at": "2026-01-01T00:00:00Z", "asked_to_wait_seconds": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Write:
    """One SQL function that changes something.

    table     is locked by it
    column    without which it fails, as `table.column`
    unique    the table in which, and the condition under which, there is room for one row only
    row       that row
    """

    table: str
    column: str
    unique: str
    where: str = "true"
    row: Mapping[str, Any] = field(default_factory=dict)


def _of_attempt(column: str, state: str, **more: Any) -> Write:
    """`column` of public.videos."""
    where = f"state = '{state}'"
    row = {**_ATTEMPT, "state": state, **more}
    return Write("dailies.attempts", f"public.videos.{column}", "dailies.attempts", where, row)


_NOW = datetime.now(UTC)
# Log entries stand in a table for each week.
_MONDAY = _NOW.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=_NOW.weekday())

WRITES: Mapping[str, Write] = {
    "dailies_claim_attempt": _of_attempt("prompt", "claimed"),
    "dailies_attempt_sent": Write(
        "dailies.attempts", "dailies.attempts.sent_at", "dailies.attempts", "state = 'sent'",
        {**_ATTEMPT, "state": "sent"},
    ),
    "dailies_attempt_created": _of_attempt("runway_video_id", "created", task_id="other"),
    "dailies_attempt_refused": _of_attempt("error_message", "refused"),
    "dailies_attempt_unknown": _of_attempt("error_message", "unknown"),
    "dailies_attempt_asked_to_wait": Write(
        "dailies.attempts", "dailies.attempts.asked_to_wait_seconds", "dailies.attempts",
        "asked_to_wait_seconds is not null", {**_ATTEMPT, "state": "refused"},
    ),
    "dailies_add_logs": Write(
        "dailies.log_entries", "dailies.log_entries.level", f"dailies.log_entries_{_MONDAY:%Y_%m_%d}",
        "deployment_id = 'dailies'", {
            "id": -1, "key": OTHER, "at": _MONDAY.isoformat(), "level": "info", "message": "other",
            "deployment_id": "dailies",
        },
    ),
    "dailies_save_reading": Write(
        "dailies.readings", "dailies.readings.balance", "dailies.readings", row={
            "attempt_id": OTHER, "moment": "before", "at": "2026-01-01T00:00:00Z", "balance": 1,
        },
    ),
    "dailies_claim_look_up": Write(
        "dailies.look_ups", "dailies.look_ups.asked_at", "dailies.look_ups", row={
            "task_id": "other", "asked_at": "2026-01-01T00:00:00Z", "next_at": "2126-01-01T00:00:00Z",
        },
    ),
    "dailies_save_look_up": Write(
        "dailies.tasks", "dailies.tasks.failure_code", "dailies.tasks",
        "status <> 'PENDING' or credits > 0", {
            "task_id": "other", "status": "RUNNING", "credits": 1, "checked_at": "2026-01-01T00:00:00Z",
        },
    ),
    "dailies_recover_task": Write(
        "public.videos", "public.videos.runway_video_id", "dailies.tasks", row={
            "task_id": "other", "status": "RUNNING", "checked_at": "2026-01-01T00:00:00Z",
        },
    ),
}  # fmt: skip

"""What the sweep decided about stuck videos, and when it looks again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from lib.data.database import Database, Row


@dataclass(frozen=True, slots=True)
class Decision:
    """`action` is one of lib.domain.cause.Action; the sweep looks again in `again_seconds`."""

    video_id: str
    action: str
    reason: str
    cause: str | None
    again_seconds: float


class SweepRow(NamedTuple):
    """`decision` is the last one about this video; the seconds are what Runway asked for last time.

    `verdict` is {action, reason, cause} of a moment ago, where it costs and nothing has changed since.
    `now` is the database's time (ISO).
    """

    video_id: str
    decision: Row | None
    asked_to_wait_seconds: float | None
    verdict: Row | None
    now: str


class Flagged(NamedTuple):
    video_id: str
    at: str
    action: str
    reason: str
    cause: str | None


def due(
    db: Database, older_than_seconds: float, *, limit: int = 100, tries: int = 0, take_queued: bool = False
) -> list[SweepRow]:
    """Videos without a task to decide about, those never looked at first.

    tries        above 0 adds those that failed today for the moment only, in fewer attempts than that
    take_queued  queued ones of any age
    """
    rows = db.call(
        "dailies_sweep_due",
        p_older_than_seconds=older_than_seconds,
        p_limit=limit,
        p_tries=tries,
        p_take_queued=take_queued,
    )
    return [SweepRow(**row) for row in rows]


def save(db: Database, decisions: Sequence[Decision], operator: str) -> int:
    """How many differ from the last one about the same video, and are therefore in the audit now."""
    rows = db.call(
        "dailies_save_decisions", p_decisions=[asdict(each) for each in decisions], p_operator=operator
    )
    return int(rows[0]["audited"])


def flagged(db: Database, limit: int = 100) -> list[Flagged]:
    """Left to people, the latest first."""
    return [Flagged(**row) for row in db.call("dailies_flagged", p_limit=limit)]

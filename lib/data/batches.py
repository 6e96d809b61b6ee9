"""Batches: frozen lists of videos to repair, their progress and each video's result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict, cast

from lib.data.database import Database
from lib.errors import NotFound

OPEN = ("waiting", "working")
ENDED = ("done", "failed")


class BatchPart(NamedTuple):
    """The items of one kind in one state; `credits` is what they may cost, `spent` what they did."""

    kind: str
    state: str
    n: int
    credits: float
    spent: float


@dataclass(frozen=True, slots=True)
class Batch:
    """`state` is frozen, running, paused, done or aborted; `chosen` says how its videos were chosen."""

    id: str
    at: str
    operator: str
    chosen: Mapping[str, Any]
    state: str
    note: str | None
    begun_at: str | None
    ended_at: str | None
    parts: tuple[BatchPart, ...]

    def count(self, *states: str) -> int:
        return sum(part.n for part in self.parts if part.state in states)

    @property
    def to_do(self) -> int:
        """Everything but what was left out."""
        return self.count(*OPEN, *ENDED)

    @property
    def credits(self) -> float:
        """The most it can cost."""
        return sum(part.credits for part in self.parts if part.state != "left_out")

    @property
    def spent(self) -> float:
        return sum(part.spent for part in self.parts)


class Item(TypedDict):
    """`kind`, `reason` and `credits` as they were at the freezing; `result` in words, once there is one."""

    position: int
    video_id: str
    kind: str
    reason: str
    credits: float | None
    state: str
    result: str | None
    spent: float
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """An item in hand, for its batch's operator."""

    batch_id: str
    position: int
    video_id: str
    kind: str
    key: str
    operator: str


def freeze(
    db: Database,
    batch_id: str,
    operator: str,
    chosen: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
) -> None:
    """`items`: {video_id, kind, reason, credits, key, left_out}. The same id again changes nothing."""
    db.call(
        "dailies_freeze_batch",
        p_id=batch_id,
        p_operator=operator,
        p_chosen=dict(chosen),
        p_items=[dict(item) for item in items],
    )


def latest(db: Database) -> list[Batch]:
    return [_batch(row) for row in db.call("dailies_batches", p_limit=20)]


def get(db: Database, batch_id: str) -> Batch:
    """Raises NotFound."""
    for row in db.call("dailies_batches", p_id=batch_id):
        return _batch(row)
    raise NotFound(f"There is no batch {batch_id}.")


def _batch(row: Mapping[str, Any]) -> Batch:
    return Batch(**{**row, "parts": tuple(BatchPart(**part) for part in row["parts"])})


def items(db: Database, batch_id: str, *, page: int = 500) -> Iterator[Item]:
    """All of them, in order, page by page."""
    after = 0
    while rows := db.call("dailies_batch_items", p_batch=batch_id, p_after=after, p_limit=page):
        yield from cast("list[Item]", rows)
        after = rows[-1]["position"]


def steer(db: Database, batch_id: str, state: str, operator: str, note: str | None = None) -> None:
    """To `running`, `paused` or `aborted`. Raises NotFound, and DatabaseConflict when it is over."""
    db.call("dailies_steer_batch", p_id=batch_id, p_state=state, p_operator=operator, p_note=note)


def take(db: Database, lease_seconds: float, batch_id: str | None = None) -> Taken | None:
    """The next video of a running batch, ours alone for that long."""
    rows = db.call("dailies_take_batch_item", p_lease_seconds=lease_seconds, p_batch=batch_id)
    return next((Taken(**row) for row in rows), None)


def keep_result(db: Database, item: Taken, state: str, result: str, spent: float = 0) -> None:
    """`state`: done, failed, or waiting when it was not done after all."""
    db.call(
        "dailies_batch_result",
        p_batch=item.batch_id,
        p_position=item.position,
        p_state=state,
        p_result=result,
        p_spent=spent,
    )

"""Repairs many videos: the exact list is frozen with what would be done about each, then done one video at a
time, by whoever takes the next one. Carried out twice, an item pays once: its key is frozen too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from lib.app import App
from lib.data import batches
from lib.data.batches import Batch, Taken
from lib.domain.cause import CAUSES, Action, Trait
from lib.domain.repair import BY_ITSELF
from lib.errors import BadInput, BudgetUsedUp, DailiesError, DatabaseUnavailable, RunwayError, SchemaMissing
from lib.operations.paid_call import not_too_fast
from lib.operations.repair import Agreed, Repaired, carry_out, plan

LEASE_SECONDS = 300.0  # longer than a repair takes


def freeze(
    app: App, video_ids: Sequence[str], chosen: Mapping[str, Any], *, batch_id: str | None = None
) -> Batch:
    """The list as it is now, with what would be done about each video; nothing is done yet. `chosen`: how,
    for people.

    Raises NotFound for a video that is not there, BadInput without any.
    """
    if not video_ids:
        raise BadInput("No video was chosen.")
    batch_id = batch_id or str(uuid4())
    items = [
        {
            "video_id": repair.video_id,
            "kind": str(repair.action),
            "reason": repair.reason,
            "credits": repair.credits,
            "key": repair.key,
            "left_out": repair.action not in BY_ITSELF,
        }
        for repair in plan(app, video_ids)
    ]
    batches.freeze(app.db, batch_id, app.operator, chosen, items)
    return batches.get(app.db, batch_id)


def steer(app: App, batch_id: str, state: str) -> None:
    """To `running`, `paused` or `aborted`. Raises NotFound, DatabaseConflict when it is over, and TooFast."""
    if state == "running" and batches.get(app.db, batch_id).credits:
        not_too_fast(app)
    batches.steer(app.db, batch_id, state, app.operator)


def work_on(app: App, batch_id: str | None = None) -> Taken | None:
    """Repairs the next video of a running batch; None when there is none.

    A refusal that the next video would meet too pauses the batch. Raises DatabaseUnavailable, and the video
    is given out again later.
    """
    item = batches.take(app.db, LEASE_SECONDS, batch_id)
    if item is None:
        return None
    agreed = Agreed(item.video_id, Action(item.kind), item.key)
    try:
        done = carry_out(app.acting_as(item.operator), agreed)
    except (DatabaseUnavailable, SchemaMissing):
        raise
    except BudgetUsedUp as error:
        batches.keep_result(app.db, item, "waiting", str(error))
        _pause(app, item, str(error))
    except DailiesError as error:  # one video's trouble is not the others'
        cause = CAUSES.get(error.cause) if isinstance(error, RunwayError) else None
        hits_all = cause is not None and Trait.HITS_ALL in cause.traits
        _keep(app, item, Repaired(str(error), is_done=False, hits_all=hits_all))
    else:
        _keep(app, item, done)
    return item


def _keep(app: App, item: Taken, done: Repaired) -> None:
    batches.keep_result(app.db, item, "done" if done.is_done else "failed", done.message, done.spent)
    if done.hits_all:
        _pause(app, item, f"Paused, because the next video would meet the same problem: {done.message}")


def _pause(app: App, item: Taken, note: str) -> None:
    if batches.get(app.db, item.batch_id).state == "running":
        batches.steer(app.db, item.batch_id, "paused", item.operator, note)


COLUMNS = ("position", "video_id", "kind", "reason", "credits", "state", "result", "spent", "ended_at")

"""The tasks of a history, as the simulator keeps them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from lib.runway.simulator.schedule import StoredTask
from lib.seed.cast import Wish, new_id
from lib.seed.scenarios import Ending

CREDITS_PER_SECOND = 5  # gen4_turbo
Links = Callable[[StoredTask], str]  # the address of a task's output


def plan_task(
    rng: Random, wish: Wish, created: float, ending: Ending | None = None, now: float = 0.0
) -> StoredTask:
    """Times in epoch seconds; what still goes on at `now` ends some minutes after it."""
    status = ending.task if ending else "SUCCEEDED"
    going_on = status in ("RUNNING", "THROTTLED")
    starts = now + rng.uniform(600, 2400) if status == "THROTTLED" else created
    runs = starts + rng.uniform(2, 6)
    ends = (now + rng.uniform(180, 420)) if status == "RUNNING" else runs + wish.duration * rng.uniform(3, 7)
    credits = CREDITS_PER_SECOND * wish.duration
    code = ending.failure_code if ending else None
    charged = status == "SUCCEEDED" or going_on or (code or "").startswith("SAFETY")
    return StoredTask(
        id=new_id(rng),
        model="gen4_turbo",
        prompt=wish.prompt,
        image=wish.image,
        ratio="1280:720",
        duration=wish.duration,
        credits=credits,
        created_at=created,
        starts_at=starts,
        runs_at=runs,
        ends_at=ends,
        outcome="SUCCEEDED" if going_on else status,
        failure=ending.failure if ending else None,
        failure_code=code,
        final_credits=credits if charged else 0,
        imported=True,
    )

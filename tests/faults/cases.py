"""The fault matrix: what is done, where it is killed, what Runway and the database do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PAYING = ("generate", "retry")
PAID_STEPS = ("claimed", "sent", "posting", "answered", "journaled", "saved", "logged")
FREE_STEPS = {"recover": ("answered", "saved"), "poll": ("claimed", "answered", "saved")}
RUNWAY = (
    "http:400", "http:401", "http:402", "http:403", "http:404", "http:405", "http:408", "http:409",
    "http:429", "http:429:1", "http:500", "http:502", "http:503", "http:504", "no-credits", "drop", "reset",
    "hang", "after-http:408", "after-http:500", "after-http:502", "after-http:504", "after-drop",
    "after-reset", "after-hang", "slow:3", "malformed", "empty", "no-id", "fail:INTERNAL", "status:PAUSED",
)  # fmt: skip
WRITES = (
    "dailies_claim_attempt", "dailies_attempt_sent", "dailies_attempt_created", "dailies_add_logs",
    "dailies_save_look_up",
)  # fmt: skip
SETTLING = {"dailies_attempt_refused": "http:401", "dailies_attempt_unknown": "after-drop"}


@dataclass(frozen=True)
class Case:
    """`kill` is the step after which the process is killed; `posting`: while the call is on its way.

    runway    the fault of the creation, in the simulator's spelling
    database  the SQL function that fails, `lost`: after it was carried out, else before
    """

    operation: str
    kill: str | None = None
    runway: str | None = None
    database: str | None = None
    lost: bool = False

    @property
    def name(self) -> str:
        parts = [self.operation]
        if self.kill:
            parts.append(f"killed:{self.kill}")
        if self.runway:
            parts.append(f"runway:{self.runway}")
        if self.database:
            parts.append(f"database:{self.database}{':answer-lost' if self.lost else ''}")
        return " ".join(parts)


def cases() -> list[Case]:
    return list(_cases())


def _cases() -> Iterator[Case]:
    for operation in PAYING:
        yield Case(operation)
        yield from (Case(operation, kill=step) for step in PAID_STEPS)
        yield from (Case(operation, runway=fault) for fault in RUNWAY)
        for function in WRITES:
            yield Case(operation, database=function)
            yield Case(operation, database=function, lost=True)
        for function, fault in SETTLING.items():
            yield Case(operation, runway=fault, database=function)
            yield Case(operation, runway=fault, database=function, lost=True)
    for operation, steps in FREE_STEPS.items():
        yield Case(operation)
        yield from (Case(operation, kill=step) for step in steps)

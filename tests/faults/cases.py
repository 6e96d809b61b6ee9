"""The fault matrix: what is done, where it is killed, what Runway and the database do meanwhile."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

PAYING = ("generate", "retry")
PAID_STEPS = ("claimed", "sent", "posting", "answered", "journaled", "saved", "logged")
STEPS = {
    "generate": PAID_STEPS,
    "retry": ("looked_up", "decided", *PAID_STEPS),
    "retry-failed": ("asking", "looked_up", "decided", *PAID_STEPS),
    "recover": ("asking", "answered", "saved"),
    "poll": ("asking", "claimed", "answered", "saved"),
}
RUNWAY = (
    "http:400", "http:401", "http:402", "http:403", "http:404", "http:405", "http:408", "http:409",
    "http:429", "http:429:1", "http:500", "http:502", "http:503", "http:504", "no-credits", "drop", "reset",
    "hang", "after-http:408", "after-http:500", "after-http:502", "after-http:504", "after-drop",
    "after-reset", "after-hang", "slow:3", "malformed", "empty", "no-id", "fail:INTERNAL", "status:PAUSED",
)  # fmt: skip
KILLED_AFTER = (
    "http:401", "http:429:1", "http:500", "after-http:502", "drop", "after-drop", "after-hang", "slow:3",
    "malformed", "no-id",
)  # fmt: skip
LOOK_UP = (
    "http:400", "http:401", "http:402", "http:403", "http:404", "http:405", "http:408", "http:409",
    "http:429", "http:429:1", "http:500", "http:502", "http:503", "http:504", "drop", "reset", "hang",
    "slow:3", "malformed", "empty", "no-id",
)  # fmt: skip
OF_TASK = ("fail:INTERNAL", "fail:SAFETY.INPUT.TEXT", "cancel", "status:PAUSED", "throttle:60")
PAID_WRITES = {
    "dailies_claim_attempt": None, "dailies_add_logs": None, "dailies_save_reading": None,
    "dailies_attempt_sent": None, "dailies_attempt_created": None, "dailies_save_look_up": None,
    "dailies_attempt_refused": "http:401", "dailies_attempt_asked_to_wait": "http:429:1",
    "dailies_attempt_unknown": "after-drop",
}  # fmt: skip
LOOKING_UP = {"dailies_claim_look_up": None, "dailies_save_look_up": None}
WRITES: dict[str, dict[str, str | None]] = {
    "generate": {**PAID_WRITES},
    "retry": {**PAID_WRITES},
    "retry-failed": {**LOOKING_UP},
    "recover": {"dailies_recover_task": None},
    "poll": {**LOOKING_UP},
}
TROUBLES = ("unreachable", "answer-lost", "terminated", "restarted", "time-out", "column", "conflict")
LASTING = ("unreachable", "answer-lost", "time-out", "column", "conflict")


@dataclass(frozen=True)
class Case:
    """What goes wrong in one operation; `retry-failed` is the retry of a video whose task has failed.

    kill      the step after which the process is killed; `posting` and `asking`: while a call to Runway is on
              its way; `in` a write: while the database carries it out
    runway    the fault of the creation, or of the task that is there already, in the simulator's spelling
    look_up   the fault of the first look-up
    trouble   with the database at this `write`: at the first call only, or `lasting` until the restart
    """

    operation: str
    kill: str | None = None
    runway: str | None = None
    look_up: str | None = None
    write: str | None = None
    trouble: str | None = None
    lasting: bool = False

    @property
    def name(self) -> str:
        write = (self.write or "").removeprefix("dailies_")
        parts = {
            "killed": f"{self.kill}:{write}" if self.kill == "in" else self.kill,
            "runway": self.runway,
            "look-up": self.look_up,
            self.trouble: f"{write}{' lasting' if self.lasting else ''}" if self.trouble else None,
        }
        return " ".join((self.operation, *(f"{key}:{value}" for key, value in parts.items() if value)))

    @property
    def may_lose_the_id(self) -> bool:
        """Whether Runway's answer can have been lost on its way; else its task must be known by name."""
        fault = self.runway or ""
        on_its_way = fault.startswith(("after-", "slow", "malformed", "empty", "no-id"))
        return on_its_way or self.kill in ("posting", "answered")

    @property
    def in_third(self) -> bool:
        """Whether it is of the third that is part of every test run."""
        return zlib.crc32(self.name.encode()) % 3 == 0


def cases() -> list[Case]:
    return [*_killed(), *_of_runway(), *_of_the_database()]


def _killed() -> Iterator[Case]:
    for operation, steps in STEPS.items():
        yield Case(operation)
        yield from (Case(operation, kill=step) for step in steps)
        for write, fault in WRITES[operation].items():
            yield Case(operation, kill="in", write=write, runway=fault)
    for operation in PAYING:
        for fault in KILLED_AFTER:
            yield from (Case(operation, step, fault) for step in ("answered", "saved", "logged"))


def _of_runway() -> Iterator[Case]:
    for operation in PAYING:
        yield from (Case(operation, runway=fault) for fault in RUNWAY)
    for operation in ("generate", "retry-failed", "recover", "poll"):
        yield from (Case(operation, look_up=fault) for fault in LOOK_UP)
    for operation in ("recover", "poll"):
        yield from (Case(operation, runway=fault) for fault in OF_TASK)


def _of_the_database() -> Iterator[Case]:
    for operation, writes in WRITES.items():
        for write, fault in writes.items():
            for trouble in TROUBLES:
                yield Case(operation, runway=fault, write=write, trouble=trouble)
            for trouble in LASTING:
                yield Case(operation, runway=fault, write=write, trouble=trouble, lasting=True)

"""When the sweep carries a repair out by itself, when it waits, and when it leaves it to people. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lib.domain.attempt import AttemptState
from lib.domain.cause import CAUSES, Action, Trait
from lib.domain.diagnosis.proof import Proof
from lib.domain.repair import PEOPLES, Repair

SWEEP = "sweep"  # the operator of retries nobody asked for; it has a budget
WORKER = "worker"  # the operator of rows that the app left to the workers
FIRST_PAUSE = 60.0  # seconds
LONGEST_PAUSE = 3600.0
LOOK_AGAIN = 60.0
LONGEST_LEFT = 900.0
MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class Former:
    """The last decision about the same video, and how often it was the same before that."""

    action: str
    reason: str
    repeats: int


@dataclass(frozen=True, slots=True)
class SweepDecision:
    """`action` is what is done now: one that needs a person is left to people."""

    action: Action
    reason: str
    again_seconds: float = LOOK_AGAIN


def pause_after(tries: int, asked: float = 0) -> float:
    """Seconds before another try: doubled each time, capped; never shorter than Runway asked for."""
    return max(min(FIRST_PAUSE * 2.0 ** (tries - 1), LONGEST_PAUSE), asked)


def decide_sweep(
    repair: Repair, former: Former | None, *, asked_to_wait: float = 0, may_retry: bool = False
) -> SweepDecision:
    """asked_to_wait  seconds Runway asked for when it refused the last attempt
    may_retry      whether the settings let the sweep pay
    """
    if repair.action in (Action.NONE, Action.WAIT):
        return SweepDecision(Action.WAIT, repair.reason)
    if not repair.needs_a_person and (
        repair.action is not Action.RETRY or repair.proof is Proof.LEFT_TO_WORKERS
    ):
        return SweepDecision(repair.action, repair.reason)
    left = left_to_people(repair.action, repair.reason, former, may_retry=may_retry)
    return left or _retry(repair, former, asked_to_wait)


def left_to_people(
    action: Action, reason: str, former: Former | None, *, may_retry: bool
) -> SweepDecision | None:
    """What a verdict alone decides, because nothing is done then; None where more has to be known."""
    if action in PEOPLES:
        return _left_to_people(action, reason, former)
    if action is Action.RETRY and not may_retry:
        permit = "Retrying is safe; set DAILIES_AUTO_RETRY=1 to let the sweep do it."
        return _left_to_people(Action.ASK, f"{reason} {permit}", former)
    return None


def _retry(repair: Repair, former: Former | None, asked_to_wait: float) -> SweepDecision:
    last = repair.last
    if last is None or last.state is AttemptState.ABANDONED:
        return SweepDecision(Action.RETRY, repair.reason)
    cause = CAUSES.get(last.cause or "")
    if cause is None or Trait.TRANSIENT not in cause.traits:
        reason = f"It would be refused again: {last.reason or last.cause}"
        return _left_to_people(Action.ASK, reason, former)
    if last.number >= MOST_TRIES:
        reason = f"{last.number} attempts were refused, the last one: {last.reason}"
        return _left_to_people(Action.ASK, reason, former)
    waits = f"Attempt {last.number} was refused for now: another one follows after a pause."
    if former and former.reason == waits:
        return SweepDecision(Action.RETRY, repair.reason)
    return SweepDecision(Action.WAIT, waits, pause_after(last.number, asked_to_wait))


def _left_to_people(action: Action, reason: str, former: Former | None) -> SweepDecision:
    """Looked at again ever more seldom: a new verdict brings it back at once."""
    repeats = former.repeats + 1 if former and former.action == action else 0
    return SweepDecision(action, reason, min(LOOK_AGAIN * 2 ** min(repeats, 10), LONGEST_LEFT))

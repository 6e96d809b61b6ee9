"""What the sweep does about a video without a task: a rule, without side effects."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lib.domain.attempt import Attempt, AttemptState, RetryDecision, RetryVerdict
from lib.domain.video import Video

SWEEP = "sweep"  # the operator of retries nobody asked for; it has a budget
WORKER = "worker"  # the operator of rows that the app left to the workers
TRANSIENT = frozenset({"rate_limited", "runway_unreachable", "runway_server_error"})
FIRST_PAUSE = 60.0  # seconds
LONGEST_PAUSE = 3600.0
LOOK_AGAIN = 60.0
LONGEST_FLAG = 900.0
MOST_TRIES = 5


class SweepAction(StrEnum):
    RECOVER = "recover"  # its task is known: free
    RETRY = "retry"  # nothing was created, and a new attempt may be paid for without asking
    ENQUEUE = "enqueue"  # the app left it to the workers
    WAIT = "wait"
    FLAG = "flag"  # a person has to look


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be paid for without a person: both off unless the settings say so."""

    retry: bool = False
    take_queued: bool = False


@dataclass(frozen=True, slots=True)
class Former:
    """The last decision about the same video, and how often it was the same before that."""

    action: str
    reason: str
    repeats: int


@dataclass(frozen=True, slots=True)
class SweepDecision:
    action: SweepAction
    reason: str
    again_seconds: float = LOOK_AGAIN


def pause_after(tries: int, asked: float = 0) -> float:
    """Seconds before another try: doubled each time, capped; never shorter than Runway asked for."""
    return max(min(FIRST_PAUSE * 2.0 ** (tries - 1), LONGEST_PAUSE), asked)


@dataclass(frozen=True, slots=True)
class SweepCase:
    """A video without a task, as the sweep sees it.

    retry          whether another attempt may be paid for, and if not, why
    in_logs        the app has logged something of the video: it worked, or works, on it itself
    asked_to_wait  seconds Runway asked for when it refused `last`
    """

    video: Video
    last: Attempt | None
    retry: RetryDecision
    in_logs: bool = False
    former: Former | None = None
    asked_to_wait: float = 0


def decide_sweep(case: SweepCase, allowed: Allowed) -> SweepDecision:
    retry = case.retry
    if retry.verdict is RetryVerdict.ID_KNOWN:
        return SweepDecision(SweepAction.RECOVER, retry.reason)
    if allowed.take_queued and is_left_to_us(case):
        return SweepDecision(SweepAction.ENQUEUE, "The app left it to the workers.")
    if retry.verdict is RetryVerdict.NOT_NEEDED:
        return SweepDecision(SweepAction.WAIT, retry.reason)
    if not retry.is_safe:
        return _flag(retry.reason, case.former)
    if not allowed.retry:
        return _flag(f"{retry.reason} Retrying it is safe; by itself it is off.", case.former)
    return _retry(case)


def is_left_to_us(case: SweepCase) -> bool:
    return case.video.status == "queued" and case.last is None and not case.in_logs


def _retry(case: SweepCase) -> SweepDecision:
    last, retry = case.last, case.retry
    if last is None or last.state is AttemptState.ABANDONED:
        return SweepDecision(SweepAction.RETRY, retry.reason)
    if last.cause not in TRANSIENT:
        return _flag(f"It would be refused again: {last.reason or last.cause}", case.former)
    if last.number >= MOST_TRIES:
        return _flag(f"{last.number} attempts were refused, the last one: {last.reason}", case.former)
    waits = f"Attempt {last.number} was refused for the moment: another one after a pause."
    if case.former and case.former.reason == waits:
        return SweepDecision(SweepAction.RETRY, retry.reason)
    return SweepDecision(SweepAction.WAIT, waits, pause_after(last.number, case.asked_to_wait))


def _flag(reason: str, former: Former | None) -> SweepDecision:
    """Looked at again ever more seldom: a new verdict brings it back at once."""
    repeats = former.repeats + 1 if former and former.action == SweepAction.FLAG else 0
    return SweepDecision(SweepAction.FLAG, reason, min(LOOK_AGAIN * 2 ** min(repeats, 10), LONGEST_FLAG))

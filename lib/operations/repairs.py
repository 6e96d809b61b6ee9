"""What would be done about each of some videos, said before it is done; and doing it, one video at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from lib.data.database import Database
from lib.data.videos import get_video
from lib.domain.attempt import RetryDecision, RetryVerdict
from lib.domain.cause import CAUSES, Action
from lib.domain.pricing import GenerationRequest, estimate, problems
from lib.domain.video import Video
from lib.operations.paid_call import Tools
from lib.operations.poll import poll
from lib.operations.retry import Changes, Retried, decide, request_of, retry


class Kind(StrEnum):
    RECOVER = "recover"  # save the id that the logs name: free
    LOOK_UP = "look_up"  # ask Runway what became of the task: free
    RETRY = "retry"  # a new attempt: paid
    OVERRIDE = "override"  # paid, and perhaps a second time: only one by one, by a person who says so
    CHANGE = "change"  # the same input would fail again: only one by one, with another input
    LEAVE = "leave"  # nothing to do


BY_ITSELF = frozenset({Kind.RECOVER, Kind.LOOK_UP, Kind.RETRY})  # what may be done to many at once
# refusals that have nothing to do with the one video
HITS_ALL = frozenset({
    *("missing_api_key", "unauthorized", "wrong_endpoint", "insufficient_credits"),
    *("rate_limited", "runway_unreachable", "runway_server_error"),
})  # fmt: skip
_KINDS = {
    RetryVerdict.SAFE: Kind.RETRY,
    RetryVerdict.ID_KNOWN: Kind.RECOVER,
    RetryVerdict.OUTCOME_UNKNOWN: Kind.OVERRIDE,
    RetryVerdict.NOT_WORTH_IT: Kind.CHANGE,
    RetryVerdict.NOT_NEEDED: Kind.LEAVE,
}


@dataclass(frozen=True, slots=True)
class Repair:
    """`credits` is the most it can cost; 0 when it is free, None when the price is not known."""

    video_id: str
    kind: Kind
    reason: str
    credits: int | None
    decision: RetryDecision
    request: GenerationRequest


def plan(db: Database, video_id: str) -> Repair:
    """Decided now, from what the database knows. Changes nothing. Raises NotFound."""
    decision, request = decide(db, video_id), request_of(db, video_id, {})
    kind, reason = _KINDS[decision.verdict], decision.reason
    if kind is Kind.LEAVE and _is_worth_a_look(db, video_id):
        kind, reason = Kind.LOOK_UP, "Runway knows what became of the task; the row does not."
    found = problems(request)
    if kind is Kind.RETRY and found:
        kind, reason = Kind.CHANGE, " ".join(problem.text for problem in found)
    paid = kind in (Kind.RETRY, Kind.OVERRIDE, Kind.CHANGE)
    credits = estimate(request.model, request.duration) if paid else 0
    return Repair(video_id, kind, reason, credits, decision, request)


def _is_worth_a_look(db: Database, video_id: str) -> bool:
    details = get_video(db, video_id)
    cause = CAUSES.get((details["verdict"] or {}).get("cause", ""))
    video = Video.from_row(details["video"])
    return bool(video.runway_video_id) and cause is not None and cause.action is Action.POLL


def plan_all(db: Database, video_ids: Sequence[str]) -> list[Repair]:
    return [plan(db, video_id) for video_id in dict.fromkeys(video_ids)]


class Repaired(NamedTuple):
    """What came of it, in a sentence. `is_done` is False when the video is no better off than before;
    `hits_all` when the next video would meet the same refusal."""

    message: str
    is_done: bool = True
    spent: float = 0.0
    hits_all: bool = False


def carry_out(
    tools: Tools,
    video_id: str,
    kind: Kind,
    key: str,
    *,
    override: str | None = None,
    changes: Changes | None = None,
) -> Repaired:
    """Decided again, on what is known by now; `key` is the attempt that the first decision allowed.

    Raises DailiesError.
    """
    if kind is Kind.LOOK_UP:
        return _look_up(tools, video_id)
    retried = retry(
        tools.db,
        tools.runway,
        tools.journal,
        video_id,
        tools.operator,
        override=override,
        changes=changes,
        key=key,
        on_step=tools.on_step,
    )
    return _said(retried)


def _look_up(tools: Tools, video_id: str) -> Repaired:
    polled = poll(tools.db, tools.runway, video_id, operator=tools.operator, fastest=1.0)
    if polled is None:
        return Repaired("It was looked up a moment ago.")
    if polled.error or polled.task is None:
        return Repaired(f"Looked up at Runway: {polled.error}", is_done=False)
    return Repaired(f"Looked up at Runway: {polled.task.status}.")


def _said(retried: Retried) -> Repaired:
    if retried.recovered:
        return Repaired(retried.recovered.message)
    attempt = retried.attempt
    if attempt is None:
        settled = retried.decision.verdict is RetryVerdict.NOT_NEEDED
        return Repaired(retried.decision.reason, is_done=settled)
    if attempt.task_id:
        what = "created task" if retried.paid else "had already created task"
        spent = attempt.credits if retried.paid else 0.0
        return Repaired(f"Attempt {attempt.number} {what} {attempt.task_id}.", spent=spent)
    return Repaired(
        f"Attempt {attempt.number} is {attempt.state.value}: {attempt.reason or 'it is on its way'}",
        is_done=False,
        hits_all=attempt.cause in HITS_ALL,
    )

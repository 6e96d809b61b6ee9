"""What would be done about each of some videos, said before it is done; and doing it, one video at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lib.data.database import Database
from lib.data.videos import get_video
from lib.domain.attempt import RetryDecision, RetryVerdict
from lib.domain.cause import CAUSES, Action
from lib.domain.pricing import GenerationRequest, estimate, problems
from lib.domain.video import Video
from lib.operations.journal import Journal
from lib.operations.poll import poll
from lib.operations.retry import Retried, decide, request_of, retry
from lib.runway.client import RunwayClient


class Kind(StrEnum):
    RECOVER = "recover"  # save the id that the logs name: free
    LOOK_UP = "look_up"  # ask Runway what became of the task: free
    RETRY = "retry"  # a new attempt: paid
    OVERRIDE = "override"  # paid, and perhaps a second time: only one by one, by a person who says so
    CHANGE = "change"  # the same input would fail again: only one by one, with another input
    LEAVE = "leave"  # nothing to do


BY_ITSELF = frozenset({Kind.RECOVER, Kind.LOOK_UP, Kind.RETRY})  # what may be done to many at once
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


def carry_out(
    db: Database,
    runway: RunwayClient,
    journal: Journal,
    repair: Repair,
    operator: str,
    *,
    override: str | None = None,
    changes: dict[str, object] | None = None,
) -> str:
    """What was done, in a sentence. The decision is taken again, on what is known by now.

    Raises DailiesError.
    """
    if repair.kind is Kind.LOOK_UP:
        polled = poll(db, runway, repair.video_id, operator=operator, fastest=1.0)
        return (
            _looked_up(polled.error or (polled.task.status if polled.task else "")) if polled else _JUST_DONE
        )
    retried = retry(
        db,
        runway,
        journal,
        repair.video_id,
        operator,
        override=override,
        changes=changes,
        key=repair.decision.key,
    )
    return said(retried)


_JUST_DONE = "It was looked up a moment ago."


def _looked_up(what: str) -> str:
    return f"Looked up at Runway: {what}."


def said(retried: Retried) -> str:
    """The outcome of a retry, for people."""
    if retried.recovered:
        return retried.recovered.message
    attempt = retried.attempt
    if attempt is None:
        return retried.decision.reason
    if attempt.task_id:
        what = "created task" if retried.paid else "had already created task"
        return f"Attempt {attempt.number} {what} {attempt.task_id}."
    return f"Attempt {attempt.number} is {attempt.state.value}: {attempt.reason or 'it is on its way'}"

"""An attempt: one try to create a task for a video; and whether another one may be paid for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from lib.domain.video import Video, parse_time


class AttemptState(StrEnum):
    CLAIMED = "claimed"  # the video is ours; nothing has left this machine
    SENT = "sent"  # the call is on its way: a task may exist
    CREATED = "created"  # the task exists and its id is saved
    REFUSED = "refused"  # Runway, or the network before it, said no: nothing was created
    UNKNOWN = "unknown"  # nobody knows whether a task exists
    ABANDONED = "abandoned"  # the process ended before it sent: nothing was created
    WRITTEN_OFF = "written_off"  # was unknown; an operator accepted the risk and went on


OPEN = frozenset({AttemptState.CLAIMED, AttemptState.SENT, AttemptState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Attempt:
    """`request` is what was asked of Runway: model, image, prompt, ratio, duration (seconds)."""

    id: str
    video_id: str
    key: str
    number: int  # 1 is the first of its video
    previous_id: str | None
    state: AttemptState
    operator: str
    request: Mapping[str, Any]
    credits: float
    task_id: str | None
    reason: str | None
    cause: str | None
    claimed_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Attempt:
        claimed_at = parse_time(row["claimed_at"])
        assert claimed_at is not None
        return cls(
            id=str(row["id"]),
            video_id=str(row["video_id"]),
            key=str(row["key"]),
            number=int(row["number"]),
            previous_id=row["previous_id"],
            state=AttemptState(row["state"]),
            operator=str(row["operator"]),
            request=row["request"],
            credits=float(row["credits"]),
            task_id=row["task_id"],
            reason=row["reason"],
            cause=row["cause"],
            claimed_at=claimed_at,
            sent_at=parse_time(row["sent_at"]),
            settled_at=parse_time(row["settled_at"]),
        )

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def credits_at_risk(self) -> float:
        return self.credits if self.state in (AttemptState.SENT, AttemptState.UNKNOWN) else 0.0


class RetryVerdict(StrEnum):
    SAFE = "safe"  # nothing was created, or what was created is known to have failed
    ID_KNOWN = "id_known"  # a task exists and its id is known: looking it up is free
    OUTCOME_UNKNOWN = "outcome_unknown"  # a task may exist: only by explicit override
    NOT_WORTH_IT = "not_worth_it"  # the same input would fail again: change it
    NOT_NEEDED = "not_needed"  # succeeded, or still on its way


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What to do about a video instead of simply trying again.

    `key` names the attempt this decision allows: two people who decided on the same state of the video
    hold the same key, so only one of them pays.
    """

    verdict: RetryVerdict
    reason: str
    key: str
    task_ids: tuple[str, ...] = ()
    override: str | None = None  # what an operator has to type to pay in spite of the risk
    credits_at_risk: float = 0.0

    @property
    def is_safe(self) -> bool:
        return self.verdict is RetryVerdict.SAFE

    def allows(self, override: str | None) -> bool:
        """Whether to pay: when it is safe, or at the operator's risk."""
        return self.is_safe or (self.override is not None and override == self.override)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the diagnosis knows of a video, as far as a retry depends on it."""

    cause: str | None = None
    never_sent: bool = False  # the logs prove that the app did not get as far as calling Runway
    candidate_task_ids: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    task_gone: bool = False  # Runway does not know the task of the row


def short_id(video_id: str) -> str:
    return video_id[:8]


class _Case(NamedTuple):
    video: Video
    last: Attempt | None
    findings: Findings
    changed: bool


class _Ruling(NamedTuple):
    verdict: RetryVerdict
    reason: str


_WAIT = frozenset({"in_progress", "throttled"})
_CHANGE = {
    "moderated": "Runway's moderation refused it. Change the prompt or the image: "
    "repeated hits can suspend the account.",
    "asset_rejected": "Runway could not use the image. Choose another image.",
    "invalid_request": "Runway refused the input. Change the image, prompt, ratio or duration.",
}
_NOTHING_CREATED = frozenset({
    *("missing_api_key", "database_write_failed", "unauthorized", "wrong_endpoint"),
    *("insufficient_credits", "rate_limited", *_CHANGE),
})  # fmt: skip
_TASK_ENDED = frozenset({"generation_failed", "cancelled"})
_NOT_CONNECTED = ("ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "bad port", "getaddrinfo", "refused")


def decide_retry(
    video: Video, attempts: Sequence[Attempt], findings: Findings, *, changed: bool = False
) -> RetryDecision:
    """Whether another attempt may be paid for, and if not, what to do instead.

    `attempts` in any order; `changed` says that the operator edited the input. The caller has looked up
    the row's task before, so that its status is true.
    """
    last = max(attempts, key=lambda attempt: attempt.number, default=None)
    case = _Case(video, last, findings, changed)
    verdict, reason = next(ruling for rule in _RULES if (ruling := rule(case)))
    unknown = verdict is RetryVerdict.OUTCOME_UNKNOWN
    return RetryDecision(
        verdict,
        reason,
        key=f"{video.id}/{last.number + 1 if last else 1}",
        task_ids=findings.candidate_task_ids if verdict is RetryVerdict.ID_KNOWN else (),
        override=short_id(video.id) if unknown else None,
        credits_at_risk=last.credits_at_risk if unknown and last else 0.0,
    )


def _succeeded(case: _Case) -> _Ruling | None:
    if case.video.status == "succeeded":
        return _Ruling(RetryVerdict.NOT_NEEDED, f"Video {case.video.id} has succeeded.")
    return None


def _on_its_way(case: _Case) -> _Ruling | None:
    last, video = case.last, case.video
    if last and last.state in (AttemptState.CLAIMED, AttemptState.SENT):
        return _Ruling(RetryVerdict.NOT_NEEDED, f"Attempt {last.number} by {last.operator} is on its way.")
    if video.runway_video_id and not video.is_finished:
        if case.findings.task_gone:
            reason = f"Runway does not know task {video.runway_video_id}: deleted, or another key's."
            return _Ruling(RetryVerdict.OUTCOME_UNKNOWN, reason)
        return _Ruling(RetryVerdict.NOT_NEEDED, f"Task {video.runway_video_id} is on its way: poll it.")
    return None


def _id_known(case: _Case) -> _Ruling | None:
    ids = case.findings.candidate_task_ids
    if not ids:
        return None
    return _Ruling(RetryVerdict.ID_KNOWN, f"The logs name task {', '.join(ids)}: recover it, that is free.")


def _last_is_unknown(case: _Case) -> _Ruling | None:
    if case.last and case.last.state is AttemptState.UNKNOWN:
        reason = case.last.reason or f"Nobody knows whether attempt {case.last.number} was paid for."
        return _Ruling(RetryVerdict.OUTCOME_UNKNOWN, reason)
    return None


def _same_input_fails_again(case: _Case) -> _Ruling | None:
    cause = (case.last.cause if case.last else None) or case.findings.cause
    if cause in _CHANGE and not case.changed:
        return _Ruling(RetryVerdict.NOT_WORTH_IT, _CHANGE[cause])
    return None


def _last_created_nothing(case: _Case) -> _Ruling | None:
    if case.last and case.last.state in (AttemptState.REFUSED, AttemptState.ABANDONED):
        return _Ruling(RetryVerdict.SAFE, "The last attempt created nothing.")
    return None


def _task_ended(case: _Case) -> _Ruling | None:
    if case.video.runway_video_id or case.findings.cause in _TASK_ENDED:
        return _Ruling(RetryVerdict.SAFE, "The task has ended without a video.")
    return None


def _still_running(case: _Case) -> _Ruling | None:
    if case.findings.cause in _WAIT:
        return _Ruling(RetryVerdict.NOT_NEEDED, "The request is still running: wait.")
    return None


def _runway_refused(case: _Case) -> _Ruling | None:
    cause, evidence = case.findings.cause, case.findings.evidence
    if cause in _NOTHING_CREATED:
        return _Ruling(RetryVerdict.SAFE, "Runway created nothing.")
    if cause == "runway_unreachable" and any(sign in text for text in evidence for sign in _NOT_CONNECTED):
        return _Ruling(RetryVerdict.SAFE, "No connection was made: Runway created nothing.")
    return None


def _never_sent(case: _Case) -> _Ruling | None:
    if case.findings.never_sent:
        return _Ruling(RetryVerdict.SAFE, "The app ended before it called Runway.")
    return None


def _outcome_unknown(case: _Case) -> _Ruling | None:  # noqa: ARG001
    reason = "The app may have called Runway and no answer is on record: a task may exist, paid for."
    return _Ruling(RetryVerdict.OUTCOME_UNKNOWN, reason)


# the first that has an answer rules; whatever is free stands before whatever costs
_RULES: tuple[Callable[[_Case], _Ruling | None], ...] = (
    _succeeded,
    _on_its_way,
    _id_known,
    _last_is_unknown,
    _same_input_fails_again,
    _last_created_nothing,
    _task_ended,
    _still_running,
    _runway_refused,
    _never_sent,
    _outcome_unknown,
)

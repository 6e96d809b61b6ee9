"""A task: Runway's unit of work, and what its state says about the video."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

import msgspec

from lib.domain.cause import Action
from lib.domain.video import parse_time


class TaskStatus(StrEnum):
    """Runway's words, and one of ours for a look-up that answers 404."""

    PENDING = "PENDING"
    THROTTLED = "THROTTLED"  # queued over the concurrency limit: waits for a slot, never submit it again
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    DELETED = "DELETED"


TERMINAL = frozenset({TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED, TaskStatus.DELETED})


_OPTIONAL = {
    "createdAt": str,
    "progress": int | float,
    "output": list,
    "failure": str,
    "failureCode": str,
    "cost": dict,
    "estimatedCost": dict,
}


@dataclass(frozen=True, slots=True)
class Task:
    """`status` is kept as Runway sent it: a word we do not know counts as active, and `is_known` says so.

    credits   charged once the task is terminal, estimated before; None when Runway did not say
    progress  0 to 1 while RUNNING
    row_problem  why the video's row did not take what the task brought
    output    addresses of the result; they expire after 24 to 48 hours, a new look-up gives fresh ones
    """

    id: str
    status: str
    created_at: datetime | None = None
    progress: float | None = None
    output: tuple[str, ...] = ()
    failure: str | None = None
    failure_code: str | None = None
    credits: float | None = None
    row_problem: str | None = None

    @classmethod
    def from_api(cls, body: Mapping[str, Any]) -> Task:
        """The JSON of `GET /v1/tasks/{id}`. Raises ValueError naming a field that is missing or malformed."""
        for name in ("id", "status"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise ValueError(f"task {body.get('id', '?')}: field `{name}` is missing or not text")
        for name, kind in _OPTIONAL.items():
            if not isinstance(body.get(name), kind | None):
                raise ValueError(f"task {body['id']}: field `{name}` is malformed")
        cost = body.get("cost") or body.get("estimatedCost") or {}
        return cls(
            id=body["id"],
            status=body["status"],
            created_at=parse_time(body.get("createdAt")),
            progress=body.get("progress"),
            output=tuple(body.get("output") or ()),
            failure=body.get("failure"),
            failure_code=body.get("failureCode"),
            credits=cost.get("credits"),
        )

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Task:
        """A row of `dailies.tasks`, which holds what `as_row` made of an earlier look-up."""
        read = {"id": row["task_id"], "created_at": parse_time(row.get("created_at"))}
        return msgspec.convert({**row, **read, "output": row.get("output") or ()}, cls, strict=False)

    def as_row(self) -> dict[str, Any]:
        """JSON values under the column names of `dailies.tasks`."""
        row = {name: value for name, value in asdict(self).items() if name not in ("id", "row_problem")}
        created_at = self.created_at.isoformat() if self.created_at else None
        return row | {"task_id": self.id, "created_at": created_at, "output": list(self.output)}

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def ended_in_vain(self) -> bool:
        return self.is_terminal and self.status != TaskStatus.SUCCEEDED

    @property
    def is_gone(self) -> bool:
        return self.status == TaskStatus.DELETED

    @property
    def is_known(self) -> bool:
        return self.status in TaskStatus.__members__

    @property
    def advice(self) -> FailureAdvice:
        """What its failure means, if it failed."""
        return failure_advice(self.failure_code, self.failure or "")

    @property
    def cause(self) -> str:
        """The key in lib/domain/cause.py that this state proves; `unknown` for a status nobody knows."""
        if self.status == TaskStatus.FAILED:
            return self.advice.cause
        return _CAUSES.get(self.status, "unknown")


_CAUSES: Mapping[str, str] = {
    TaskStatus.PENDING: "in_progress",
    TaskStatus.RUNNING: "in_progress",
    TaskStatus.THROTTLED: "throttled",
    TaskStatus.SUCCEEDED: "succeeded",
    TaskStatus.CANCELLED: "cancelled",
    TaskStatus.DELETED: "cancelled",
}


class FailureAdvice(NamedTuple):
    """`action` is RETRY where the same request may be paid for again without asking."""

    cause: str
    action: Action
    text: str


_moderated = partial(FailureAdvice, "moderated", Action.CHANGE_INPUT)
_failed = partial(FailureAdvice, "generation_failed", Action.RETRY)
_rejected = partial(FailureAdvice, "asset_rejected", Action.CHANGE_INPUT)

# Longer prefixes stand before the ones they begin with.
_ADVICE: Mapping[str, FailureAdvice] = {
    "SAFETY.INPUT": _moderated(
        "Moderation refused the prompt or the image; the credits are charged. Change them first."
    ),
    "SAFETY.OUTPUT": _moderated(
        "Moderation refused the result; the cost says what was charged. Change the prompt or the image."
    ),
    "SAFETY": _moderated("Moderation refused this video. Change the prompt or the image."),
    "INPUT_PREPROCESSING.SAFETY": _moderated(
        "Moderation refused the prompt; the credits are refunded. Change the prompt."
    ),
    "INPUT_PREPROCESSING.INTERNAL": _failed(
        "Runway failed while reading the input; the credits are refunded. Try again later."
    ),
    "INTERNAL.BAD_OUTPUT": FailureAdvice(
        "generation_failed",
        Action.CHANGE_INPUT,
        "Runway's result was unusable; the credits are refunded. Change the prompt or the image.",
    ),
    "INTERNAL": _failed("Runway failed inside; the credits are refunded. Try again later."),
    "ASSET.INVALID": _rejected(
        "Runway could not use the image; the credits are refunded. Replace the image."
    ),
    "THIRD_PARTY.UNAVAILABLE": _failed(
        "A provider behind Runway was unavailable; the credits are refunded. Try again later."
    ),
}
_READ = 2_000
_NO_CODE = _failed("Runway failed without a code; the credits are refunded. Try again later.")

# Words that forbid to try the same again, the gravest first.
_REFUSED = "Runway, or a provider behind it, refused the input. Change the prompt or the image."
_ADVICE_BY_WORD: tuple[tuple[frozenset[str], FailureAdvice], ...] = (
    (frozenset({"SAFETY", "MODERATION", "MODERATED", "POLICY"}), _ADVICE["SAFETY"]),
    (frozenset({"ASSET", "IMAGE"}), _rejected("Runway could not use the image. Replace the image.")),
    (
        frozenset({"VALIDATION", "INVALID"}),
        FailureAdvice("invalid_request", Action.CHANGE_INPUT, _REFUSED),
    ),
)


# Words of a `failure` that forbid it where the code does not.
_FORBIDS = re.compile(
    r"\b(?:safety|moderat\w{0,6}|flagged|polic(?:y|ies)|guidelines|violat\w{0,5}|inappropriate|nsfw|prohibited"
    r"|blocked|likeness|copyright\w{0,4}|rejected)\b",
    re.I,
)


def failure_advice(code: str | None, failure: str = "") -> FailureAdvice:
    """What a `failureCode` means, and the `failure` beside it.

    Codes are matched by prefix, part by part: Runway adds endings to them. A word in a code that forbids
    another try of the same input outweighs a prefix that allows it, and so does one in the failure. Other
    codes that nobody has described are Runway's failure, and a person decides.
    """
    advice = _by_code(code.upper()) if code else _NO_CODE
    forbidden = advice.action is Action.RETRY and _FORBIDS.search(failure[:_READ])
    return _ADVICE["SAFETY"] if forbidden else advice


def _by_code(code: str) -> FailureAdvice:
    by_prefix = next(
        (advice for prefix, advice in _ADVICE.items() if f"{code}.".startswith(f"{prefix}.")), None
    )
    if by_prefix and by_prefix.action is not Action.RETRY:
        return by_prefix
    words = set(re.split(r"[._]", code))
    by_word = next((advice for marks, advice in _ADVICE_BY_WORD if marks & words), None)
    unknown = FailureAdvice(
        "generation_failed", Action.ASK, f"Runway failed with the code {code}, which has no known meaning."
    )
    return by_word or by_prefix or unknown

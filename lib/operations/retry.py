"""Tries a failed or stuck video again: only after a decision, and only when that is not for nothing.

What is free comes first: the row's task is looked up, and a task that the logs name is recovered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from lib.data import attempts
from lib.data.database import Database
from lib.data.journal import Journal
from lib.data.videos import get_video
from lib.domain.attempt import Attempt, RetryDecision, RetryVerdict, decide_retry
from lib.domain.pricing import DEFAULT_MODEL, GenerationRequest
from lib.domain.video import Video
from lib.errors import BadInput, DailiesError
from lib.operations.findings import findings, fresh_verdict
from lib.operations.paid_call import SAVE_SECONDS, OnStep, Tools, pay
from lib.operations.poll import poll
from lib.operations.recover import Recovered, recover
from lib.runway.client import RunwayClient

JUST_NOW = 1.0  # seconds: a look-up that young is not repeated
Changes = Mapping[str, Any]  # fields of GenerationRequest


class LookUpFailed(DailiesError):
    """What became of the video's task could not be found out, so nothing is paid for."""


class Retried(NamedTuple):
    """What became of it: an `attempt`, or a task that was `recovered` instead of paid for, or neither."""

    decision: RetryDecision
    attempt: Attempt | None = None
    paid: bool = False
    recovered: Recovered | None = None


def decide(db: Database, video_id: str, *, changed: bool = False, task_gone: bool = False) -> RetryDecision:
    """Judged now, from what the database knows. Costs nothing and changes nothing. Raises NotFound."""
    video = Video.from_row(get_video(db, video_id)["video"])
    found = replace(findings(fresh_verdict(db, video_id)), task_gone=task_gone)
    return decide_retry(video, attempts.of_video(db, video_id), found, changed=changed)


def retry(
    db: Database,
    runway: RunwayClient,
    journal: Journal,
    video_id: str,
    operator: str,
    *,
    override: str | None = None,
    changes: Changes | None = None,
    key: str | None = None,
    on_step: OnStep = lambda _: None,
    save_seconds: float = SAVE_SECONDS,
) -> Retried:
    """A new attempt linked to the ones before, unless the decision says otherwise.

    `key` is the one of the decision that the operator saw: a second click on it pays nothing. `override` is
    the video's short id, typed by an operator who accepts that a task may exist already.

    Raises NotFound, BadInput for changes that Runway would refuse, DatabaseError, LookUpFailed,
    RunwayError from a recovery, and paid_call.NotSaved.
    """
    carried_out = attempts.by_key(db, key) if key else None
    if carried_out:
        return Retried(decide(db, video_id), carried_out)
    task_gone = _look_up(db, runway, video_id, operator)
    on_step("looked_up")
    request = request_of(db, video_id, changes or {})
    changed = request != request_of(db, video_id, {})
    decision = decide(db, video_id, changed=changed, task_gone=task_gone)
    if decision.verdict is RetryVerdict.ID_KNOWN:
        return Retried(decision, recovered=recover(db, runway, video_id, operator, on_step=on_step))
    if not decision.allows(override):
        return Retried(decision, _open_attempt(db, video_id))
    on_step("decided")
    tools = Tools(db, runway, journal, operator, on_step, save_seconds)
    attempt, paid = pay(tools, video_id, key or decision.key, request, override=override)
    return Retried(decision, attempt, paid)


def _look_up(db: Database, runway: RunwayClient, video_id: str, operator: str) -> bool:
    """Brings the row up to date with its task. True when Runway does not know the task."""
    polled = poll(db, runway, video_id, operator=operator, fastest=JUST_NOW)
    if polled is None or polled.error is None:
        return False
    if polled.task is None:
        raise LookUpFailed(f"Video {video_id} is not tried again before its task is known. {polled.error}")
    return True


def request_of(db: Database, video_id: str, changes: Changes) -> GenerationRequest:
    """What the last attempt asked for, or the row if there was none, with the changes.

    Raises BadInput for a change of something that a request does not have.
    """
    last = next(iter(attempts.of_video(db, video_id)), None)
    unknown = changes.keys() - GenerationRequest.__slots__
    if unknown:
        raise BadInput(f"A retry cannot change {', '.join(sorted(unknown))}.")
    if last:
        return replace(GenerationRequest(**last.request), **changes)
    video = Video.from_row(get_video(db, video_id)["video"])
    asked = GenerationRequest(video.input_image_url or "", video.prompt or "", DEFAULT_MODEL)
    return replace(asked, **changes)


def _open_attempt(db: Database, video_id: str) -> Attempt | None:
    return next((attempt for attempt in attempts.of_video(db, video_id) if attempt.is_open), None)

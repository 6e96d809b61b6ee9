"""Carries out one job of the queue: the paid call of a video that waits. Running it again is safe.

A job may be run a second time, because the worker that had it was killed or took too long. What the first
run left behind decides: nothing, and it is paid for now; an attempt of which nothing left that machine, and
the next one is paid for; an attempt that was sent, and its outcome is unknown: nothing is paid again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from lib.app import App
from lib.data import attempts, decisions
from lib.data.decisions import Decision
from lib.data.queue import Job
from lib.domain.attempt import AttemptState
from lib.domain.cause import Action
from lib.domain.pricing import GenerationRequest
from lib.domain.sweep import SWEEP, WORKER
from lib.errors import BadInput, BudgetUsedUp, DailiesError, DatabaseConflict
from lib.operations.paid_call import Outcome, pay
from lib.operations.recover import STALE_SECONDS, settle_interrupted
from lib.operations.repair import plan

AGAIN_SECONDS = 60
BUDGET_SECONDS = 3600
MOST_READS = 10
SET_ASIDE_SECONDS = 900.0
NOBODY = (SWEEP, WORKER)  # in their names things are done that no person asked for


class _LeftAlone(DailiesError):
    """Why a video is not paid for after all."""


class Processed(NamedTuple):
    """`again_seconds`: the job is not done, read it again then. `message` says what happened, for the log."""

    message: str
    paid: bool = False
    again_seconds: int | None = None


def process(app: App, job: Job, *, stale_seconds: float = STALE_SECONDS) -> Processed:
    """In the name of who asked for the video. Raises DatabaseError; the job is read again then."""
    app = app.acting_as(job.operator)
    if job.video is None:
        return Processed(f"Video {job.video_id} was deleted.")
    if job.reads > MOST_READS:
        return _set_aside(app, job, f"Its job failed {MOST_READS} times without an answer.")
    request = request_of(job)
    try:
        if job.operator in NOBODY and not attempts.by_key(app.db, job.key):
            request = _still_proved(app, job, job.key)  # a while has gone by since the sweep queued it
        return _process(app, job, request, stale_seconds)
    except _LeftAlone as error:
        return Processed(f"Video {job.video_id} is left alone: {error}")
    except BudgetUsedUp as error:
        return _set_aside(app, job, str(error))._replace(again_seconds=BUDGET_SECONDS)
    except (BadInput, DatabaseConflict) as error:
        return _set_aside(app, job, str(error))


def _still_proved(app: App, job: Job, key: str) -> GenerationRequest:
    """What a new attempt under `key` asks for. Raises _LeftAlone where a person has to be asked by now: lines
    may have come since."""
    (repair,) = plan(app, [job.video_id])
    if not repair.pays or repair.key != key:
        raise _LeftAlone(repair.reason)
    return repair.request


def _set_aside(app: App, job: Job, reason: str) -> Processed:
    """For people: the sweep shows it, and looks again later."""
    left = Decision(job.video_id, Action.ASK, reason, None, SET_ASIDE_SECONDS)
    decisions.save(app.db, [left], app.operator)
    return Processed(f"Video {job.video_id} was set aside: {reason}")


def request_of(job: Job) -> GenerationRequest:
    """Prompt and image stand in the row."""
    row = job.video or {}
    return GenerationRequest(
        image=row.get("input_image_url") or "",
        prompt=row.get("prompt") or "",
        model=job.model,
        ratio=job.ratio,
        duration=job.duration,
    )


def _process(app: App, job: Job, request: GenerationRequest, stale_seconds: float) -> Processed:
    waits = job.video is not None and job.video["status"] == "queued"
    outcome = pay(app, job.video_id, job.key, request, new={} if waits else None)
    if _is_open(outcome):
        outcome = _settled(app, outcome, stale_seconds)
        if _is_open(outcome):
            reason = f"Attempt {outcome.attempt.number} of video {job.video_id} is on its way."
            return Processed(reason, again_seconds=AGAIN_SECONDS)
    while not outcome.paid and outcome.attempt.state is AttemptState.ABANDONED:
        key = f"{job.video_id}/{outcome.attempt.number + 1}"
        request = GenerationRequest(**outcome.attempt.request)
        if job.operator in NOBODY:  # a longer while, since a worker was killed
            request = _still_proved(app, job, key)
        outcome = pay(app, job.video_id, key, request)
    return Processed(_told(outcome), outcome.paid)


def _is_open(outcome: Outcome) -> bool:
    return not outcome.paid and outcome.attempt.state in (AttemptState.CLAIMED, AttemptState.SENT)


def _settled(app: App, outcome: Outcome, stale_seconds: float) -> Outcome:
    """What a killed worker left behind is called what it is; should it live after all, it sends no more."""
    with suppress(DatabaseConflict):  # it was settled by somebody else at this moment
        settle_interrupted(app, stale_seconds)
    attempt = attempts.by_key(app.db, outcome.attempt.key)
    return Outcome(attempt or outcome.attempt, paid=False)


def _told(outcome: Outcome) -> str:
    attempt = outcome.attempt
    what = f"is {attempt.state}" + (f": {attempt.reason}" if attempt.reason else "")
    task = f", task {attempt.task_id}" if attempt.task_id else ""
    return f"Attempt {attempt.number} of video {attempt.video_id} {what}{task}."

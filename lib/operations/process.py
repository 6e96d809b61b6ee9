"""Carries out one job of the queue: the paid call of a video that waits. Running it again is safe.

A job may be run a second time, because the worker that had it was killed or took too long. What the first
run left behind decides: nothing, and it is paid for now; an attempt of which nothing left that machine, and
the next one is paid for; an attempt that was sent, and its outcome is unknown: nothing is paid again.
"""

from __future__ import annotations

from typing import NamedTuple

from lib.data import attempts, decisions
from lib.data.decisions import Decision
from lib.data.queue import Job
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.pricing import GenerationRequest
from lib.errors import BadInput, DatabaseConflict
from lib.operations.paid_call import Outcome, Tools, pay

STALE_SECONDS = 180.0  # longer than a paid call may take
AGAIN_SECONDS = 60
MOST_READS = 10
SET_ASIDE_SECONDS = 900.0


class Processed(NamedTuple):
    """`again_seconds`: the job is not done, read it again then. `message` says what happened, for the log."""

    message: str
    paid: bool = False
    again_seconds: int | None = None


def process(tools: Tools, job: Job, *, stale_seconds: float = STALE_SECONDS) -> Processed:
    """`tools.operator` is who asked for the video. Raises DatabaseError; the job is read again then."""
    if job.video is None:
        return Processed(f"Video {job.video_id} was deleted.")
    if job.reads > MOST_READS:
        return _set_aside(tools, job, f"Its job failed {MOST_READS} times without an answer.")
    try:
        return _process(tools, job, request_of(job), stale_seconds)
    except (BadInput, DatabaseConflict) as error:
        return _set_aside(tools, job, str(error))


def _set_aside(tools: Tools, job: Job, reason: str) -> Processed:
    """For people: the sweep shows it, and looks again later."""
    decisions.save(
        tools.db, [Decision(job.video_id, "flag", reason, None, SET_ASIDE_SECONDS)], tools.operator
    )
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


def _process(tools: Tools, job: Job, request: GenerationRequest, stale_seconds: float) -> Processed:
    waits = job.video is not None and job.video["status"] == "queued"
    outcome = pay(tools, job.video_id, job.key, request, new={} if waits else None)
    if _is_open(outcome):
        if not _is_stale(tools, outcome.attempt, stale_seconds):
            reason = f"Attempt {outcome.attempt.number} of video {job.video_id} is on its way."
            return Processed(reason, again_seconds=AGAIN_SECONDS)
        outcome = Outcome(_given_up(tools, outcome.attempt), paid=False)
    while not outcome.paid and outcome.attempt.state is AttemptState.ABANDONED:
        outcome = pay(tools, job.video_id, f"{job.video_id}/{outcome.attempt.number + 1}", request)
    return Processed(_told(outcome), outcome.paid)


def _is_open(outcome: Outcome) -> bool:
    return not outcome.paid and outcome.attempt.state in (AttemptState.CLAIMED, AttemptState.SENT)


def _is_stale(tools: Tools, attempt: Attempt, stale_seconds: float) -> bool:
    """By the database's clock."""
    return any(one.id == attempt.id for one in attempts.stale(tools.db, stale_seconds))


def _given_up(tools: Tools, left: Attempt) -> Attempt:
    """What a killed worker left behind, settled. Should that worker live after all, it can send no more."""
    if left.state is AttemptState.SENT:
        reason = f"The worker was killed during the call. {left.credits:g} credits are at risk."
        return attempts.unknown(tools.db, left.id, "function_terminated", reason)
    return attempts.abandoned(tools.db, left.id, "The worker was killed before it called Runway.")


def _told(outcome: Outcome) -> str:
    attempt = outcome.attempt
    what = f"is {attempt.state}" + (f": {attempt.reason}" if attempt.reason else "")
    task = f", task {attempt.task_id}" if attempt.task_id else ""
    return f"Attempt {attempt.number} of video {attempt.video_id} {what}{task}."

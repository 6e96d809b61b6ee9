"""One paid call: claimed, committed as sent, posted once, journaled, saved. Never repeated by itself.

The steps, in the order in which `on_step` hears of them (each is over when it is named):

claimed      attempt and row belong to us; whoever comes second gets our attempt and stops
sent         committed before the call leaves: from here on a task may exist
answered     Runway answered, or the connection ended
journaled    the task id is on disk
saved        attempt and row say what happened
logged       the stage log is complete
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil
from typing import Any, NamedTuple, TypeVar

from lib.app import App
from lib.data import attempts
from lib.data.journal import JournalError
from lib.domain.attempt import Attempt
from lib.domain.pricing import GenerationRequest, estimate, problems
from lib.errors import (
    BadInput,
    DatabaseConflict,
    DatabaseError,
    NotFound,
    RunwayError,
    SchemaMissing,
    TooFast,
)
from lib.operations.account import read_after, read_before
from lib.operations.stage_log import StageLog
from lib.runway.client import CreatedTask

T = TypeVar("T")
FIRST_POLL_SECONDS = 5.0


class Outcome(NamedTuple):
    """`paid` is False when somebody else's attempt was found instead: this call cost nothing."""

    attempt: Attempt
    paid: bool


class NotSaved(DatabaseError):
    """A task was created and its id is in the journal only."""


def cost(request: GenerationRequest) -> int:
    """The most credits it can cost. Raises BadInput with everything Runway would refuse."""
    found = problems(request)
    credits = estimate(request.model, request.duration)
    if found or credits is None:
        raise BadInput(" ".join(problem.text for problem in found))
    return credits


def not_too_fast(app: App) -> None:
    """Counts a paid action of the person of a page. Raises TooFast saying how long to wait."""
    if app.paid_per_minute is None:
        return
    if wait := attempts.paid_action(app.db, app.operator, app.paid_per_minute):
        raise TooFast(
            f"{app.operator} had {app.paid_per_minute} paid actions within a minute, the most for one person"
            f" (DAILIES_PAID_PER_MINUTE). Wait {ceil(wait)} s: nothing was paid."
        )


def pay(
    app: App,
    video_id: str,
    key: str,
    request: GenerationRequest,
    *,
    override: str | None = None,
    new: dict[str, Any] | None = None,
) -> Outcome:
    """One attempt under `key`, whoever asks and however often; with `new` the row may not exist yet.

    A refusal or an unknown outcome is not an error here: the attempt says so. Raises BadInput, TooFast, and
    RunwayError where there is no client, before anything is written; DatabaseError when the claim fails,
    NotSaved when the id could not be saved.
    """
    credits = cost(request)
    not_too_fast(app)
    app.runway  # noqa: B018 - without a client nothing is written either
    attempt, claimed = attempts.claim(
        app.db, video_id, key, app.operator, request=request, credits=credits, override=override, new=new
    )
    if not claimed:
        return Outcome(attempt, paid=False)
    app.on_step("claimed")
    log = StageLog(app, attempt)
    log.before_call(request)
    read_before(app, attempt)
    attempts.sent(app.db, attempt.id)
    app.on_step("sent")
    attempt = _call(app, attempt, request, log)
    log.close()
    app.on_step("logged")
    return Outcome(attempt, paid=True)


def _call(app: App, attempt: Attempt, request: GenerationRequest, log: StageLog) -> Attempt:
    try:
        task = app.runway.create(request)
    except RunwayError as error:
        app.on_step("answered")
        return _failed(app, attempt, error, log)
    app.on_step("answered")
    return _keep(app, attempt, task, log)


def _failed(app: App, attempt: Attempt, error: RunwayError, log: StageLog) -> Attempt:
    log.call_failed(error)
    settled = _held(app, lambda: _settle(app, attempt, error))
    app.on_step("saved")
    if error.outcome_unknown:
        read_after(app, attempt)
    else:
        log.row_failed()
    return settled


def _keep(app: App, attempt: Attempt, task: CreatedTask, log: StageLog) -> Attempt:
    """The id on disk, then in the database; one of the two is enough to lose nothing."""
    unwritten: JournalError | None = None
    try:
        app.journal.append(attempt.id, attempt.video_id, task.id)
    except JournalError as error:
        unwritten = error
    app.on_step("journaled")
    log.task_created(task.id)
    try:
        saved = _held(
            app, lambda: attempts.created(app.db, attempt.id, task.id, credits=task.estimated_credits)
        )
    except DatabaseError as error:
        log.not_saved(error)
        log.close()
        raise NotSaved(_not_saved(attempt, task.id, error, unwritten)) from error
    app.on_step("saved")
    log.saved(task.id)
    _first_look(app, saved, log)
    return saved


def _first_look(app: App, attempt: Attempt, log: StageLog) -> None:
    """Polling goes on from here; that it fails now loses nothing."""
    assert attempt.task_id is not None
    log.looking_up(attempt.task_id)
    try:
        task = app.runway.task(attempt.task_id)
        saved = attempts.save_look_up(app.db, attempt.video_id, task, FIRST_POLL_SECONDS, app.operator)
    except (RunwayError, DatabaseError) as error:
        log.look_up_failed(error)
    else:
        if saved:  # else Runway does not find it yet
            log.looked_up(task)


def _not_saved(attempt: Attempt, task_id: str, error: DatabaseError, unwritten: JournalError | None) -> str:
    where = (
        f"{unwritten} Note the id now and recover it by hand"
        if unwritten
        else "It is safe in the journal and is saved at the next start or by `python -m lib recover`"
    )
    return f"Task {task_id} of video {attempt.video_id} exists and could not be saved: {error} {where}."


def _settle(app: App, attempt: Attempt, error: RunwayError) -> Attempt:
    if not error.outcome_unknown:
        if error.retry_after:
            attempts.asked_to_wait(app.db, attempt.id, error.retry_after)
        return attempts.refused(app.db, attempt.id, error.cause, str(error))
    return attempts.unknown(
        app.db,
        attempt.id,
        error.cause,
        f"{error} {attempt.credits:g} credits are at risk. Look for the task id in the logs before "
        "anything is paid again.",
    )


def _held(app: App, change: Callable[[], T]) -> T:
    """Repeats a change that is harmless to repeat until the database holds it, or the time is up."""
    ends = time.monotonic() + app.save_seconds
    pause = 0.1
    while True:
        try:
            return change()
        except (DatabaseConflict, NotFound, SchemaMissing):
            raise
        except DatabaseError:
            if time.monotonic() + pause > ends:
                raise
        time.sleep(pause)
        pause = min(pause * 2, 2.0)

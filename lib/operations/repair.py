"""The one way to repair: `plan` says what would be done about videos, `carry_out` does it to one of them.

Pages, commands, batches, sweep, queue and cron use these two and nothing else. Carrying out judges again,
on what is known by then: it never does more than was agreed to, and rather what is free than what costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import NamedTuple

from lib.app import App
from lib.data import attempts
from lib.domain.asked import NO_CHANGES, Changes
from lib.domain.attempt import Attempt
from lib.domain.cause import CAUSES, Action, Trait
from lib.domain.diagnosis import Dossier, Verdict
from lib.domain.pricing import GenerationRequest
from lib.domain.repair import Repair, assess
from lib.errors import BadInput, DailiesError
from lib.operations.dossiers import load_dossier, load_dossiers
from lib.operations.paid_call import pay
from lib.operations.poll import poll
from lib.operations.recover import recover_judged

JUST_NOW = 1.0  # seconds: a look-up that young is not repeated


class LookUpFailed(DailiesError):
    """What became of the video's task could not be found out, so nothing is paid for."""


class Agreed(NamedTuple):
    """What somebody agreed to when they saw a plan.

    key       of the plan: whoever comes second with it pays nothing
    override  typed by a person who accepts that a task may exist already
    """

    video_id: str
    action: Action
    key: str
    override: str | None = None
    changes: Changes = NO_CHANGES

    def covers(self, repair: Repair) -> bool:
        """Whether it lets this repair, which is paid, be carried out."""
        if self.action not in (Action.RETRY, Action.ASK, Action.FIX_FIRST, Action.CHANGE_INPUT):
            return False
        if repair.action is Action.RETRY:
            return True
        if repair.action not in (Action.ASK, Action.FIX_FIRST):
            return False
        return self.override == repair.override if repair.override else self.action is repair.action


class Repaired(NamedTuple):
    """What came of it, in a sentence.

    is_done   False when the video is no better off than before
    task_id   that was created or saved, if one was
    hits_all  whether the next video would meet the same refusal
    """

    message: str
    is_done: bool = True
    spent: float = 0.0
    task_id: str | None = None
    hits_all: bool = False


def plan(app: App, video_ids: Sequence[str], changes: Changes = NO_CHANGES) -> list[Repair]:
    """What would be done about each video, in this order, by one call of the database. Changes nothing.

    Raises NotFound, and BadInput for a change of something that a request does not have.
    """
    unknown = changes.keys() - {field.name for field in fields(GenerationRequest)}
    if unknown:
        raise BadInput(f"A retry cannot change {', '.join(sorted(unknown))}.")
    return [assess(dossier, changes).repair for dossier in load_dossiers(app, video_ids)]


def carry_out(app: App, agreed: Agreed, dossier: Dossier | None = None) -> Repaired:
    """Raises NotFound, BadInput for changes that Runway would refuse, DatabaseError, LookUpFailed,
    RunwayError from a recovery, and paid_call.NotSaved.

    dossier  what is known of the video by now: that is enough to save a lost id, and for nothing that costs
    """
    if dossier and (known := assess(dossier)).repair.action is Action.RECOVER:
        return _recovered(app, known.verdict)
    if agreed.action is Action.LOOK_UP:
        return _look_up(app, agreed.video_id)
    if before := attempts.by_key(app.db, agreed.key):
        return _told(before, paid=False)
    dossier = _looked_up(app, agreed.video_id)
    app.on_step("looked_up")
    verdict, repair = assess(dossier, agreed.changes)
    if repair.action is Action.RECOVER:
        return _recovered(app, verdict)
    if not agreed.covers(repair):
        return Repaired(repair.reason, is_done=repair.action in (Action.NONE, Action.WAIT))
    app.on_step("decided")
    attempt, paid = pay(app, agreed.video_id, agreed.key, repair.request, override=agreed.override)
    return _told(attempt, paid=paid)


def _recovered(app: App, verdict: Verdict) -> Repaired:
    saved = recover_judged(app, verdict)
    return Repaired(saved.message, task_id=saved.task.id)


def _look_up(app: App, video_id: str) -> Repaired:
    polled = poll(app, video_id, fastest=JUST_NOW)
    if polled is None:
        return Repaired("It was looked up a moment ago.")
    if polled.error or polled.task is None:
        return Repaired(f"Looked up at Runway: {polled.error}", is_done=False)
    return Repaired(f"Looked up at Runway: {polled.task.status}.", task_id=polled.task.id)


def _looked_up(app: App, video_id: str) -> Dossier:
    """The dossier once the row is up to date with its task; one that Runway does not know is part of it."""
    polled = poll(app, video_id, fastest=JUST_NOW)
    if polled and polled.error and polled.task is None:
        raise LookUpFailed(f"Video {video_id} is not tried again before its task is known. {polled.error}")
    dossier = load_dossier(app, video_id)
    if polled and polled.error and polled.task:
        return replace(dossier, tasks={**dossier.tasks, polled.task.id: polled.task})
    return dossier


def _told(attempt: Attempt, *, paid: bool) -> Repaired:
    if attempt.task_id:
        what = "created task" if paid else "had already created task"
        message = f"Attempt {attempt.number} {what} {attempt.task_id}."
        return Repaired(message, spent=attempt.credits if paid else 0.0, task_id=attempt.task_id)
    cause = CAUSES.get(attempt.cause or "")
    return Repaired(
        f"Attempt {attempt.number} is {attempt.state.value}: {attempt.reason or 'it is on its way'}",
        is_done=False,
        hits_all=cause is not None and Trait.HITS_ALL in cause.traits,
    )

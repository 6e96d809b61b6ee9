"""What is to be done about a video: one answer, for pages, commands, batches, sweep, queue and cron alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from lib.domain.account import Outlook, outlook
from lib.domain.asked import NO_CHANGES, Changes, models_at, request_of
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.cause import CAUSES, Action, Side
from lib.domain.diagnosis import Dossier, Verdict, judge
from lib.domain.diagnosis.proof import Fact, Proof, doubt_of, proof_of
from lib.domain.pricing import MODELS, GenerationRequest, estimate, problems
from lib.domain.task import TaskStatus
from lib.domain.video import short_id

FREE = frozenset({Action.RECOVER, Action.LOOK_UP})
BY_ITSELF = FREE | {Action.RETRY}  # what may be done to many videos at once
PEOPLES = frozenset({Action.ASK, Action.CHANGE_INPUT, Action.FIX_FIRST})  # a person may pay all the same


@dataclass(frozen=True, slots=True)
class Repair:
    """reason    why, in one sentence for people
    credits    the most that carrying it out can cost; 0 when it is free, None without a known price
    proof      what makes it free of asking, or a paid one free of risk; None where a task may exist
    key        names the attempt this repair allows: two people who saw the same state of the video hold the
               same key, so only one of them pays
    override   what a person has to type to pay although a task may exist; None where none can
    task_ids   the tasks to look up: the one that is the video's, or those that may be
    request    what a new attempt would ask of Runway
    last       the latest attempt of Dailies
    outlook    what Runway's account says of it, where nobody knows its outcome
    """

    video_id: str
    action: Action
    reason: str
    credits: int | None
    proof: Proof | None
    key: str
    override: str | None
    task_ids: tuple[str, ...]
    request: GenerationRequest
    last: Attempt | None
    outlook: Outlook | None = None

    @property
    def pays(self) -> bool:
        """Whether carrying it out without asking a person anything creates a task that costs credits."""
        return self.action is Action.RETRY

    @property
    def needs_a_person(self) -> bool:
        return self.action in PEOPLES

    @property
    def credits_at_risk(self) -> float:
        return self.last.credits_at_risk if self.last else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": str(self.action),
            "pays": self.pays,
            "credits": self.credits,
            "needs_a_person": self.needs_a_person,
            "reason": self.reason,
            "proof": str(self.proof) if self.proof else None,
        }


class Assessment(NamedTuple):
    verdict: Verdict
    repair: Repair

    @property
    def advice(self) -> Action:
        """What people should do first: a retry alone does not mend what made the app fail."""
        cause = CAUSES[self.verdict.cause]
        mends = self.repair.action is Action.RETRY and cause.action is Action.FIX_FIRST
        return cause.action if mends else self.repair.action

    def as_row(self) -> dict[str, Any]:
        """JSON values under the column names of `dailies.verdicts`, and what explains them."""
        return self.verdict.as_row() | {"action": str(self.repair.action), "repair": self.repair.as_json()}


def is_proved(dossier: Dossier) -> bool:
    """Whether it is proved that no task can exist, as far as the dossier goes."""
    return proof_of(dossier) is not None


def assess(dossier: Dossier, changes: Changes = NO_CHANGES) -> Assessment:
    """The verdict, and what follows from it. `changes`: what a person wants to ask for instead."""
    verdict = judge(dossier)
    fact = proof_of(dossier)
    request = request_of(dossier, changes)
    is_changed = bool(changes) and request != request_of(dossier)
    action, reason = _decided(dossier, verdict, fact, request, changed=is_changed)
    if action is Action.RETRY and (faults := problems(request)):
        action, reason = Action.CHANGE_INPUT, " ".join(fault.text for fault in faults)
    last = dossier.last_attempt
    pays = action is Action.RETRY or action in PEOPLES
    repair = Repair(
        video_id=dossier.video.id,
        action=action,
        reason=reason,
        credits=estimate(request.model, request.duration) if pays else 0,
        proof=fact.proof if fact and pays else None,
        key=f"{dossier.video.id}/{last.number + 1 if last else 1}",
        override=short_id(dossier.video.id) if pays and fact is None else None,
        task_ids=tuple(filter(None, [verdict.recoverable_runway_id])) or verdict.candidate_runway_ids,
        request=request,
        last=last,
        outlook=outlook(dossier.readings, last.credits) if dossier.readings and last else None,
    )
    return Assessment(verdict, repair)


_Ruling = tuple[Action, str]


def _decided(
    dossier: Dossier, verdict: Verdict, fact: Fact | None, request: GenerationRequest, *, changed: bool
) -> _Ruling:
    """Whatever is free stands before whatever costs, and what is known before what is inferred."""
    known = _settled(dossier, verdict, fact) or _task_known(dossier, verdict, fact)
    if known := known or _not_told(dossier, request):
        return known
    cause = CAUSES[verdict.cause]
    same_again = _input_at_fault(dossier, verdict)
    if same_again and not changed:
        return Action.CHANGE_INPUT, same_again
    if fact is None:
        return _unproved(dossier, verdict)
    if fact.proof is Proof.TASK_ENDED:
        return _after_a_task(dossier, changed=changed)
    return Action.RETRY, " ".join(filter(None, [fact.says, cause.remedy if cause.side is Side.APP else ""]))


def _settled(dossier: Dossier, verdict: Verdict, fact: Fact | None) -> _Ruling | None:
    video, last = dossier.video, dossier.last_attempt
    if video.status == "succeeded":
        return Action.NONE, "The video has succeeded."
    if last and last.state in (AttemptState.CLAIMED, AttemptState.SENT):
        return Action.WAIT, f"Attempt {last.number} by {last.operator} is on its way."
    if not video.status_is_known:
        return Action.NONE, f"The status {video.status!r} is not one that Dailies knows."
    is_left = fact is not None and fact.proof is Proof.LEFT_TO_WORKERS
    if verdict.cause == "in_progress" and not video.runway_video_id and not is_left:
        return Action.WAIT, "The request is still running."
    return None


def _task_known(dossier: Dossier, verdict: Verdict, fact: Fact | None) -> _Ruling | None:
    """A task whose id is in the row or in the logs is looked up before anything else: that is free."""
    video, task = dossier.video, dossier.row_task
    if video.runway_video_id is None:
        recoverable = verdict.recoverable_runway_id
        return (Action.RECOVER, f"The logs name task {recoverable}: save its id.") if recoverable else None
    if task and task.row_problem:
        refused = f"The row refused what Runway answered ({task.row_problem})"
        return Action.LOOK_UP, f"{refused}: correct the table, then look again."
    if CAUSES[verdict.cause].side is Side.SETTLED and not video.is_finished:
        return Action.WAIT, f"Task {video.runway_video_id} is on its way at Runway."
    ended = task is not None and task.ended_in_vain
    if (task and task.is_gone) or (video.is_finished and (ended or fact)):
        return None
    return Action.LOOK_UP, f"Runway knows what became of task {video.runway_video_id}; the row does not."


def _not_told(dossier: Dossier, request: GenerationRequest) -> _Ruling | None:
    """What is lacking for the request that was made to be made again."""
    if request.model not in MODELS:
        return (
            Action.ASK,
            f"It asks for the model {request.model!r}, which Dailies cannot pay for: choose another.",
        )
    if other := dossier.other_endpoint(request.endpoint):
        models = ", ".join(models_at(other)) or "none"
        told = f"It was made with {other}, and {request.model} is no model of that"
        return Action.CHANGE_INPUT, f"{told}: name the model. Dailies can pay there for {models}."
    if MODELS[request.model].endpoint and (faults := problems(request)):
        lacks = " ".join(fault.text for fault in faults)
        return Action.CHANGE_INPUT, f"{lacks} Neither its row nor its log says it: give it to try again."
    return None


def _input_at_fault(dossier: Dossier, verdict: Verdict) -> str | None:
    """Why the same request would fail again."""
    task, last = dossier.row_task, dossier.last_attempt
    if task and task.status == TaskStatus.FAILED:
        advice = task.advice
        return advice.text if advice.action is Action.CHANGE_INPUT else None
    of_attempt = last.cause if last and last.state is AttemptState.REFUSED else None
    cause = CAUSES.get(of_attempt or verdict.cause, CAUSES["unknown"])
    return f"{cause.explanation} {cause.remedy}" if cause.action is Action.CHANGE_INPUT else None


def _unproved(dossier: Dossier, verdict: Verdict) -> _Ruling:
    last, task, cause = dossier.last_attempt, dossier.row_task, CAUSES[verdict.cause]
    if last and last.state is AttemptState.UNKNOWN:
        return Action.ASK, last.reason or f"Nobody knows whether attempt {last.number} was paid for."
    if task and task.is_gone:
        return Action.ASK, f"Runway does not know task {task.id}: deleted, or another key's."
    if verdict.candidate_runway_ids:
        ids = ", ".join(verdict.candidate_runway_ids)
        return Action.ASK, f"The logs name tasks that may be this video's ({ids}): say which one is."
    if cause.action is Action.FIX_FIRST:
        return Action.FIX_FIRST, f"{cause.remedy} {doubt_of(dossier)}"
    return Action.ASK, doubt_of(dossier)


def _after_a_task(dossier: Dossier, *, changed: bool) -> _Ruling:
    task = dossier.row_task
    assert task is not None
    if task.status != TaskStatus.FAILED:
        return Action.ASK, f"The task was {task.status.lower()} at Runway: decide whether it is still wanted."
    advice = task.advice
    return Action.RETRY if changed else advice.action, advice.text

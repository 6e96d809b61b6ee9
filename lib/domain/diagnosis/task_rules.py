"""Rules for a row that holds a task id: what Runway says of it, or what the status checks were told."""

from __future__ import annotations

from lib.domain.cause import Action
from lib.domain.diagnosis.case import Case
from lib.domain.diagnosis.saying import (
    ask_runway,
    said_by_polls,
    said_of_task,
)
from lib.domain.diagnosis.symptoms import http_status, read_task_failure
from lib.domain.diagnosis.verdict import CERTAIN, LIKELY, POSSIBLE, Evidence, Finding
from lib.domain.task import Retry, Task, TaskStatus, failure_advice

TASK_ACTION = {
    Retry.NEVER: Action.CHANGE_INPUT,
    Retry.CHANGE_INPUT: Action.CHANGE_INPUT,
    Retry.LATER: Action.RETRY,
    Retry.ASK: Action.INVESTIGATE,
}


def task_ended_badly(case: Case) -> Finding | None:
    task = case.row_task
    if task is None or not task.is_terminal or task.status == TaskStatus.SUCCEEDED:
        return None
    advice = failure_advice(task.failure_code)
    action = TASK_ACTION[advice.retry] if task.status == TaskStatus.FAILED else None
    evidence = (*said_of_task(task), Evidence.of_row(case.video, "error_message"))
    return Finding(task.cause, CERTAIN, evidence, action if case.video.is_finished else Action.POLL)


def task_done_but_checks_fail(case: Case) -> Finding | None:
    if not task_done(case) or not case.failed_polls:
        return None
    evidence = (
        *said_of_task(case.row_task),
        *said_by_polls(case.failed_polls[:1]),
        Evidence.of_row(case.video),
    )
    return Finding("polling_failing", CERTAIN, evidence)


def task_done_but_nameless_checks_fail(case: Case) -> Finding | None:
    if not task_done(case) or case.trace.polls or case.nameless_share <= 0.5:
        return None
    evidence = (*said_of_task(case.row_task), *map(Evidence.of_log, case.nameless_errors[-1:]))
    return Finding("polling_failing", POSSIBLE, evidence)


def task_done_and_nobody_asked(case: Case) -> Finding | None:
    if not task_done(case):
        return None
    evidence = (*said_of_task(case.row_task), Evidence.of_row(case.video, "video_url"))
    doubt = tuple(map(Evidence.of_log, case.nameless_errors[-1:]))
    return Finding("never_polled", LIKELY if doubt else CERTAIN, (*evidence, *doubt))


def task_under_way(case: Case) -> Finding | None:
    task = case.row_task
    if task is None or task.is_terminal or not task.is_known or case.video.is_finished:
        return None
    if len(case.failed_polls) > 1 and task.status != TaskStatus.THROTTLED:
        evidence = (*said_of_task(task), *said_by_polls(case.failed_polls[:1]))
        return Finding("polling_failing", CERTAIN, evidence)
    return Finding(task.cause, CERTAIN, said_of_task(task))


def check_said_it_ended_badly(case: Case) -> Finding | None:
    poll = case.last_answer
    if poll is None or not case.video.runway_video_id:
        return None
    task = Task(
        case.video.runway_video_id, poll.status or "", failure=poll.failure, failure_code=poll.failure_code
    )
    if not task.is_terminal or task.status == TaskStatus.SUCCEEDED:
        return None
    action = (
        TASK_ACTION[failure_advice(task.failure_code).retry] if task.status == TaskStatus.FAILED else None
    )
    evidence = (Evidence.of_log(poll.entry), Evidence.of_row(case.video, "error_message"))
    return Finding(task.cause, CERTAIN, evidence, action if case.video.is_finished else Action.POLL)


def check_found_no_task(case: Case) -> Finding | None:
    """A look-up of a task that answers 404: it was deleted, or cancelled."""
    if not case.video.runway_video_id or case.row_task or not case.failed_polls:
        return None
    if http_status(case.failed_polls[0].entry.message) != 404:
        return None
    return Finding("cancelled", LIKELY, said_by_polls(case.failed_polls[:1]))


def checks_fail(case: Case) -> Finding | None:
    if not case.video.runway_video_id or case.video.is_finished or not case.failed_polls:
        return None
    evidence = (Evidence.of_row(case.video), *said_by_polls(case.failed_polls[:1]))
    return Finding("polling_failing", CERTAIN if len(case.failed_polls) > 1 else LIKELY, evidence)


def row_failed_after_the_task_began(case: Case) -> Finding | None:
    if not case.video.runway_video_id or case.video.status != "failed":
        return None
    cause = read_task_failure(case.video.error_message or "")
    return Finding(cause, LIKELY, (Evidence.of_row(case.video, "error_message"),)) if cause else None


def check_said_under_way(case: Case) -> Finding | None:
    poll = case.last_answer
    if poll is None or case.video.is_finished or not case.video.runway_video_id:
        return None
    evidence = (Evidence.of_log(poll.entry), Evidence.of_row(case.video))
    if poll.status == TaskStatus.SUCCEEDED:
        return Finding("polling_failing", POSSIBLE, evidence)
    cause = "throttled" if poll.status == TaskStatus.THROTTLED else "in_progress"
    due = poll.at + case.stuck_after
    if cause == "throttled" or case.now < due:
        return Finding(cause, LIKELY, evidence, recheck_at=due)
    return Finding("never_polled", POSSIBLE, (*evidence, ask_runway(case)))


def id_saved_and_no_word_since(case: Case) -> Finding | None:
    if not case.video.runway_video_id or case.video.is_finished:
        return None
    evidence = (Evidence.of_row(case.video, "runway_video_id"), ask_runway(case))
    if case.is_recent:
        return Finding("in_progress", LIKELY, evidence, recheck_at=case.due)
    return Finding("never_polled", POSSIBLE, evidence)


def task_done(case: Case) -> bool:
    return case.row_task is not None and case.row_task.status == TaskStatus.SUCCEEDED

"""Rules for a row that holds a task id: what Runway says of it, or what the status checks were told."""

from __future__ import annotations

from lib.domain.diagnosis.dossier import Dossier, tells_of_failure
from lib.domain.diagnosis.saying import (
    ask_runway,
    said_by_polls,
    said_of_task,
)
from lib.domain.diagnosis.symptoms import Speaker, http_status, read_error, read_task_failure
from lib.domain.diagnosis.verdict import CERTAIN, LIKELY, POSSIBLE, Evidence, Finding
from lib.domain.task import Task, TaskStatus


def row_refused_the_outcome(dossier: Dossier) -> Finding | None:
    task = dossier.row_task
    if task is None or not task.row_problem or dossier.video.is_finished:
        return None
    return Finding("database_write_failed", CERTAIN, (*said_of_task(task), Evidence.of_row(dossier.video)))


def task_ended_badly(dossier: Dossier) -> Finding | None:
    task = dossier.row_task
    if task is None or not task.is_terminal or task.status == TaskStatus.SUCCEEDED:
        return None
    evidence = (*said_of_task(task), Evidence.of_row(dossier.video, "error_message"))
    return Finding(task.cause, CERTAIN, evidence)


def task_done_but_checks_fail(dossier: Dossier) -> Finding | None:
    if not task_done(dossier) or not dossier.failed_polls:
        return None
    evidence = (
        *said_of_task(dossier.row_task),
        *said_by_polls(dossier.failed_polls[:1]),
        Evidence.of_row(dossier.video),
    )
    return Finding("polling_failing", CERTAIN, evidence)


def task_done_but_nameless_checks_fail(dossier: Dossier) -> Finding | None:
    if not task_done(dossier) or dossier.trace.polls or dossier.nameless_share <= 0.5:
        return None
    evidence = (*said_of_task(dossier.row_task), *map(Evidence.of_log, dossier.nameless_errors[-1:]))
    return Finding("polling_failing", POSSIBLE, evidence)


def task_done_but_the_logs_end_in_an_error(dossier: Dossier) -> Finding | None:
    """Of a check that nothing tells from the run itself, as in text without request ids. Where Dailies saved
    the id, or the database refused it, the error is older than that."""
    last = [entry for entry in dossier.trace.entries[-1:] if tells_of_failure(entry)]
    if not task_done(dossier) or dossier.trace.polls or dossier.attempts or not last:
        return None
    symptom = read_error(last[0].message)
    if symptom and symptom.speaker is Speaker.DATABASE:
        return None
    evidence = (*said_of_task(dossier.row_task), *map(Evidence.of_log, last), Evidence.of_row(dossier.video))
    return Finding("polling_failing", LIKELY, evidence)


def task_done_and_nobody_asked(dossier: Dossier) -> Finding | None:
    if not task_done(dossier):
        return None
    evidence = (*said_of_task(dossier.row_task), Evidence.of_row(dossier.video, "video_url"))
    doubt = tuple(map(Evidence.of_log, dossier.nameless_errors[-1:]))
    return Finding("never_polled", LIKELY if doubt else CERTAIN, (*evidence, *doubt))


def task_under_way(dossier: Dossier) -> Finding | None:
    task = dossier.row_task
    if task is None or task.is_terminal or not task.is_known or dossier.video.is_finished:
        return None
    if len(dossier.failed_polls) > 1 and task.status != TaskStatus.THROTTLED:
        evidence = (*said_of_task(task), *said_by_polls(dossier.failed_polls[:1]))
        return Finding("polling_failing", CERTAIN, evidence)
    return Finding(task.cause, CERTAIN, said_of_task(task))


def check_said_it_ended_badly(dossier: Dossier) -> Finding | None:
    poll = dossier.last_answer
    if poll is None or not dossier.video.runway_video_id:
        return None
    task = Task(
        dossier.video.runway_video_id, poll.status or "", failure=poll.failure, failure_code=poll.failure_code
    )
    if not task.is_terminal or task.status == TaskStatus.SUCCEEDED:
        return None
    evidence = (Evidence.of_log(poll.entry), Evidence.of_row(dossier.video, "error_message"))
    return Finding(task.cause, CERTAIN, evidence)


def check_found_no_task(dossier: Dossier) -> Finding | None:
    """A look-up of a task that answers 404: it was deleted, or cancelled."""
    if not dossier.video.runway_video_id or dossier.row_task or not dossier.failed_polls:
        return None
    if http_status(dossier.failed_polls[0].entry.message) != 404:
        return None
    return Finding("cancelled", LIKELY, said_by_polls(dossier.failed_polls[:1]))


def checks_fail(dossier: Dossier) -> Finding | None:
    if not dossier.video.runway_video_id or dossier.video.is_finished or not dossier.failed_polls:
        return None
    evidence = (Evidence.of_row(dossier.video), *said_by_polls(dossier.failed_polls[:1]))
    return Finding("polling_failing", CERTAIN if len(dossier.failed_polls) > 1 else LIKELY, evidence)


def row_failed_after_the_task_began(dossier: Dossier) -> Finding | None:
    if not dossier.video.runway_video_id or dossier.video.status != "failed":
        return None
    cause = read_task_failure(dossier.video.error_message or "")
    return Finding(cause, LIKELY, (Evidence.of_row(dossier.video, "error_message"),)) if cause else None


def check_said_under_way(dossier: Dossier) -> Finding | None:
    poll = dossier.last_answer
    if poll is None or dossier.video.is_finished or not dossier.video.runway_video_id:
        return None
    evidence = (Evidence.of_log(poll.entry), Evidence.of_row(dossier.video))
    if poll.status == TaskStatus.SUCCEEDED:
        return Finding("polling_failing", POSSIBLE, evidence)
    cause = "throttled" if poll.status == TaskStatus.THROTTLED else "in_progress"
    due = poll.at + dossier.stuck_after
    if cause == "throttled" or dossier.now < due:
        return Finding(cause, LIKELY, evidence, recheck_at=due)
    return Finding("never_polled", POSSIBLE, (*evidence, ask_runway(dossier)))


def id_saved_and_no_word_since(dossier: Dossier) -> Finding | None:
    if not dossier.video.runway_video_id or dossier.video.is_finished:
        return None
    evidence = (Evidence.of_row(dossier.video, "runway_video_id"), ask_runway(dossier))
    if dossier.is_recent:
        return Finding("in_progress", LIKELY, evidence, recheck_at=dossier.due)
    return Finding("never_polled", POSSIBLE, evidence)


def task_done(dossier: Dossier) -> bool:
    return dossier.row_task is not None and dossier.row_task.status == TaskStatus.SUCCEEDED

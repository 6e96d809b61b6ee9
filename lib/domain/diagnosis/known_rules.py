"""Rules about what somebody knows for certain: the row, an attempt of Dailies, a task id in the logs."""

from __future__ import annotations

from lib.domain.attempt import AttemptState
from lib.domain.cause import Action
from lib.domain.diagnosis.case import Case
from lib.domain.diagnosis.saying import (
    last_line,
    said_of_attempt,
    said_of_task,
)
from lib.domain.diagnosis.verdict import CERTAIN, LIKELY, Evidence, Finding, Source


def row_succeeded(case: Case) -> Finding | None:
    if case.video.status != "succeeded":
        return None
    return Finding("succeeded", CERTAIN, (Evidence.of_row(case.video, "video_url"),))


def row_cancelled(case: Case) -> Finding | None:
    if case.video.status != "cancelled":
        return None
    return Finding("cancelled", CERTAIN, (Evidence.of_row(case.video),))


def attempt_on_its_way(case: Case) -> Finding | None:
    attempt = case.last_attempt
    if attempt is None or attempt.state not in (AttemptState.CLAIMED, AttemptState.SENT):
        return None
    since = attempt.sent_at or attempt.claimed_at
    evidence = said_of_attempt(case, f"attempt {attempt.number} by {attempt.operator} is {attempt.state}")
    if case.now - since < case.stuck_after:
        return Finding("in_progress", CERTAIN, evidence, recheck_at=since + case.stuck_after)
    action = Action.INVESTIGATE if attempt.state is AttemptState.SENT else Action.RETRY
    return Finding("function_terminated", LIKELY, evidence, action)


def attempt_settled(case: Case) -> Finding | None:
    attempt = case.last_attempt
    if attempt is None or case.video.runway_video_id:
        return None
    evidence = said_of_attempt(case, attempt.reason or f"attempt {attempt.number} is {attempt.state}")
    if attempt.state is AttemptState.UNKNOWN:
        return Finding(attempt.cause or "runway_unreachable", LIKELY, evidence, Action.INVESTIGATE)
    if attempt.state is AttemptState.REFUSED and attempt.cause:
        return Finding(attempt.cause, CERTAIN, evidence)
    return None


def run_still_going(case: Case) -> Finding | None:
    if case.video.is_finished or case.video.runway_video_id or case.failure or not case.is_recent:
        return None
    evidence = (Evidence.of_row(case.video, "runway_video_id"), *last_line(case))
    return Finding("in_progress", LIKELY, evidence, recheck_at=case.due)


def id_in_the_logs_only(case: Case) -> Finding | None:
    if case.lost_task is None:
        return None
    named = [entry for run in case.trace.tries for entry in run.entries if case.lost_task in entry.message]
    evidence = [Evidence.of_row(case.video, "runway_video_id"), *map(Evidence.of_log, named[:1])]
    if case.failure:
        evidence.append(case.failure.evidence)
    return Finding("task_id_not_saved", CERTAIN, (*evidence, *said_of_task(case.task)))


def some_id_in_the_logs(case: Case) -> Finding | None:
    if not case.trace.created or not case.candidates:
        return None
    which = f"one of the tasks {', '.join(case.candidates)}; the text without request ids leaves open which"
    evidence = (
        Evidence.of_row(case.video, "runway_video_id"),
        Evidence(Source.LOG, None, which),
        Evidence(Source.NEEDED, None, "an export with request ids decides which task is this video's"),
    )
    return Finding("task_id_not_saved", LIKELY, evidence, Action.INVESTIGATE)


def saving_the_id_failed(case: Case) -> Finding | None:
    failure = case.failure
    if case.video.runway_video_id or failure is None or failure.symptom.cause != "database_write_failed":
        return None
    if not (case.failed_while_saving or case.trace.saw("response_returned")):
        return None
    needed = Evidence(Source.NEEDED, None, "the log lines of the run name the task that was created")
    return Finding("task_id_not_saved", LIKELY, (failure.evidence, needed), Action.INVESTIGATE)

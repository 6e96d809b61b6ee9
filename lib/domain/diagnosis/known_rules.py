"""Rules about what somebody knows for certain: the row, an attempt of Dailies, a task id in the logs."""

from __future__ import annotations

from lib.domain.attempt import AttemptState
from lib.domain.diagnosis.dossier import Dossier
from lib.domain.diagnosis.saying import (
    last_line,
    said_of_attempt,
    said_of_task,
)
from lib.domain.diagnosis.verdict import CERTAIN, LIKELY, Evidence, Finding, Source


def row_succeeded(dossier: Dossier) -> Finding | None:
    if dossier.video.status != "succeeded":
        return None
    return Finding("succeeded", CERTAIN, (Evidence.of_row(dossier.video, "video_url"),))


def row_cancelled(dossier: Dossier) -> Finding | None:
    if dossier.video.status != "cancelled":
        return None
    return Finding("cancelled", CERTAIN, (Evidence.of_row(dossier.video),))


def attempt_on_its_way(dossier: Dossier) -> Finding | None:
    attempt = dossier.last_attempt
    if attempt is None or attempt.state not in (AttemptState.CLAIMED, AttemptState.SENT):
        return None
    since = attempt.sent_at or attempt.claimed_at
    evidence = said_of_attempt(dossier, f"attempt {attempt.number} by {attempt.operator} is {attempt.state}")
    if dossier.now - since < dossier.stuck_after:
        return Finding("in_progress", CERTAIN, evidence, recheck_at=since + dossier.stuck_after)
    return Finding("function_terminated", LIKELY, evidence)


def attempt_settled(dossier: Dossier) -> Finding | None:
    attempt = dossier.last_attempt
    if attempt is None or dossier.video.runway_video_id:
        return None
    evidence = said_of_attempt(dossier, attempt.reason or f"attempt {attempt.number} is {attempt.state}")
    if attempt.state is AttemptState.UNKNOWN:
        return Finding(attempt.cause or "runway_unreachable", LIKELY, evidence)
    if attempt.state is AttemptState.REFUSED and attempt.cause:
        return Finding(attempt.cause, CERTAIN, evidence)
    return None


def run_still_going(dossier: Dossier) -> Finding | None:
    if dossier.video.is_finished or dossier.video.runway_video_id or dossier.failure or not dossier.is_recent:
        return None
    evidence = (Evidence.of_row(dossier.video, "runway_video_id"), *last_line(dossier))
    return Finding("in_progress", LIKELY, evidence, recheck_at=dossier.due)


def id_in_the_logs_only(dossier: Dossier) -> Finding | None:
    if dossier.lost_task is None:
        return None
    named = [
        entry for run in dossier.trace.runs for entry in run.entries if dossier.lost_task in entry.message
    ]
    evidence = [Evidence.of_row(dossier.video, "runway_video_id"), *map(Evidence.of_log, named[:1])]
    if dossier.failure:
        evidence.append(dossier.failure.evidence)
    return Finding("task_id_not_saved", CERTAIN, (*evidence, *said_of_task(dossier.task)))


def some_id_in_the_logs(dossier: Dossier) -> Finding | None:
    if not dossier.trace.created or not dossier.candidates:
        return None
    which = (
        f"one of the tasks {', '.join(dossier.candidates)}; the text without request ids leaves open which"
    )
    evidence = (
        Evidence.of_row(dossier.video, "runway_video_id"),
        Evidence(Source.LOG, None, which),
        Evidence(Source.NEEDED, None, "an export with request ids decides which task is this video's"),
    )
    return Finding("task_id_not_saved", LIKELY, evidence)


def saving_the_id_failed(dossier: Dossier) -> Finding | None:
    failure = dossier.failure
    if dossier.video.runway_video_id or failure is None or failure.symptom.cause != "database_write_failed":
        return None
    may_have_one = bool(dossier.candidates) and dossier.trace.sent  # a write before the call would be another
    if not (dossier.failed_while_saving or dossier.trace.saw("response_returned") or may_have_one):
        return None
    needed = Evidence(Source.NEEDED, None, "the log lines of the run name the task that was created")
    return Finding("task_id_not_saved", LIKELY, (failure.evidence, needed))

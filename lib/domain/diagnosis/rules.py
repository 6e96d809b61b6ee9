"""The rules of diagnosis, in order: the first that finds something decides.

What somebody knows for certain stands before what is inferred; whatever is free to repair before whatever
costs money. Each rule looks at one case and says what it finds, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lib.domain.attempt import AttemptState
from lib.domain.cause import Action
from lib.domain.diagnosis.case import Case
from lib.domain.diagnosis.symptoms import http_status, read_task_failure
from lib.domain.diagnosis.verdict import Confidence, Evidence, Finding, Source
from lib.domain.task import Retry, Task, TaskStatus, failure_advice
from lib.domain.trace import LogEntry, Poll, PollOutcome, StageState

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE

_EMPTY_ID = re.compile(r"\bid['\"]?: ?(?:''|\"\"|null|undefined)")
_KEY_MISSING = re.compile(r"has\w*Api_?Key['\"]?: ?false", re.I)
_TASK_ACTION = {
    Retry.NEVER: Action.CHANGE_INPUT,
    Retry.CHANGE_INPUT: Action.CHANGE_INPUT,
    Retry.LATER: Action.RETRY,
    Retry.ASK: Action.INVESTIGATE,
}


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
    evidence = _said_of_attempt(case, f"attempt {attempt.number} by {attempt.operator} is {attempt.state}")
    if case.now - since < case.stuck_after:
        return Finding("in_progress", CERTAIN, evidence, recheck_at=since + case.stuck_after)
    action = Action.INVESTIGATE if attempt.state is AttemptState.SENT else Action.RETRY
    return Finding("function_terminated", LIKELY, evidence, action)


def attempt_settled(case: Case) -> Finding | None:
    attempt = case.last_attempt
    if attempt is None or case.video.runway_video_id:
        return None
    evidence = _said_of_attempt(case, attempt.reason or f"attempt {attempt.number} is {attempt.state}")
    if attempt.state is AttemptState.UNKNOWN:
        return Finding(attempt.cause or "runway_unreachable", LIKELY, evidence, Action.INVESTIGATE)
    if attempt.state is AttemptState.REFUSED and attempt.cause:
        return Finding(attempt.cause, CERTAIN, evidence)
    return None


def run_still_going(case: Case) -> Finding | None:
    if case.video.is_finished or case.video.runway_video_id or case.failure or not case.is_recent:
        return None
    evidence = (Evidence.of_row(case.video, "runway_video_id"), *_last_line(case))
    return Finding("in_progress", LIKELY, evidence, recheck_at=case.due)


def id_in_the_logs_only(case: Case) -> Finding | None:
    if case.lost_task is None:
        return None
    named = [entry for run in case.trace.tries for entry in run.entries if case.lost_task in entry.message]
    evidence = [Evidence.of_row(case.video, "runway_video_id"), *map(Evidence.of_log, named[:1])]
    if case.failure:
        evidence.append(case.failure.evidence)
    return Finding("task_id_not_saved", CERTAIN, (*evidence, *_said_of_task(case.task)))


def some_id_in_the_logs(case: Case) -> Finding | None:
    if case.video.runway_video_id or not case.trace.created or not case.trace.candidates:
        return None
    which = (
        f"one of the tasks {', '.join(case.trace.candidates)}; the text without request ids leaves open which"
    )
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


def task_ended_badly(case: Case) -> Finding | None:
    task = case.row_task
    if task is None or not task.is_terminal or task.status == TaskStatus.SUCCEEDED:
        return None
    advice = failure_advice(task.failure_code)
    action = _TASK_ACTION[advice.retry] if task.status == TaskStatus.FAILED else None
    evidence = (*_said_of_task(task), Evidence.of_row(case.video, "error_message"))
    return Finding(task.cause, CERTAIN, evidence, action if case.video.is_finished else Action.POLL)


def task_done_but_checks_fail(case: Case) -> Finding | None:
    if not _task_done(case) or not case.failed_polls:
        return None
    evidence = (*_said_of_task(case.row_task), *_polls(case.failed_polls[:1]), Evidence.of_row(case.video))
    return Finding("polling_failing", CERTAIN, evidence)


def task_done_but_nameless_checks_fail(case: Case) -> Finding | None:
    if not _task_done(case) or case.trace.polls or case.nameless_share <= 0.5:
        return None
    evidence = (*_said_of_task(case.row_task), *map(Evidence.of_log, case.nameless_errors[-1:]))
    return Finding("polling_failing", POSSIBLE, evidence)


def task_done_and_nobody_asked(case: Case) -> Finding | None:
    if not _task_done(case):
        return None
    evidence = (*_said_of_task(case.row_task), Evidence.of_row(case.video, "video_url"))
    doubt = tuple(map(Evidence.of_log, case.nameless_errors[-1:]))
    return Finding("never_polled", LIKELY if doubt else CERTAIN, (*evidence, *doubt))


def task_under_way(case: Case) -> Finding | None:
    task = case.row_task
    if task is None or task.is_terminal or not task.is_known or case.video.is_finished:
        return None
    if len(case.failed_polls) > 1 and task.status != TaskStatus.THROTTLED:
        evidence = (*_said_of_task(task), *_polls(case.failed_polls[:1]))
        return Finding("polling_failing", CERTAIN, evidence)
    return Finding(task.cause, CERTAIN, _said_of_task(task))


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
        _TASK_ACTION[failure_advice(task.failure_code).retry] if task.status == TaskStatus.FAILED else None
    )
    evidence = (Evidence.of_log(poll.entry), Evidence.of_row(case.video, "error_message"))
    return Finding(task.cause, CERTAIN, evidence, action if case.video.is_finished else Action.POLL)


def check_found_no_task(case: Case) -> Finding | None:
    """A look-up of a task that answers 404: it was deleted, or cancelled."""
    if not case.video.runway_video_id or case.row_task or not case.failed_polls:
        return None
    if http_status(case.failed_polls[0].entry.message) != 404:
        return None
    return Finding("cancelled", LIKELY, _polls(case.failed_polls[:1]))


def checks_fail(case: Case) -> Finding | None:
    if not case.video.runway_video_id or case.video.is_finished or not case.failed_polls:
        return None
    evidence = (Evidence.of_row(case.video), *_polls(case.failed_polls[:1]))
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
    return Finding("never_polled", POSSIBLE, (*evidence, _ask_runway(case)))


def id_saved_and_no_word_since(case: Case) -> Finding | None:
    if not case.video.runway_video_id or case.video.is_finished:
        return None
    evidence = (Evidence.of_row(case.video, "runway_video_id"), _ask_runway(case))
    if case.is_recent:
        return Finding("in_progress", LIKELY, evidence, recheck_at=case.due)
    return Finding("never_polled", POSSIBLE, evidence)


def answer_without_id(case: Case) -> Finding | None:
    if case.video.runway_video_id:
        return None
    stages = case.trace.stages
    answered = [
        e for e in case.certain_entries if "esponse" in e.message[:120] and _EMPTY_ID.search(e.message)
    ]
    if case.failure and case.failure.symptom.cause != "no_task_id":
        return None
    if case.failure:
        return Finding("no_task_id", CERTAIN, (case.failure.evidence, *map(Evidence.of_log, answered[:1])))
    if answered and stages:
        return Finding("no_task_id", CERTAIN, tuple(map(Evidence.of_log, answered[:1])))
    return None


def run_failed(case: Case) -> Finding | None:
    failure = case.failure
    if failure is None or case.video.runway_video_id:
        return None
    cause = failure.symptom.cause
    confidence = LIKELY
    if failure.evidence.source is Source.LOG and failure.symptom.direct:
        confidence = CERTAIN
    evidence = (failure.evidence, *_row_error(case, failure.evidence))
    return Finding(cause, confidence, evidence, _action_after_failure(case))


def platform_ended_the_request(case: Case) -> Finding | None:
    if case.video.runway_video_id:
        return None
    for summary in case.trace.summaries[-1:]:
        if summary.status_code == 504:
            return Finding(
                "function_timeout", CERTAIN, (_request(summary.path, 504, summary.at_ms),), _if_sent(case)
            )
        if summary.status_code in (-1, 500, 502, 503) and not case.video.is_finished:
            evidence = (_request(summary.path, summary.status_code, summary.at_ms), *_last_line(case))
            return Finding("function_terminated", LIKELY, evidence, _if_sent(case))
    return None


def key_seen_missing(case: Case) -> Finding | None:
    said = [entry for entry in case.trace.entries if _KEY_MISSING.search(entry.message)]
    if case.video.runway_video_id or not said:
        return None
    return Finding("missing_api_key", LIKELY, tuple(map(Evidence.of_log, said[:1])))


def run_ended_without_a_word(case: Case) -> Finding | None:
    if case.video.runway_video_id or case.video.error_message or not case.trace.stages:
        return None
    states = [stage.state for stage in case.trace.stages]
    if states[-1] is StageState.SEEN or StageState.NOT_OBSERVABLE in (states[-1],):
        return None
    missing = case.trace.first_missing
    evidence = (
        *_last_line(case),
        Evidence.of_row(case.video, "runway_video_id"),
        *_polls(_without_id(case)[-1:]),
    )
    gap = Evidence(Source.LOG, None, f"no line of stage {missing} and no error")
    return Finding("function_terminated", LIKELY, (*evidence[:1], gap, *evidence[1:]), _if_sent(case))


def checked_but_never_begun(case: Case) -> Finding | None:
    if case.video.runway_video_id or case.video.is_finished or case.trace.tries or not _without_id(case):
        return None
    evidence = (*_polls(_without_id(case)[-1:]), Evidence.of_row(case.video, "runway_video_id"))
    return Finding("function_terminated", POSSIBLE, evidence, Action.INVESTIGATE)


def nothing_decides(case: Case) -> Finding | None:
    return Finding(
        "unknown", POSSIBLE, (Evidence.of_row(case.video, "error_message", "runway_video_id"), _wanted(case))
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """`explanation` is one sentence for people: why this finding follows."""

    test: Callable[[Case], Finding | None]
    explanation: str

    @property
    def name(self) -> str:
        return self.test.__name__


RULES: tuple[Rule, ...] = (
    # The row is settled.
    Rule(row_succeeded, "The row says that the video was made."),
    Rule(row_cancelled, "The row says that the video was cancelled."),
    # Dailies itself has tried since.
    Rule(attempt_on_its_way, "The latest attempt made with Dailies has not come back yet."),
    Rule(attempt_settled, "The latest attempt made with Dailies says how it ended."),
    # A task exists, and its id is not in the row: free to repair, so it comes before every error.
    Rule(run_still_going, "The row changed or the run logged something only a moment ago."),
    Rule(
        id_in_the_logs_only,
        "The logs name this video's task, and the row holds no id: the task was paid for.",
    ),
    Rule(some_id_in_the_logs, "This run created one of several tasks whose ids are in no row."),
    Rule(
        saving_the_id_failed, "The database refused the update that saves the id, after Runway had answered."
    ),
    # The row holds an id, and Runway was asked.
    Rule(task_ended_badly, "Runway says how the task ended."),
    Rule(task_done_but_checks_fail, "Runway has finished, and the app's status checks end in errors."),
    Rule(
        task_done_but_nameless_checks_fail,
        "Runway has finished; status checks fail that name nobody, enough for most videos they may be of.",
    ),
    Rule(task_done_and_nobody_asked, "Runway has finished, and no status check has told the row."),
    Rule(task_under_way, "Runway says that the task waits or runs."),
    # The row holds an id, and only the logs tell what became of the task.
    Rule(check_said_it_ended_badly, "The app's last status check was told how the task ended."),
    Rule(check_found_no_task, "The app's status check was told that there is no such task."),
    Rule(checks_fail, "The app's latest status checks end in errors."),
    Rule(
        row_failed_after_the_task_began,
        "The row was set to failed after its task had begun, with this reason.",
    ),
    Rule(check_said_under_way, "The app's last status check was told how far the task is."),
    Rule(id_saved_and_no_word_since, "The id is saved, and nothing was heard of the task since."),
    # No id anywhere: the run says why, the platform does, or silence does.
    Rule(answer_without_id, "Runway answered, and there was no id in its answer."),
    Rule(run_failed, "The first error of the run says why it failed."),
    Rule(platform_ended_the_request, "The platform reports how it ended the request."),
    Rule(key_seen_missing, "The run's own check of its environment found no API key."),
    Rule(
        run_ended_without_a_word,
        "The run stopped between two stages without an error, as frozen functions do.",
    ),
    Rule(
        checked_but_never_begun,
        "Status checks found no id, and the run that should create one logged nothing.",
    ),
    Rule(nothing_decides, "Nothing seen so far decides the cause; the evidence says what would."),
)


def _task_done(case: Case) -> bool:
    return case.row_task is not None and case.row_task.status == TaskStatus.SUCCEEDED


def _said_of_task(task: Task | None) -> tuple[Evidence, ...]:
    if task is None:
        return ()
    failed = (
        f": {task.failure_code or ''} {task.failure or ''}".rstrip(": ")
        if task.failure or task.failure_code
        else ""
    )
    return (Evidence(Source.TASK, task.created_at, f"task {task.id} is {task.status}{failed}"),)


def _said_of_attempt(case: Case, text: str) -> tuple[Evidence, ...]:
    attempt = case.last_attempt
    assert attempt is not None
    return (Evidence(Source.ATTEMPT, attempt.settled_at or attempt.sent_at or attempt.claimed_at, text),)


def _polls(polls: tuple[Poll, ...]) -> tuple[Evidence, ...]:
    return tuple(Evidence.of_log(poll.entry) for poll in polls)


def _without_id(case: Case) -> tuple[Poll, ...]:
    return tuple(poll for poll in case.trace.polls if poll.outcome is PollOutcome.NO_TASK_ID)


def _last_line(case: Case) -> tuple[Evidence, ...]:
    entries: tuple[LogEntry, ...] = case.trace.entries[-1:]
    return tuple(map(Evidence.of_log, entries))


def _row_error(case: Case, said: Evidence) -> tuple[Evidence, ...]:
    if said.source is Source.ROW or not case.video.error_message:
        return ()
    return (Evidence.of_row(case.video, "error_message"),)


def _request(path: str | None, status: int | None, at_ms: int) -> Evidence:
    from lib.domain.trace import time_of

    return Evidence(Source.REQUEST, time_of(at_ms), f"request {path or ''} ended with status {status}")


def _ask_runway(case: Case) -> Evidence:
    return Evidence(Source.NEEDED, None, f"a look-up of task {case.video.runway_video_id} at Runway decides")


def _wanted(case: Case) -> Evidence:
    if case.video.runway_video_id:
        return _ask_runway(case)
    when = case.video.created_at.isoformat(timespec="seconds")
    if not case.trace.tries:
        return Evidence(Source.NEEDED, None, f"the log of the request that began at {when} decides")
    return Evidence(Source.NEEDED, None, "the log lines that follow the last one seen decide")


def _if_sent(case: Case) -> Action:
    """A run that may have sent its request may have created a task: only a run that did not is retried."""
    return Action.INVESTIGATE if case.trace.sent or not case.trace.stages else Action.RETRY


def _action_after_failure(case: Case) -> Action | None:
    assert case.failure is not None
    symptom = case.failure.symptom
    if symptom.cause in ("function_terminated", "function_timeout"):
        return _if_sent(case)
    return Action.INVESTIGATE if symptom.uncertain else None

"""What rules say in the same words."""

from __future__ import annotations

from lib.domain.diagnosis.dossier import Dossier
from lib.domain.diagnosis.verdict import Evidence, Source
from lib.domain.task import Task
from lib.domain.trace import LogEntry, Poll, PollOutcome


def said_of_task(task: Task | None) -> tuple[Evidence, ...]:
    if task is None:
        return ()
    failed = (
        f": {task.failure_code or ''} {task.failure or ''}".rstrip(": ")
        if task.failure or task.failure_code
        else ""
    )
    refused = f"; the row refused that: {task.row_problem}" if task.row_problem else ""
    return (Evidence(Source.TASK, task.created_at, f"task {task.id} is {task.status}{failed}{refused}"),)


def said_of_attempt(dossier: Dossier, text: str) -> tuple[Evidence, ...]:
    attempt = dossier.last_attempt
    assert attempt is not None
    return (Evidence(Source.ATTEMPT, attempt.settled_at or attempt.sent_at or attempt.claimed_at, text),)


def said_by_polls(polls: tuple[Poll, ...]) -> tuple[Evidence, ...]:
    return tuple(Evidence.of_log(poll.entry) for poll in polls)


def without_id(dossier: Dossier) -> tuple[Poll, ...]:
    return tuple(poll for poll in dossier.trace.polls if poll.outcome is PollOutcome.NO_TASK_ID)


def last_line(dossier: Dossier) -> tuple[Evidence, ...]:
    entries: tuple[LogEntry, ...] = dossier.trace.entries[-1:]
    return tuple(map(Evidence.of_log, entries))


def ask_runway(dossier: Dossier) -> Evidence:
    return Evidence(
        Source.NEEDED, None, f"a look-up of task {dossier.video.runway_video_id} at Runway decides"
    )

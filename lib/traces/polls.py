"""Status requests: the production app asking Runway how a task is, whenever a browser asks the app."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from enum import StrEnum

from lib.domain.trace import LogEntry, Poll, PollOutcome, time_of


class PollSign(StrEnum):
    """What a line tells of a status request."""

    BEGUN = "begun"
    ANSWER = "answer"
    DETAIL = "detail"
    NO_TASK_ID = "no_task_id"
    ERROR = "error"


_SIGNS = (
    (PollSign.NO_TASK_ID, re.compile(r"\b(?:no|without an?|missing) runway_?video_?id\b", re.I)),
    (
        PollSign.ERROR,
        re.compile(
            r"(?:Error|Failed|Exception)[^\n{]{0,12} (?:check|poll|fetch|gett|get|retriev)\w*"
            r" (?:the )?(?:video|task) ?status",
            re.I,
        ),
    ),
    (PollSign.BEGUN, re.compile(r"(?:Checking|Polling|Fetching) (?:the )?(?:video|task) ?status", re.I)),
    (PollSign.ANSWER, re.compile(r"Task status response", re.I)),
    (PollSign.DETAIL, re.compile(r"Extracted from task", re.I)),
)
_STATUS = re.compile(r"\bstatus['\"]?: ['\"]([A-Za-z_]+)['\"]")
_FAILURE = re.compile(r"\bfailure['\"]?: (?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")")
_FAILURE_CODE = re.compile(r"\bfailureCode['\"]?: ['\"]([\w.]+)['\"]")
_READ = 400
SHORTEST_PAUSE_MS = 3_000  # between two checks of one browser


def poll_sign(message: str) -> PollSign | None:
    """What the message tells of a status request, None when it is about something else."""
    start = message[:_READ]
    lowered = start.lower()
    if "status" not in lowered and "runway" not in lowered and "extracted" not in lowered:
        return None
    return next((sign for sign, pattern in _SIGNS if pattern.search(start)), None)


def read_poll(entries: Sequence[LogEntry]) -> Poll:
    """What the lines of one status request say together."""
    signs = [(poll_sign(entry.message), entry) for entry in entries]
    answer = next((entry for sign, entry in signs if sign is PollSign.ANSWER), None)
    failed = next((entry for entry in entries if entry.level in ("error", "fatal")), None)
    no_id = next((entry for sign, entry in signs if sign is PollSign.NO_TASK_ID), None)
    told = failed or no_id or answer or entries[0]
    outcome = PollOutcome.SILENT
    if failed:
        outcome = PollOutcome.FAILED
    elif no_id:
        outcome = PollOutcome.NO_TASK_ID
    elif answer:
        outcome = PollOutcome.ANSWERED
    text = answer.message if answer else ""
    failure = _FAILURE.search(text)
    return Poll(
        at=time_of(entries[0].at_ms),
        outcome=outcome,
        entry=told,
        status=_first(_STATUS, text),
        failure=(failure[1] or failure[2]) if failure else None,
        failure_code=_first(_FAILURE_CODE, text),
    )


def pollers(errors: Sequence[LogEntry]) -> int:
    """How many browsers must have been asking at least, to leave these failed checks that name nobody."""
    times = sorted(entry.at_ms for entry in errors)
    return max((bisect_left(times, at + SHORTEST_PAUSE_MS) - i for i, at in enumerate(times)), default=0)


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None

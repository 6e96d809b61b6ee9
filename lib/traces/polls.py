"""Status requests: the production app asking Runway how a task is, whenever a browser asks the app."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from lib.domain.memo import MESSAGES
from lib.domain.task import TERMINAL
from lib.domain.trace import LogEntry, Poll, PollOutcome, Stage, StageState, time_of
from lib.domain.video import Video


class PollSign(StrEnum):
    """What a line tells of a status request."""

    BEGUN = "begun"
    ANSWER = "answer"
    DETAIL = "detail"
    NO_TASK_ID = "no_task_id"
    ERROR = "error"


# Each with words: its pattern needs one of each group, and to find those is cheaper than to try the pattern.
_SIGNS = (
    (
        PollSign.NO_TASK_ID,
        (("runway",), ("video",), ("no ", "without a", "missing ")),
        re.compile(r"\b(?:no|without an?|missing) runway_?video_?id\b", re.I),
    ),
    (
        PollSign.ERROR,
        (("status",), ("error", "failed", "exception")),
        re.compile(
            r"(?:Error|Failed|Exception)[^\n{]{0,12} (?:check|poll|fetch|gett|get|retriev)\w*"
            r" (?:the )?(?:video|task) ?status",
            re.I,
        ),
    ),
    (
        PollSign.BEGUN,
        (("status",), ("checking", "polling", "fetching")),
        re.compile(r"(?:Checking|Polling|Fetching) (?:the )?(?:video|task) ?status", re.I),
    ),
    (PollSign.ANSWER, (("task status response",),), re.compile(r"Task status response", re.I)),
    (PollSign.DETAIL, (("extracted from task",),), re.compile(r"Extracted from task", re.I)),
)
_STATUS = re.compile(r"\bstatus['\"]?: ['\"]([A-Za-z_]+)['\"]")
_FAILURE = re.compile(r"\bfailure['\"]?: (?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")")
_FAILURE_CODE = re.compile(r"\bfailureCode['\"]?: ['\"]([\w.]+)['\"]")
_READ = 400
POLLING = ("status_asked", "runway_answered", "row_updated")  # stages of every flow, after its own
SHORTEST_PAUSE_MS = 3_000  # between two checks of one browser


def poll_sign(message: str) -> PollSign | None:
    """What the message tells of a status request, None when it is about something else."""
    return _sign(message[:_READ])


@lru_cache(maxsize=MESSAGES)
def _sign(start: str) -> PollSign | None:
    lowered = start.lower()
    if "status" not in lowered and "runway" not in lowered and "extracted" not in lowered:
        return None
    for sign, groups, pattern in _SIGNS:
        if all(any(map(lowered.__contains__, words)) for words in groups) and pattern.search(start):
            return sign
    return None


def read_poll(entries: Sequence[LogEntry]) -> Poll:
    """What the lines of one status request say together."""
    first: dict[PollSign | None, LogEntry] = {}
    failed = None
    for entry in entries:
        first.setdefault(poll_sign(entry.message), entry)
        failed = failed or (entry if entry.level in ("error", "fatal") else None)
    answer, no_id = first.get(PollSign.ANSWER), first.get(PollSign.NO_TASK_ID)
    told = failed or no_id or answer or entries[0]
    outcome = PollOutcome.SILENT
    if failed:
        outcome = PollOutcome.FAILED
    elif no_id:
        outcome = PollOutcome.NO_TASK_ID
    elif answer:
        outcome = PollOutcome.ANSWERED
    at = time_of(entries[0].at_ms)
    begun = next((n for n, entry in enumerate(entries) if poll_sign(entry.message) is PollSign.BEGUN), -1)
    asked = answer is not None or (no_id is None and len(entries) > begun + 1)
    if not answer:
        return Poll(at, outcome, told, may_have_asked=asked)
    failure = _FAILURE.search(answer.message)
    return Poll(
        at,
        outcome,
        told,
        status=_first(_STATUS, answer.message),
        failure=(failure[1] or failure[2]) if failure else None,
        failure_code=_first(_FAILURE_CODE, answer.message),
        may_have_asked=asked,
    )


def polling_stages(video: Video, polls: Sequence[Poll], watched: bool) -> tuple[Stage, ...]:
    """What comes after the id was saved: the app asks how the task is, Runway answers, the row says it.

    `watched` tells whether logs would show a status request.
    """
    if not video.runway_video_id:
        return tuple(Stage(key, StageState.NOT_REACHED) for key in POLLING)
    done = video.is_finished
    unseen = StageState.MISSING if watched and not done else StageState.NOT_OBSERVABLE
    answer = next((poll for poll in polls if poll.outcome is PollOutcome.ANSWERED), None)
    ended = any(poll.status in TERMINAL for poll in polls)
    asked, answered, updated = POLLING
    return (
        Stage(asked, StageState.SEEN, polls[0].at) if polls else Stage(asked, unseen),
        Stage(answered, StageState.SEEN, answer.at)
        if answer
        else Stage(answered, unseen if polls or done else StageState.NOT_REACHED),
        Stage(updated, StageState.SEEN, video.updated_at)
        if done
        else Stage(updated, StageState.MISSING if ended else StageState.NOT_REACHED),
    )


def pollers(errors: Sequence[LogEntry]) -> int:
    """How many browsers must have been asking at least, to leave these failed checks that name nobody."""
    times = sorted(entry.at_ms for entry in errors)
    return max((bisect_left(times, at + SHORTEST_PAUSE_MS) - i for i, at in enumerate(times)), default=0)


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None

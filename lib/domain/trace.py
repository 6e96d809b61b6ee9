"""What was seen of a video's flow in the logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple
from zlib import crc32


class LogEntry(NamedTuple):
    """One message of a log source, redacted. A tuple, because an import makes millions of them."""

    at_ms: int  # epoch milliseconds, UTC
    level: str  # info, warning, error or fatal
    message: str
    request_id: str | None  # region prefix stripped; None in pasted text
    path: str | None = None  # of the request, without host
    status_code: int | None = None  # of the request; None while unknown
    deployment_id: str | None = None
    entry_id: str | None = None  # the source's own id of this entry (drains), for dropping repeats


as_entry = partial(tuple.__new__, LogEntry)  # of a tuple of all its fields: half the work of LogEntry(…)


MADE_UP = "text-"  # begins the ids given to requests of text without any, in SQL too: they depend on the text


def made_up_id(at_ms: int, what: str) -> str:
    """An id for a request of a text that gives none, the same in every copy of the text."""
    return f"{MADE_UP}{at_ms}-{crc32(what.encode(errors='replace')):08x}"


def is_made_up(request: str | None) -> bool:
    """Whether lines are together because they fit, and no source says so."""
    return request is None or request.startswith(MADE_UP)


class RequestSummary(NamedTuple):
    """What a source says of a whole request, apart from its messages."""

    request_id: str
    at_ms: int
    method: str | None = None
    path: str | None = None
    status_code: int | None = None  # -1 from the source means: no answer was returned
    duration_ms: int | None = None
    deployment_id: str | None = None


class StageState(StrEnum):
    SEEN = "seen"
    MISSING = "missing"
    NOT_REACHED = "not_reached"
    NOT_OBSERVABLE = "not_observable"


@dataclass(frozen=True, slots=True)
class Stage:
    stage: str
    state: StageState
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the flow for a video: what it logged, in order, in whatever request the lines stand.

    doubtful        those of its entries that name nothing and stand among another run's
    sent, created   whether it reached the call to Runway, and Runway's answer
    ended_unsent    its stages go on before the call to Runway and stop there, and the call's line would have
                    been seen: its flow has such a line, no log limit was hit, more than one line of a request
                    is kept, no stage before the last is missing, and no line of the call that is nobody's for
                    certain may be its
    afterwards      what it logged behind its last stage, but for what its flow says is nothing of the call
    call            the line of its call to Runway, or of the last stage before it; None without any
    posts           how often it logged the call to Runway, one that may be its call among them
    tasks           that it may have created
    in_part         whether lines that may be its are kept from view: nothing follows from what is not there
    """

    entries: tuple[LogEntry, ...]
    request_id: str | None  # of its first line
    deployment_id: str | None
    doubtful: frozenset[LogEntry] = frozenset()
    sent: bool = False
    created: bool = False
    ended_unsent: bool = False
    afterwards: tuple[LogEntry, ...] = ()
    call: LogEntry | None = None
    posts: int = 0
    tasks: frozenset[str] = frozenset()
    in_part: bool = False

    @property
    def last_at(self) -> datetime:
        return time_of(max(entry.at_ms for entry in self.entries))


@dataclass(frozen=True, slots=True)
class NobodysTask:
    """A task that logs name and that no video can be told to have: it was paid for all the same.

    entry       the first line that names it
    candidates  ids of the videos that it may belong to; none where no row waited for a task then
    """

    task_id: str
    entry: LogEntry
    candidates: tuple[str, ...] = ()


class PollOutcome(StrEnum):
    ANSWERED = "answered"  # Runway said how the task is
    FAILED = "failed"  # the check ended in an error
    NO_TASK_ID = "no_task_id"  # the row had no id to ask for
    SILENT = "silent"  # begun, and nothing more was logged


@dataclass(frozen=True, slots=True)
class Poll:
    """One status request of the production app.

    may_have_asked  whether it may have asked Runway, which takes a task's id: it logged more than that it
                    began, and not that the row has none
    """

    at: datetime
    outcome: PollOutcome
    entry: LogEntry  # the line that says so
    status: str | None = None  # Runway's word for the task
    failure: str | None = None
    failure_code: str | None = None
    may_have_asked: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """What the logs show of a video.

    flow            key of the flow that fits best; None when no stage of any was seen
    stages          of the latest try
    polling         the stages that come after the flow's own, of status requests
    sent, created   whether any try reached the call to Runway, and Runway's answer
    task_ids        tasks that the logs say are this video's
    candidates      tasks that may be this video's or another's: the text leaves two readings
    named           tasks that its lines name or mention, in whatever words
    summaries       of the requests in which its runs began
    observed        whether logs of the time in question exist at all
    observed_until  up to when everything that was logged after the latest line is known; None: nobody knows
    """

    flow: str | None = None
    stages: tuple[Stage, ...] = ()
    runs: tuple[Run, ...] = ()
    polls: tuple[Poll, ...] = ()
    polling: tuple[Stage, ...] = ()
    sent: bool = False
    created: bool = False
    task_ids: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    summaries: tuple[RequestSummary, ...] = ()
    observed: bool = False
    observed_until: datetime | None = None

    @property
    def entries(self) -> tuple[LogEntry, ...]:
        """Lines of the latest try."""
        return self.runs[-1].entries if self.runs else ()

    @property
    def deployment_id(self) -> str | None:
        return next((run.deployment_id for run in reversed(self.runs) if run.deployment_id), None)

    @property
    def first_missing(self) -> str | None:
        return next((s.stage for s in (*self.stages, *self.polling) if s.state is StageState.MISSING), None)

    def saw(self, stage: str) -> bool:
        return any(s.stage == stage and s.state is StageState.SEEN for s in self.stages)


def time_of(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)

"""A dossier: all that is known of one video when it is judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from lib.domain.account import Around
from lib.domain.attempt import Attempt
from lib.domain.cause import CAUSES, Action, Side
from lib.domain.diagnosis.symptoms import Speaker, Symptom, http_status, is_warning, read_error
from lib.domain.diagnosis.verdict import Evidence
from lib.domain.memo import may_hold
from lib.domain.pricing import DEFAULT_MODEL
from lib.domain.task import Task
from lib.domain.trace import LogEntry, Poll, PollOutcome, Run, Trace, time_of
from lib.domain.video import Video

# A plain refusal by status; what is said beside it is more telling.
_REFINED_BY = {
    "invalid_request": frozenset(
        {"insufficient_credits", "moderated", "rate_limited", "wrong_headers", "model_unavailable"}
    ),
    "unauthorized": frozenset({"insufficient_credits", "moderated", "model_unavailable"}),
}
_REFUSAL = re.compile(r"response status|status code", re.I)
_ENDPOINT = re.compile(
    r"\b(?:image|text|video)(?:_to_|-to-|to)(?:video|image)(?![a-z])|\bcharacter[_-]?performance\b"
    r"|\b(?:video|image)[_-]?upscale\b",
    re.I,
)
_ENDPOINTS = ("to_", "to-", "tovideo", "toimage", "performance", "upscale")
_OURS = ("imagetovideo", "texttovideo")
_BEFORE_OURS = "texttoimage"  # a run may draw the picture first
_READ = 1_000
_SAVING = re.compile(r"runway_?video_?id|video record|runway response", re.I)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the run that should have created the task failed, and the line or row that says so."""

    symptom: Symptom
    evidence: Evidence


@dataclass(frozen=True)
class Dossier:
    """tasks             what Runway said of every task that the row, an attempt or the logs name, by id
    stuck_after       how long an unfinished video may be silent
    nameless_errors   failed status checks that name no video, and so may be this one's
    nameless_share    how many of the videos that they may belong to are being asked for, 0 to 1
    readings          of Runway's account around the last attempt
    model             what a retry asks for where nothing says what was asked before
    left_to_workers   the team leaves queued rows to Dailies' workers: the app itself begins none
    logs_expired      logs of the video's time have been dropped: nothing follows from what is not there
    had               tasks that were looked up as this video's, whatever its row says now
    """

    video: Video
    trace: Trace
    tasks: Mapping[str, Task]
    attempts: tuple[Attempt, ...]
    now: datetime
    stuck_after: timedelta
    nameless_errors: tuple[LogEntry, ...] = ()
    nameless_share: float = 0.0
    readings: Around | None = None
    model: str = DEFAULT_MODEL
    left_to_workers: bool = False
    logs_expired: bool = False
    had: tuple[str, ...] = ()

    @property
    def task(self) -> Task | None:
        """The row's task, or the one that the logs name, when Runway was asked."""
        named = (self.video.runway_video_id or "", *self.trace.task_ids)
        return next((self.tasks[each] for each in named if each in self.tasks), None)

    @cached_property
    def in_vain(self) -> frozenset[str]:
        """Tasks of earlier tries that ended without a video: none of them is the lost one."""
        if not self.attempts:
            return frozenset()
        return frozenset(task.id for task in self.tasks.values() if task.ended_in_vain)

    @cached_property
    def lost_task(self) -> str | None:
        """The task that is certainly this video's although its row holds no id; the latest of several."""
        if self.video.runway_video_id:
            return None
        attempted = [a.task_id for a in self.attempts if a.task_id]
        named = attempted or self.trace.task_ids
        return next((each for each in reversed(named) if each not in self.in_vain), None)

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """Tasks that may be this video's or another's."""
        if self.video.runway_video_id:
            return ()
        return tuple(each for each in self.trace.candidates if each not in self.in_vain)

    def other_endpoint(self, asked: str) -> str | None:
        """The creation that the row or the latest run names, where it is neither `asked` nor an ordinary one.

        Users write there, too: what they write may keep from paying, never lead to it.
        """
        told = [value[:_READ] for value in self.video.columns.values() if isinstance(value, str)]
        told += [entry.message[:_READ] for entry in self.trace.entries]
        named = {
            re.sub("[_-]", "", name.lower()): name
            for text in told
            if may_hold(text, _ENDPOINTS)
            for name in _ENDPOINT.findall(text)
        }
        own = asked.replace("_", "")
        harmless = {own, *_OURS} | (set() if named.keys().isdisjoint({own, *_OURS}) else {_BEFORE_OURS})
        return next((name for plain, name in named.items() if plain not in harmless), None)

    @property
    def row_task(self) -> Task | None:
        return self.tasks.get(self.video.runway_video_id or "")

    @property
    def last_attempt(self) -> Attempt | None:
        return max(self.attempts, key=lambda attempt: attempt.number, default=None)

    @cached_property
    def last_active(self) -> datetime:
        """When the video's run, or whoever changed its row, last gave a sign of life."""
        times = [self.video.created_at, self.video.updated_at]
        times += [time_of(entry.at_ms) for entry in self.trace.entries[-1:]]
        return max(at for at in times if at and (at <= self.now or at == self.video.created_at))

    @cached_property
    def app_runs(self) -> tuple[Run, ...]:
        """The production app's own; what Dailies logs of its attempts are not among them."""
        ours = {attempt.request_id for attempt in self.attempts}
        return tuple(run for run in self.trace.runs if run.request_id not in ours)

    @property
    def is_recent(self) -> bool:
        return self.now - self.last_active < self.stuck_after

    @property
    def due(self) -> datetime:
        """When the video is no longer recent."""
        return self.last_active + self.stuck_after

    @cached_property
    def failure(self) -> Failure | None:
        """Lines that are certainly the run's come first, then its row, then lines that are probably its."""
        return (
            self._failure_of(self.certain_entries)
            or self._failure_of_row()
            or self._failure_of(entry for entry in self.trace.entries if entry not in self.certain_entries)
        )

    @cached_property
    def certain_entries(self) -> tuple[LogEntry, ...]:
        """Lines of the latest try that cannot be another run's."""
        runs = self.trace.runs[-1:]
        return tuple(entry for run in runs for entry in run.entries if entry not in run.doubtful)

    def _failure_of(self, entries: Iterable[LogEntry]) -> Failure | None:
        """The first error says why the run failed; later ones are its consequences, or say it more exactly.

        A service that failed before the run went on to Runway is not why.
        """
        first: Failure | None = None
        for entry in entries:
            if not tells_of_failure(entry):
                continue
            symptom = self._read(entry.message)
            if symptom is None:
                continue
            if first is None or _says_more(symptom, first.symptom):
                first = Failure(symptom, Evidence.of_log(entry))
        return first

    def _failure_of_row(self) -> Failure | None:
        text = self.video.error_message
        symptom = self._read(text) if text else None
        return Failure(symptom, Evidence.of_row(self.video, "error_message")) if symptom else None

    def _read(self, text: str) -> Symptom | None:
        """What an error of the latest run speaks for: nothing, where its words fit any failure of anybody.

        Where the run ended before it called Runway, an error that names nobody is another's; only words about
        the input mean the same whoever says them.
        """
        symptom = read_error(text)
        if symptom is None or symptom.vague:
            return None
        if symptom.speaker is not Speaker.UNKNOWN or not self._ended_unsent:
            return symptom
        cause = CAUSES[symptom.cause]
        of_the_input = cause.action is Action.CHANGE_INPUT and not symptom.direct
        if cause.side is not Side.RUNWAY or of_the_input:
            return symptom
        return Symptom("service_failed", direct=False)

    @property
    def _ended_unsent(self) -> bool:
        return bool(self.trace.runs) and self.trace.runs[-1].ended_unsent

    @property
    def failed_while_saving(self) -> bool:
        return self.failure is not None and bool(_SAVING.search(self.failure.evidence.text))

    @cached_property
    def failed_polls(self) -> tuple[Poll, ...]:
        """The latest status checks, as far back as they all failed."""
        failed: list[Poll] = []
        for poll in reversed(self.trace.polls):
            if poll.outcome is not PollOutcome.FAILED:
                break
            failed.append(poll)
        return tuple(failed)

    @cached_property
    def last_answer(self) -> Poll | None:
        answers = (poll for poll in reversed(self.trace.polls) if poll.status)
        return next(answers, None)


def _says_more(later: Symptom, first: Symptom) -> bool:
    went_on = first.cause == "service_failed" and later.speaker in (Speaker.RUNWAY, Speaker.APP)
    return went_on or later.cause in _REFINED_BY.get(first.cause, ())


def tells_of_failure(entry: LogEntry) -> bool:
    begins = entry.message[:80]
    fails = entry.level in ("error", "fatal") or (
        may_hold(begins, ("status",))
        and _REFUSAL.search(begins) is not None
        and http_status(entry.message) is not None
    )
    return fails and not is_warning(entry.message)

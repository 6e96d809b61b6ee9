"""What proves that no task can exist, or that the known one has ended.

The table in docs/architecture.md is `FACTS`, row by row. Only a fact makes a repair free of asking: no
wording does, and one run of the app that is not accounted for outweighs every fact about the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from lib.domain.attempt import AttemptState
from lib.domain.cause import CAUSES, Trait
from lib.domain.diagnosis.dossier import Dossier, tells_of_failure
from lib.domain.diagnosis.symptoms import Speaker, Symptom, read_error
from lib.domain.diagnosis.text import LONGEST
from lib.domain.trace import LogEntry, Run, time_of

AFTER_THE_END = timedelta(seconds=2)  # logs that go on so long after a run that has said how it ended
ONE_POST = timedelta(seconds=60)  # the SDK's time-out: a later answer may be that of its second post
SOONEST_POST = timedelta(milliseconds=375)  # before that the SDK posts no second time after an answer of 5xx
OF_THE_MOMENT = frozenset({"rate_limited", "insufficient_credits"})  # a post before may have been accepted
# What stands before the platform's own words, and Node's.
_BEFORE = re.compile(
    r"(?:\[?\d{4}-\d\d-\d\d[T ][\d:.]{8,15}Z?\]?\s{1,4})?"
    r"(?:(?:RequestId: )?[0-9a-f]{8}-[0-9a-f-]{27}\s{1,4})?(?:(?:ERROR|WARN|INFO)\s{1,4})?"
)
_OF_NODE = re.compile(
    r"\(node:\d{1,9}\) (?:\[DEP\d{4}\] )?(?!UnhandledPromise)\w{0,40}Warning: |\(Use `node --trace-"
)
_OF_LAMBDA = re.compile(r"(?:START|END|REPORT|INIT_START) RequestId: ")
# An app's own words for what it waits for, in a sentence that is otherwise the platform's.
_OF_THE_APP = re.compile(
    r"runway|image|video|clip|/v\d|\btask\b(?! timed out after \d)|credit|provider|post|gateway|endpoint"
    r"|generation|\[",
    re.I,
)
_BARE_TASK = re.compile(r"(?:error: )?task timed out after \d{1,6} ?s", re.I)
_ACCEPTED = re.compile(r"\bstatus(?: ?code)?['\"]?\s{0,3}[:=]?\s{0,3}2\d\d\b", re.I)
_DEPRECATION = re.compile(r"`[^`\n]{1,80}`|\[DEP\d{4}\]|'[^'\n]{0,80}'")
_ANSWER = re.compile(r"(?:\[[^\]\n]{1,40}\] )?Response status: 4\d\d\b")
_TEXT_OF_A_FAILURE = re.compile(r"err|fail", re.I)


class Proof(StrEnum):
    TASK_ENDED = "task_ended"
    ATTEMPT_REFUSED = "attempt_refused"
    ATTEMPT_NOT_SENT = "attempt_not_sent"
    RUN_NOT_SENT = "run_not_sent"
    RUN_REFUSED = "run_refused"
    LEFT_TO_WORKERS = "left_to_workers"


class Fact(NamedTuple):
    proof: Proof
    holds: Callable[[Dossier], bool]
    says: str  # what it proves, for people


def proof_of(dossier: Dossier) -> Fact | None:
    """The first fact that holds; None where a task may exist."""
    if (
        dossier.lost_task
        or dossier.candidates
        or dossier.video.other_task_id
        or _last_attempt_is(AttemptState.UNKNOWN, dossier)
        or _was_asked_for(dossier)
        or not {*dossier.trace.named, *dossier.had} <= _ended(dossier)
        or not all(_accounted_for(dossier))
    ):
        return None
    return next((fact for fact in FACTS if fact.holds(dossier)), None)


def doubt_of(dossier: Dossier) -> str:
    """Why nothing is proved, in one sentence for people."""
    runs, until, other = _doubtful_runs(dossier), dossier.trace.observed_until, dossier.video.other_task_id
    ended = _ended(dossier)
    named = [task for task in dossier.trace.named if task not in ended]
    had = [task for task in dossier.had if task not in ended]
    answers = [_answers_of(run, dossier) for run in runs if run.sent]
    doubts = (
        (other is not None, f"Another column of the row holds {other}"),
        (_was_asked_for(dossier), "A status check may have asked Runway, so the app may know a task's id"),
        (bool(had), f"The video had {', '.join(had)}, and nobody knows that it ended"),
        (dossier.logs_expired, "Logs of the video's time have been dropped, and some may have told of it"),
        (not runs, "No log shows whether the app called Runway"),
        (any(run.created for run in runs), "The logs show that Runway answered with a task"),
        (not all(answers), "The app had called Runway, and no answer is on record"),
        (
            not all(any(symptom.refusal for symptom in each) for each in answers),
            "The app had called Runway, and what Runway answered does not say that it created nothing",
        ),
        (bool(named), f"The logs name {', '.join(named)}, and nobody knows that it ended"),
        (any(run.in_part for run in runs), "Lines of other requests may be of the call"),
        (until is None, "Whether these logs hold all that was written is not known, as of a drain"),
        (
            not all(_is_over(run, dossier) for run in runs),
            "The logs end with this run, so what came after it is not known",
        ),
        (
            bool(answers),
            "Runway refused the app's request, but perhaps only when it was sent a second time",
        ),
        (
            not all(run.ended_unsent for run in runs),
            "Where the run ended cannot be told for certain from these logs",
        ),
        (True, "The run seems to have ended early, but what was said behind it may be of the call"),
    )
    return next(doubt for holds, doubt in doubts if holds) + ": a task may exist, paid for."


def _answers_of(run: Run, dossier: Dossier) -> list[Symptom]:
    told = (symptom for symptom, _ in _told(run, dossier) if symptom.cause != "runway_unreachable")
    return [symptom for symptom in told if symptom.speaker is Speaker.RUNWAY]


def _task_ended(dossier: Dossier) -> bool:
    """A task that Runway does not find may be another key's, unless the row was told that it ended."""
    task, is_finished = dossier.row_task, dossier.video.is_finished
    return task is not None and task.ended_in_vain and (is_finished or not task.is_gone)


def _attempt_refused(dossier: Dossier) -> bool:
    return not dossier.video.runway_video_id and _last_attempt_is(AttemptState.REFUSED, dossier)


def _attempt_not_sent(dossier: Dossier) -> bool:
    return not dossier.video.runway_video_id and _last_attempt_is(AttemptState.ABANDONED, dossier)


def _run_not_sent(dossier: Dossier) -> bool:
    runs = _new_runs(dossier)
    return bool(runs) and not dossier.video.runway_video_id and all(_not_sent(run, dossier) for run in runs)


def _run_refused(dossier: Dossier) -> bool:
    """The others, if there are any, were not sent: they are accounted for."""
    runs = _new_runs(dossier)
    return not dossier.video.runway_video_id and any(_refused(run, dossier) for run in runs)


def _left_to_workers(dossier: Dossier) -> bool:
    video = dossier.video
    untouched = video.status == "queued" and not dossier.attempts and not dossier.trace.runs
    known = untouched and not dossier.logs_expired
    return dossier.left_to_workers and known and not video.runway_video_id and not _row_tells_more(dossier)


FACTS: tuple[Fact, ...] = (
    Fact(Proof.TASK_ENDED, _task_ended, "Runway says that the video's task has ended without a video."),
    Fact(Proof.ATTEMPT_REFUSED, _attempt_refused, "The last attempt was refused: it created nothing."),
    Fact(Proof.ATTEMPT_NOT_SENT, _attempt_not_sent, "The last attempt ended before it was sent."),
    Fact(Proof.RUN_NOT_SENT, _run_not_sent, "The app's run is over, and it ended before it called Runway."),
    Fact(Proof.RUN_REFUSED, _run_refused, "Runway itself refused the app's request: it created nothing."),
    Fact(Proof.LEFT_TO_WORKERS, _left_to_workers, "The app leaves queued videos to the workers."),
)


def _last_attempt_is(state: AttemptState, dossier: Dossier) -> bool:
    return dossier.last_attempt is not None and dossier.last_attempt.state is state


def _new_runs(dossier: Dossier) -> tuple[Run, ...]:
    """The app's runs that logged anything since the last attempt."""
    return tuple(run for run in dossier.app_runs if not _tried_since(run, dossier))


def _tried_since(run: Run, dossier: Dossier) -> bool:
    """Whether Dailies has made an attempt since: it cleared what the row had said of the run."""
    return any(run.last_at <= each.claimed_at for each in dossier.attempts)


def _doubtful_runs(dossier: Dossier) -> tuple[Run, ...]:
    """The app's runs, but for those before an attempt that somebody made although a task may exist. Whatever
    was made because of a proof says nothing of them: they may have logged more than had come by then."""
    accepted = max((each.claimed_at for each in dossier.attempts if each.overridden), default=None)
    return tuple(run for run in dossier.app_runs if accepted is None or run.last_at > accepted)


def _accounted_for(dossier: Dossier) -> Iterator[bool]:
    """Of each run, whether it is known what came of it."""
    known = _ended(dossier)
    for run in _doubtful_runs(dossier):
        named = len(run.tasks) >= max(run.posts, 1) and run.tasks <= known
        yield named or _not_sent(run, dossier) or _refused(run, dossier)


def _ended(dossier: Dossier) -> set[str]:
    """The row's task, and others of which Runway says that they ended without a video."""
    ended = {task.id for task in dossier.tasks.values() if task.ended_in_vain}
    return ended | {dossier.video.runway_video_id or ""}


def _was_asked_for(dossier: Dossier) -> bool:
    """Whether the app may have asked Runway how a task is, and none is known that this may have been."""
    return any(poll.may_have_asked for poll in dossier.trace.polls) and not any(_ended(dossier))


def _not_sent(run: Run, dossier: Dossier) -> bool:
    """It is over, its logs would show the call to Runway, and nothing came behind its last stage but the
    platform's own words: what else was logged there, or written into the row, may be of the call."""
    silent = all(_is_the_platforms(entry.message) for entry in run.afterwards)
    told = _row_tells_more(dossier) and not _tried_since(run, dossier)
    return run.ended_unsent and silent and not told and _is_over(run, dossier)


def _row_tells_more(dossier: Dossier) -> bool:
    """A function that is killed cannot say so in its row: whoever wrote there had gone on."""
    video = dossier.video
    failures = (value for name, value in video.columns.items() if _TEXT_OF_A_FAILURE.search(name))
    texts = (video.error_message, video.video_url, *failures)
    return any(isinstance(text, str) and text.strip() for text in texts)


def _is_the_platforms(text: str) -> bool:
    """Whether every line of it is: how a function ended, Lambda's frame, Node's warning of the code."""
    lines = [line[found.end() :] for line in text[:LONGEST].splitlines() if (found := _BEFORE.match(line))]
    lines = [line for line in lines if line.strip() and not line.lstrip().startswith("at ")]
    return bool(lines) and all(_is_a_platforms_line(line, text) for line in lines)


def _is_a_platforms_line(line: str, text: str) -> bool:
    if _OF_LAMBDA.match(line):
        return True
    if _OF_THE_APP.search(_DEPRECATION.sub("", line)):
        return False
    if _OF_NODE.match(line):
        return True
    symptom = read_error(line)
    of_an_app = _BARE_TASK.match(line) and line == text
    return symptom is not None and symptom.speaker is Speaker.PLATFORM and not of_an_app


def _refused(run: Run, dossier: Dossier) -> bool:
    """Runway's own refusal, and no sign of a creation. The SDK posts again by itself after a time-out or a
    server error: where the run tells of one, or of anything in other words, or took so long, the refusal may
    be that of a second post, or of something else. It tells nobody of that: what is refused for the
    moment was the first post where it came sooner, or where the app logs each answer."""
    told = list(_told(run, dossier))
    may_exist = any(not _created_nothing(symptom) for symptom, _ in told)
    refusals = {symptom.cause for symptom, is_certain in told if symptom.refusal and is_certain}
    known = all(map(_tells_of_the_refusal, run.afterwards))
    accepted = any(_ACCEPTED.search(entry.message[:LONGEST]) for entry in run.entries)
    answered = any(_ANSWER.match(entry.message) for entry in run.afterwards)
    one_post = ONE_POST if answered or refusals.isdisjoint(OF_THE_MOMENT) else SOONEST_POST
    at_once = run.last_at - time_of((run.call or run.entries[0]).at_ms) < one_post
    doubtful = may_exist or accepted or run.created or run.posts > 1 or not (known and at_once)
    return bool(refusals) and not doubtful and _is_over(run, dossier)


def _created_nothing(symptom: Symptom) -> bool:
    return Trait.CREATED_NOTHING in CAUSES[symptom.cause].traits


def _tells_of_the_refusal(entry: LogEntry) -> bool:
    symptom = read_error(entry.message) if tells_of_failure(entry) else None
    return (symptom is not None and _created_nothing(symptom)) or _is_the_platforms(entry.message)


def _is_over(run: Run, dossier: Dossier) -> bool:
    """Logs go on behind its last line for as long as an unfinished video may be silent, all in view."""
    until = dossier.trace.observed_until
    has_ended = dossier.video.is_finished and any(map(tells_of_failure, run.afterwards))
    silence = AFTER_THE_END if has_ended else dossier.stuck_after
    return until is not None and until - run.last_at >= silence and not run.in_part


def _told(run: Run, dossier: Dossier) -> Iterator[tuple[Symptom, bool]]:
    """What the errors of the run, and of the row if it is the latest, speak for; and whether they are of its
    call for certain."""
    call = run.call or run.entries[0]
    for entry in filter(tells_of_failure, run.entries):
        if symptom := read_error(entry.message):
            yield symptom, entry not in run.doubtful and entry.request_id == call.request_id
    text, written = dossier.video.error_message, dossier.video.updated_at
    is_the_runs = dossier.app_runs[-1:] == (run,) and not _tried_since(run, dossier)
    if text and is_the_runs and (symptom := read_error(text)):
        soon = written is not None and written - time_of(call.at_ms) < ONE_POST
        yield symptom, soon and symptom.cause not in OF_THE_MOMENT

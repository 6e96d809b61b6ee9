"""Rules for a row without a task id: the run says why, the platform does, or silence does."""

from __future__ import annotations

import re

from lib.domain.diagnosis.dossier import Dossier, tells_of_failure
from lib.domain.diagnosis.saying import (
    ask_runway,
    last_line,
    said_by_polls,
    without_id,
)
from lib.domain.diagnosis.symptoms import read_error
from lib.domain.diagnosis.verdict import CERTAIN, LIKELY, POSSIBLE, Evidence, Finding, Source
from lib.domain.memo import may_hold
from lib.domain.trace import LogEntry, StageState, time_of

_EMPTY_ID = re.compile(r"\bid['\"]?: ?(?:''|\"\"|null|undefined)")
_KEY_MISSING = re.compile(r"has\w{0,40}Api_?Key['\"]?: ?false", re.I)


def answer_without_id(dossier: Dossier) -> Finding | None:
    if dossier.video.runway_video_id or (dossier.failure and dossier.failure.symptom.cause != "no_task_id"):
        return None
    answers = [entry for entry in dossier.certain_entries if "esponse" in entry.message[:120]]
    empty = [Evidence.of_log(entry) for entry in answers if _EMPTY_ID.search(entry.message)]
    evidence = ([dossier.failure.evidence] if dossier.failure else []) + empty[:1]
    return Finding("no_task_id", CERTAIN, tuple(evidence)) if evidence else None


def run_failed(dossier: Dossier) -> Finding | None:
    failure = dossier.failure
    if failure is None or dossier.video.runway_video_id:
        return None
    cause = failure.symptom.cause
    confidence = LIKELY
    if failure.evidence.source is Source.LOG and failure.symptom.direct:
        confidence = CERTAIN
    evidence = (failure.evidence, *row_error(dossier, failure.evidence))
    return Finding(cause, confidence, evidence)


def platform_ended_the_request(dossier: Dossier) -> Finding | None:
    if dossier.video.runway_video_id:
        return None
    for summary in dossier.trace.summaries[-1:]:
        said = said_of_request(summary.path, summary.status_code, summary.at_ms)
        if summary.status_code == 504:
            return Finding("function_timeout", CERTAIN, (said,))
        if summary.status_code in (-1, 500, 502, 503) and not dossier.video.is_finished:
            return Finding("function_terminated", LIKELY, (said, *last_line(dossier)))
    return None


def key_seen_missing(dossier: Dossier) -> Finding | None:
    lines = (entry for entry in dossier.trace.entries if may_hold(entry.message, ("false",)))
    said = next((entry for entry in lines if _KEY_MISSING.search(entry.message)), None)
    if dossier.video.runway_video_id or not said:
        return None
    return Finding("missing_api_key", LIKELY, (Evidence.of_log(said),))


def run_ended_without_a_word(dossier: Dossier) -> Finding | None:
    if dossier.video.runway_video_id or dossier.video.error_message or not dossier.trace.stages:
        return None
    if dossier.trace.stages[-1].state in (StageState.SEEN, StageState.NOT_OBSERVABLE):
        return None
    if _unread_error(dossier):
        return None
    gap = Evidence(Source.LOG, None, f"no line of stage {dossier.trace.first_missing} and no error")
    row = Evidence.of_row(dossier.video, "runway_video_id")
    evidence = (*last_line(dossier), gap, row, *said_by_polls(without_id(dossier)[-1:]))
    return Finding("function_terminated", LIKELY, evidence)


def checked_but_never_begun(dossier: Dossier) -> Finding | None:
    video = dossier.video
    if video.runway_video_id or video.is_finished or dossier.trace.runs or not without_id(dossier):
        return None
    evidence = (*said_by_polls(without_id(dossier)[-1:]), Evidence.of_row(dossier.video, "runway_video_id"))
    return Finding("function_terminated", POSSIBLE, evidence)


def nothing_decides(dossier: Dossier) -> Finding | None:
    row = Evidence.of_row(dossier.video, "error_message", "runway_video_id")
    return Finding("unknown", POSSIBLE, (row, *_unread_error(dossier), wanted(dossier)))


def _unread_error(dossier: Dossier) -> tuple[Evidence, ...]:
    """The error that a run ends with, or probably does, in words that speak for no cause, or one that says no
    more than that something failed. Where all that a run logs is logged as an error, as by Python's logging,
    it is none."""
    entries = dossier.certain_entries
    said = [entry for entry in entries if tells_of_failure(entry)]
    last = [entry for entry in said if entry is entries[-1] or _is_vague(entry)][-1:]
    last = last or [entry for entry in dossier.trace.entries[-1:] if tells_of_failure(entry)]
    if not last or dossier.failure or all(tells_of_failure(entry) for entry in entries):
        return ()
    return tuple(map(Evidence.of_log, last))


def _is_vague(entry: LogEntry) -> bool:
    symptom = read_error(entry.message)
    return symptom is not None and symptom.vague


def row_error(dossier: Dossier, said: Evidence) -> tuple[Evidence, ...]:
    if said.source is Source.ROW or not dossier.video.error_message:
        return ()
    return (Evidence.of_row(dossier.video, "error_message"),)


def wanted(dossier: Dossier) -> Evidence:
    if dossier.video.runway_video_id:
        return ask_runway(dossier)
    when = dossier.video.created_at.isoformat(timespec="seconds")
    if not dossier.trace.runs:
        return Evidence(Source.NEEDED, None, f"the log of the request that began at {when} decides")
    return Evidence(Source.NEEDED, None, "the log lines that follow the last one seen decide")


def said_of_request(path: str | None, status: int | None, at_ms: int) -> Evidence:
    return Evidence(Source.REQUEST, time_of(at_ms), f"request {path or ''} ended with status {status}")

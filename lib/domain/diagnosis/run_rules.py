"""Rules for a row without a task id: the run says why, the platform does, or silence does."""

from __future__ import annotations

import re

from lib.domain.cause import Action
from lib.domain.diagnosis.case import Case
from lib.domain.diagnosis.saying import (
    ask_runway,
    if_sent,
    last_line,
    said_by_polls,
    without_id,
)
from lib.domain.diagnosis.verdict import CERTAIN, LIKELY, POSSIBLE, Evidence, Finding, Source
from lib.domain.trace import StageState, time_of

_EMPTY_ID = re.compile(r"\bid['\"]?: ?(?:''|\"\"|null|undefined)")
_KEY_MISSING = re.compile(r"has\w*Api_?Key['\"]?: ?false", re.I)


def answer_without_id(case: Case) -> Finding | None:
    if case.video.runway_video_id or (case.failure and case.failure.symptom.cause != "no_task_id"):
        return None
    answers = [entry for entry in case.certain_entries if "esponse" in entry.message[:120]]
    empty = [Evidence.of_log(entry) for entry in answers if _EMPTY_ID.search(entry.message)]
    evidence = ([case.failure.evidence] if case.failure else []) + empty[:1]
    return Finding("no_task_id", CERTAIN, tuple(evidence)) if evidence else None


def run_failed(case: Case) -> Finding | None:
    failure = case.failure
    if failure is None or case.video.runway_video_id:
        return None
    cause = failure.symptom.cause
    confidence = LIKELY
    if failure.evidence.source is Source.LOG and failure.symptom.direct:
        confidence = CERTAIN
    evidence = (failure.evidence, *row_error(case, failure.evidence))
    return Finding(cause, confidence, evidence, action_after_failure(case))


def platform_ended_the_request(case: Case) -> Finding | None:
    if case.video.runway_video_id:
        return None
    for summary in case.trace.summaries[-1:]:
        if summary.status_code == 504:
            return Finding(
                "function_timeout",
                CERTAIN,
                (said_of_request(summary.path, 504, summary.at_ms),),
                if_sent(case),
            )
        if summary.status_code in (-1, 500, 502, 503) and not case.video.is_finished:
            evidence = (said_of_request(summary.path, summary.status_code, summary.at_ms), *last_line(case))
            return Finding("function_terminated", LIKELY, evidence, if_sent(case))
    return None


def key_seen_missing(case: Case) -> Finding | None:
    said = [entry for entry in case.trace.entries if _KEY_MISSING.search(entry.message)]
    if case.video.runway_video_id or not said:
        return None
    return Finding("missing_api_key", LIKELY, tuple(map(Evidence.of_log, said[:1])))


def run_ended_without_a_word(case: Case) -> Finding | None:
    if case.video.runway_video_id or case.video.error_message or not case.trace.stages:
        return None
    if case.trace.stages[-1].state in (StageState.SEEN, StageState.NOT_OBSERVABLE):
        return None
    gap = Evidence(Source.LOG, None, f"no line of stage {case.trace.first_missing} and no error")
    row = Evidence.of_row(case.video, "runway_video_id")
    evidence = (*last_line(case), gap, row, *said_by_polls(without_id(case)[-1:]))
    return Finding("function_terminated", LIKELY, evidence, if_sent(case))


def checked_but_never_begun(case: Case) -> Finding | None:
    if case.video.runway_video_id or case.video.is_finished or case.trace.tries or not without_id(case):
        return None
    evidence = (*said_by_polls(without_id(case)[-1:]), Evidence.of_row(case.video, "runway_video_id"))
    return Finding("function_terminated", POSSIBLE, evidence, Action.INVESTIGATE)


def nothing_decides(case: Case) -> Finding | None:
    return Finding(
        "unknown", POSSIBLE, (Evidence.of_row(case.video, "error_message", "runway_video_id"), wanted(case))
    )


def action_after_failure(case: Case) -> Action | None:
    assert case.failure is not None
    symptom = case.failure.symptom
    if symptom.cause in ("function_terminated", "function_timeout"):
        return if_sent(case)
    return Action.INVESTIGATE if symptom.uncertain else None


def row_error(case: Case, said: Evidence) -> tuple[Evidence, ...]:
    if said.source is Source.ROW or not case.video.error_message:
        return ()
    return (Evidence.of_row(case.video, "error_message"),)


def wanted(case: Case) -> Evidence:
    if case.video.runway_video_id:
        return ask_runway(case)
    when = case.video.created_at.isoformat(timespec="seconds")
    if not case.trace.tries:
        return Evidence(Source.NEEDED, None, f"the log of the request that began at {when} decides")
    return Evidence(Source.NEEDED, None, "the log lines that follow the last one seen decide")


def said_of_request(path: str | None, status: int | None, at_ms: int) -> Evidence:
    return Evidence(Source.REQUEST, time_of(at_ms), f"request {path or ''} ended with status {status}")

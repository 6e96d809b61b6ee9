"""What an error text means, whichever app, language or library wrote it: the cause, and who failed.

Texts come from rows (`error_message`) and from log lines. First it is asked who speaks (speaker.py). What
another than Runway says is that one's fault. What Runway says, or nobody in particular, is read from the
most telling feature to the least: what it states, the HTTP status, the SDK's error class, the wording.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lib.domain.diagnosis import signatures, speaker, wording
from lib.domain.diagnosis.speaker import Speaker
from lib.domain.diagnosis.status import http_status
from lib.domain.diagnosis.text import LONGEST, any_of, without_stack
from lib.domain.diagnosis.warning import is_warning
from lib.domain.task import failure_advice

__all__ = ["Speaker", "Symptom", "http_status", "is_warning", "read_error", "read_task_failure"]


@dataclass(frozen=True, slots=True)
class Symptom:
    """cause      key of lib/domain/cause.py
    speaker    who failed or refused; UNKNOWN when the text does not say
    direct     the text itself states it (a status, an error class); otherwise it is a matter of wording
    refusal    Runway's own refusal of a request, with its status: it proves that no task came of it
    vague      it says that something failed, and neither what nor who: it names no cause, yet proves nothing
    """

    cause: str
    speaker: Speaker = Speaker.UNKNOWN
    direct: bool = True
    refusal: bool = False
    vague: bool = False


_CAUSE_OF = {
    Speaker.DATABASE: "database_write_failed",
    Speaker.STORAGE: "storage_failed",
    Speaker.SERVICE: "service_failed",
}
_TIMEOUT = any_of(*signatures.PLATFORM_TIMEOUT)
_STOP = any_of(*signatures.PLATFORM_STOP)
_PAGE = any_of(*signatures.PLATFORM_PAGE)
# A failure code of a task, as in SAFETY.INPUT.TEXT.
_CODE = re.compile(
    r"\b(?:SAFETY|INPUT_PREPROCESSING|INTERNAL|ASSET|THIRD_PARTY)(?:\.[A-Z0-9_]{1,40}){1,4}\b"
    r"|\bfailure_?[Cc]ode['\"]?\s?[:=]\s?['\"]?([A-Z][A-Z0-9_.]{2,80})\b"
)


@lru_cache(maxsize=4096)
def read_error(text: str) -> Symptom | None:
    """The cause that an error text speaks for; None for a warning and for what Dailies does not know."""
    text = text[:LONGEST]
    if is_warning(text):
        return None
    said = without_stack(text).lower()
    status = http_status(text)
    who, signed = speaker.who_says(said, failed=status is not None)
    if who is Speaker.UNKNOWN:
        who = speaker.who_threw(text.lower())
    if who in speaker.OTHERS:
        return _of_another(who, said, direct=signed or status is not None)
    return _of_runway(who, text, said, status)


def read_task_failure(text: str) -> str | None:
    """The cause that the text of a row speaks for whose task had begun; None for an empty one."""
    if not text.strip():
        return None
    code = _failure_code(text)
    if code:
        return failure_advice(code).cause
    said = without_stack(text[:LONGEST]).lower()
    if wording.MODERATION.search(said):
        return "moderated"
    if wording.ASSET.search(said):
        return "asset_rejected"
    symptom = read_error(text)
    if symptom and (symptom.speaker in speaker.OTHERS or symptom.cause == "cancelled"):
        return symptom.cause
    return "generation_failed"


def _of_another(who: Speaker, said: str, *, direct: bool) -> Symptom:
    if who is not Speaker.PLATFORM:
        return Symptom(_CAUSE_OF[who], who, direct)
    if _TIMEOUT.search(said):
        return Symptom("function_timeout", who)
    if _STOP.search(said):
        return Symptom("function_terminated", who)
    return (
        Symptom("function_terminated", who, direct=False)
        if _PAGE.search(said)
        else Symptom("service_failed", who)
    )


def _of_runway(who: Speaker, text: str, said: str, status: int | None) -> Symptom | None:
    refusal = _is_refusal(who, text, said, status)
    who = Speaker.RUNWAY if refusal else who
    if status != 400 and wording.NOT_FETCHED.search(said):
        return Symptom("asset_rejected", who, refusal=refusal)
    for cause, pattern in wording.STATED:
        if pattern.search(said):
            return Symptom(cause, Speaker.APP if cause == "missing_api_key" else who, refusal=refusal)
    if code := _failure_code(text):
        return Symptom(failure_advice(code).cause, Speaker.RUNWAY)
    if status is not None:
        return Symptom(_by_status(status, said), who, refusal=refusal)
    for cause, pattern in wording.BY_CLASS:
        if pattern.search(said):
            return Symptom(_of_a_task(cause, said), who)
    return _by_wording(who, said)


def cause_of_answer(status: int, text: str) -> str:
    """The cause that an answer of Runway's, which is not 2xx, speaks for; `text`: what its body says."""
    said = text[:LONGEST].lower()
    return next(
        (cause for cause, pattern in wording.STATED if pattern.search(said)), _by_status(status, said)
    )


def _by_status(status: int, said: str) -> str:
    if status >= 500:
        return "runway_server_error"
    if status < 400:  # a redirect: the API has none, some other host answered
        return "wrong_endpoint"
    if status in (400, 403, 422) and wording.MODERATION.search(said):
        return "moderated"
    return _of_a_task(wording.BY_STATUS.get(status, "invalid_request"), said)


def _of_a_task(cause: str, said: str) -> str:
    """What was not found where a task was looked up is the task: deleted, or another key's."""
    return "cancelled" if cause == "wrong_endpoint" and wording.LOOK_UP.search(said) else cause


def _by_wording(who: Speaker, said: str) -> Symptom | None:
    if wording.NO_CONNECTION.search(said):
        return Symptom("runway_unreachable", who)
    for cause, pattern in wording.BY_WORDING:
        if pattern.search(said):
            return Symptom(_of_a_task(cause, said), who, direct=False)
    if wording.LOST.search(said):
        return Symptom("runway_unreachable", who, direct=False)
    if wording.VAGUE.search(said):
        return Symptom("runway_server_error", who, direct=False, vague=who is Speaker.UNKNOWN)
    return None


def _failure_code(text: str) -> str | None:
    found = _CODE.search(text[:LONGEST])
    return (found[1] or found[0]) if found else None


def _is_refusal(who: Speaker, text: str, said: str, status: int | None) -> bool:
    """Whether a text is Runway's own refusal of a request; in doubt it is not."""
    if status is None or status == 408 or not 400 <= status < 500:
        return False
    if (
        wording.DOUBT.search(said)
        or wording.DOUBT_IN_STACK.search(text.lower())
        or speaker.names_another(said)
    ):
        return False
    if wording.SDK_REFUSAL.search(said):
        return True
    by_runway = who is Speaker.RUNWAY or speaker.who_threw(text.lower()) is Speaker.RUNWAY
    if wording.SDK_CLASS.search(said):
        return by_runway
    return bool(wording.BODY.search(said)) and (by_runway or bool(wording.RUNWAYS_BODY.search(said)))

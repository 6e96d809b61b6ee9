"""What an error text of the app, of Runway, of the database or of the platform means.

Texts come from rows (`error_message`) and from log lines. They are read from the most telling feature to the
least: what the app itself says, then the HTTP status, then the SDK's error class, then the wording.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_READ = 4096


class Speaker(StrEnum):
    """Who failed or refused, as far as a text says."""

    RUNWAY = "runway"
    DATABASE = "database"
    STORAGE = "storage"
    PLATFORM = "platform"  # Vercel, Lambda
    SERVICE = "service"  # any other service: OpenAI, Stripe, ffmpeg, a download
    APP = "app"  # the app's own code or settings, before anybody was asked
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Symptom:
    """cause      key of lib/domain/cause.py
    speaker    who failed or refused; UNKNOWN when the text does not say
    direct     the text itself states it (a status, an error class); otherwise it is a matter of wording
    uncertain  the request may have been carried out although no answer came
    refusal    Runway's own refusal of a request, with its status: it proves that no task came of it
    """

    cause: str
    speaker: Speaker = Speaker.UNKNOWN
    direct: bool = True
    uncertain: bool = False
    refusal: bool = False


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.I)


# What says in so many words what happened, whatever status stands beside it.
_STATED = (
    (
        "missing_api_key",
        _any(
            r"\b\w*(?:API_?KEY|API_?SECRET)\w*['\"`]? (?:environment variable |env var )?"
            r"(?:is |was |has )?(?:not (?:been )?(?:set|configured|defined|provided|found)"
            r"|missing|undefined|empty|required)",
            r"(?:missing|no|undefined|set the) (?:Runway\w* )?API[ _-]?key\b(?! (?:you|is invalid))",
            r"Runway API[ _-]?key (?:is )?(?:not set|not configured|missing)",
        ),
    ),
    (
        "function_timeout",
        _any(
            r"Vercel Runtime Timeout",
            r"\bTask timed out after \d",
            r"(?:FUNCTION|EDGE_FUNCTION|MIDDLEWARE)_INVOCATION_TIMEOUT",
            r"function (?:has )?(?:timed out|exceeded (?:its |the )?maximum)",
        ),
    ),
    (
        "function_terminated",
        _any(
            r"FUNCTION_INVOCATION_FAILED",
            r"NO_RESPONSE_FROM_FUNCTION",
            r"\bRuntime exited\b",
            r"Runtime\.ExitError",
            r"\bheap out of memory\b",
            r"\bSIG(?:KILL|TERM)\b",
            r"(?:process|function) exited (?:before|with)",
        ),
    ),
    (
        "database_write_failed",
        _any(
            r"(?:fail\w*|error|unable|could not|cannot|couldn't) (?:to )?"
            r"(?:updat|sav|insert|writ|stor|persist|mark|set)\w* "
            r"(?:the |a |this )?(?:video|row|record|status|runway_?video_?id|database)",
            r"\bPGRST\d{3}\b",
            r"schema cache",
            r"row-level security",
            r"violates (?:\S+ ){1,3}constraint",
            r"canceling statement due to",
            r"permission denied for (?:table|schema|relation|function)",
            r"\bdeadlock detected",
            r"too many (?:connections|clients)",
            r"remaining connection slots",
            r"(?:relation|column) \S+ (?:of relation \S+ )?does not exist",
            r"invalid input (?:syntax for type|value for enum)",
            r"could not (?:obtain|serialize|connect to (?:the )?database)",
        ),
    ),
    (
        "no_task_id",
        _any(
            r"did not return an? (?:\w+ )?id\b",
            r"no (?:video|task) id (?:was )?(?:found|returned|received|in )",
            r"created with id: (?:undefined|null|$)",
            r"(?:response|answer) (?:has|had|contains|without|lacks|is missing) (?:no |an? )?(?:task )?id\b",
        ),
    ),
    (
        "insufficient_credits",
        _any(
            r"(?:not|n't|n’t) have enough credits?",
            r"(?:not enough|insufficient|out of|no (?:more|remaining)|lack(?:s|ing)?) (?:\w+ )?credits?",
            r"credit balance",
            r"payment required",
        ),
    ),
)

_BY_STATUS = {
    400: "invalid_request",
    401: "unauthorized",
    402: "insufficient_credits",
    403: "unauthorized",
    404: "wrong_endpoint",
    405: "wrong_endpoint",
    408: "runway_server_error",
    410: "wrong_endpoint",
    429: "rate_limited",
}

_BY_CLASS = (
    ("unauthorized", _any(r"\bAuthenticationError\b", r"\bPermissionDeniedError\b")),
    ("wrong_endpoint", _any(r"\bNotFoundError\b")),
    ("rate_limited", _any(r"\bRateLimitError\b")),
    ("invalid_request", _any(r"\bBadRequestError\b", r"\bUnprocessableEntityError\b", r"\bConflictError\b")),
    ("runway_server_error", _any(r"\bInternalServerError\b")),
    ("runway_unreachable", _any(r"\bAPIConnection(?:Timeout)?Error\b", r"\bAPIUserAbortError\b")),
)

_MODERATION = _any(
    r"\bSAFETY\b",
    r"moderat(?:ion|ed)",
    r"flagged",
    r"content polic(?:y|ies)",
    r"safety (?:system|filter|check|polic)",
    r"inappropriate|not allowed content|prohibited content",
)
_ASSET = _any(
    r"\bASSET\.",
    r"(?:fetch|download|load|read|decode|process|access)\w* (?:the |your )?(?:\w+ )?(?:asset|image)",
    r"(?:asset|image) (?:\w+ ){0,3}(?:not |un|in)(?:valid|supported|readable|reachable|accessible|be )",
    r"(?:invalid|unsupported|corrupt\w*|unreadable) (?:\w+ ){0,2}(?:asset|image)",
)

_BY_WORDING = (
    (
        "rate_limited",
        _any(
            r"too many requests",
            r"rate.?limit",
            r"(?:daily|monthly|task|generation|request)s? (?:\w+ )?(?:limit|quota)",
            r"(?:limit|quota) (?:\w+ ){0,3}(?:reached|exceeded|exhausted)",
            r"reached (?:your|the) \S+(?: \w+)? limit",
            r"throttl",
        ),
    ),
    (
        "unauthorized",
        _any(
            r"unauthori[sz]ed",
            r"authenticat|authori[sz]ation",
            r"(?:api )?key\b[^.\n]{0,40}"
            r"(?:invalid|not valid|incorrect|wrong|revoked|expired|disabled|not recogni[sz]ed)",
            r"(?:invalid|incorrect|wrong|expired|revoked|bad) (?:\w+ )?(?:api )?(?:key|token|credentials)",
            r"\bforbidden\b",
            r"permission denied|access denied|not permitted",
        ),
    ),
    (
        "wrong_endpoint",
        _any(
            r"\bnot found\b",
            r"method not allowed",
            r"cannot (?:POST|GET) /",
            r"no (?:such )?(?:route|endpoint|path)",
            r"unknown (?:route|endpoint|path|version|url)",
        ),
    ),
    (
        "invalid_request",
        _any(
            r"validation (?:of|error|failed)",
            r"bad request",
            r"invalid_(?:type|union|enum|string|literal)",
            r"invalid (?:asset|input|request|body|param\w*|value|ratio|duration|prompt|image|model)",
            r"must be (?:at (?:most|least)|one of|between|a |an )",
            r"must contain",
            r"expected .{1,40} (?:or|received|but)",
            r"too (?:long|large|big|short|small|wide|tall)",
            r"unsupported|malformed|unprocessable|not supported",
        ),
    ),
    (
        "runway_server_error",
        _any(
            r"internal (?:server )?error",
            r"bad gateway",
            r"service (?:is )?(?:temporarily )?unavailable",
            r"temporarily unavailable",
            r"gateway time-?out",
            r"overloaded|at capacity",
            r"upstream",
            r"server error",
            r"something went wrong|unexpected error",
        ),
    ),
)

# No connection: nothing was sent.
_NEVER_SENT = _any(
    r"\bECONNREFUSED\b",
    r"\bENOTFOUND\b",
    r"\bEAI_(?:AGAIN|FAIL|NODATA|NONAME)\b",
    r"\bE(?:HOST|NET)UNREACH\b",
    r"getaddrinfo",
    r"\bbad port\b",
    r"invalid url|failed to parse url",
    r"UND_ERR_CONNECT_TIMEOUT|connect timeout",
    r"certificate|\bCERT_|self[- ]signed|\bERR_(?:TLS|SSL)|\bEPROTO\b|wrong version number",
)
# The connection was lost, or no answer came: the request may have been carried out.
_LOST = _any(
    r"fetch failed|failed to fetch",
    r"connection error|connection (?:was )?(?:reset|closed|lost|aborted|terminated)",
    r"failed to connect|(?:could|can)(?:not|n't| not) connect|unable to connect",
    r"\bECONN(?:RESET|ABORTED)\b|\bEPIPE\b|\bETIMEDOUT\b|\bESOCKET\w*\b|\bUND_ERR_\w+",
    r"socket hang up|other side closed|premature close|socket disconnected",
    r"network (?:error|request failed|failure|timeout|connection)",
    r"time[d -]{0,2}out|timeout",
    r"abort(?:ed|error)|terminated",
)

_STATUS = re.compile(
    r"\b\w*Error: (\d{3})\b"
    r"|^\s*(?:Error: )?(\d{3}) [\[{\"A-Z]"
    r"|Response status: (\d{3})\b"
    r"|\bstatus(?:Code|_code)?['\"]?[:=] ?(\d{3})\b"
    r"|\bstatus code:? (\d{3})\b"
    r"|\bHTTP(?:/[\d.]+)?(?: error)?:? (\d{3})\b"
    r"|\berrorMessage: ['\"`](\d{3}) "
)


_SPEAKER_OF = {
    "missing_api_key": Speaker.APP,
    "function_timeout": Speaker.PLATFORM,
    "function_terminated": Speaker.PLATFORM,
    "database_write_failed": Speaker.DATABASE,
}
_WARNING = re.compile(r"\s*(?:\(node:\d{1,10}\) )?(?:\[DEP\d{1,6}\] )?\w{0,40}Warning: |\s*warn\b")
_REFUSAL = re.compile(
    r"\b(?:BadRequest|Authentication|PermissionDenied|NotFound|UnprocessableEntity|RateLimit)Error: 4\d\d\b"
    r"|\bdocs\.dev\.runwayml\.com\b"
)
_ANOTHER = re.compile(r"supabase|openai|stripe|anthropic|\bsk-", re.I)


@lru_cache(maxsize=4096)
def read_error(text: str) -> Symptom | None:
    """The cause that an error text speaks for; None when it says nothing Dailies knows."""
    text = text[:_READ]
    if is_warning(text):
        return None
    for cause, pattern in _STATED:
        if pattern.search(text):
            return Symptom(cause, _SPEAKER_OF.get(cause, Speaker.RUNWAY), refusal=_is_refusal(text))
    status = http_status(text)
    if status is not None:
        return _by_status(status, text)
    for cause, pattern in _BY_CLASS:
        if pattern.search(text):
            return Symptom(cause, uncertain=cause == "runway_unreachable" and not _NEVER_SENT.search(text))
    return _by_wording(text)


def http_status(text: str) -> int | None:
    """The HTTP error status that a text reports."""
    found = _STATUS.search(text)
    status = int(next(group for group in found.groups() if group)) if found else 0
    return status if 400 <= status <= 599 else None


def is_warning(text: str) -> bool:
    """Whether a text only warns, at whatever level it was logged: it never says why something failed."""
    return bool(_WARNING.match(text[:_READ]))


def read_task_failure(text: str) -> str | None:
    """The cause that the text of a task's failure speaks for; None for an empty one."""
    if not text.strip():
        return None
    if _MODERATION.search(text):
        return "moderated"
    return "asset_rejected" if _ASSET.search(text) else "generation_failed"


def _by_status(status: int, text: str) -> Symptom:
    if status >= 500:
        return Symptom("runway_server_error", Speaker.RUNWAY)
    refusal = _is_refusal(text)
    if status in (400, 403, 422) and _MODERATION.search(text):
        return Symptom("moderated", Speaker.RUNWAY, refusal=refusal)
    return Symptom(_BY_STATUS.get(status, "invalid_request"), Speaker.RUNWAY, refusal=refusal)


def _is_refusal(text: str) -> bool:
    status = http_status(text)
    if status is None or status == 408 or status >= 500:
        return False
    return bool(_REFUSAL.search(text)) and not _ANOTHER.search(text)


def _by_wording(text: str) -> Symptom | None:
    if _NEVER_SENT.search(text):
        return Symptom("runway_unreachable")
    if re.search(r"fetch failed|failed to connect|connection error", text, re.I):
        return Symptom("runway_unreachable", uncertain=True)
    if _MODERATION.search(text):
        return Symptom("moderated", direct=False)
    for cause, pattern in _BY_WORDING:
        if pattern.search(text):
            return Symptom(cause, direct=False)
    if _LOST.search(text):
        return Symptom("runway_unreachable", direct=False, uncertain=True)
    return None

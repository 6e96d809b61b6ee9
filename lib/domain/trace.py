"""What was seen of a video's flow in the logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


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

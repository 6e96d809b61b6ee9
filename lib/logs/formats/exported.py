"""Records of other tools: what Axiom, Better Stack, Datadog, Loki, CloudWatch and their kind give out of a
drain, and the files that loggers write themselves.

They agree on a time and a message, under a handful of names, at the top of a record or some objects down. A
logger's own record is kept whole, as it arrives in Vercel's logs: ids stand in its other fields.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

from lib.domain.trace import LogEntry
from lib.logs import report
from lib.logs.formats import Format, Item, Record, one_by_one
from lib.logs.values import Unusable, an_id, at_ms, level, message, path, request_id, status

NOTE = (
    "Written by another tool than Vercel's: times without a zone are taken as UTC, and nothing follows from "
    "lines that are not there."
)
TIMES = ("time", "timestamp", "ts", "dt", "date", "datetime", "t", "asctime")
MESSAGES = ("jsonpayload", "message", "msg", "event", "line", "log", "body", "textpayload", "raw", "mt", "m")
_LEVELS = ("level", "severity", "loglevel", "levelname", "l", "detectedlevel", "status")
_REQUESTS = ("requestid", "request.id", "awsrequestid")
_PATHS = ("request.path", "requestpath", "path")
_STATUSES = ("request.statuscode", "responsestatuscode", "statuscode")
# What is around a message only where another than its logger wrote the record.
_AROUND = frozenset(
    (
        *("attributes", "dt", "eventid", "ingestiontime", "insertid", "labels", "line"),
        *("logstreamname", "raw", "stream", "systime", "textpayload", "vercel"),
    )
)
# What loggers write, too: another wrote the record where there is nothing else in it.
_BOTH = frozenset(("host", "source"))
_OF_A_DRAIN = frozenset(
    (
        *TIMES,
        *MESSAGES,
        *_LEVELS,
        *("branch", "deploymentid", "environment", "executionregion", "projectid", "projectname"),
        *("requestid", "requestmethod", "requestpath", "responsestatuscode", "path", "region", "service"),
        *("statuscode", "type"),
    )
)
_MOST = 400  # names of a record
_DEEPEST = 4
_SECONDS_OF_LAST = 10_000_000_000
_OF_A_TOOL = re.compile(r"(?:request|vercel|attributes)\.")
_OTHER = re.compile(r"[^a-z0-9.]")
_NUMBER = re.compile(r"\d{9,20}(?:\.\d{1,12})?")


def names_of(columns: Iterable[str]) -> set[str]:
    """Columns or keys as they are compared: `@timestamp` and `_time` are `timestamp` and `time`."""
    return {_OTHER.sub("", column.lower()) for column in columns}


def is_exported(names: set[str]) -> bool:
    return not names.isdisjoint(TIMES) and not names.isdisjoint(MESSAGES)


def _matches(record: Record) -> bool:
    found = _fields(record)
    return is_exported(set(found)) and _text(found) is not None


def _parse(record: Record) -> list[Item]:
    names = names_of(record)
    is_tools = not _AROUND.isdisjoint(names) or any(map(_OF_A_TOOL.match, record))
    is_passed_on = not _BOTH.isdisjoint(names) and names <= _BOTH | _OF_A_DRAIN
    return _said(record, whole=not is_tools and not is_passed_on)


def _parse_row(record: Record) -> list[Item]:
    return _said(record, whole=False)


def _said(record: Record, *, whole: bool) -> list[Item]:
    """The message, or with `whole` the record itself as its logger wrote it. Raises Unusable."""
    found = _fields(record)

    def first(names: Iterable[str]) -> Any:
        return next((found[name] for name in names if name in found), None)

    text = _text(found)
    written = message(_line(record) if whole and text else text)
    if not written:
        raise Unusable("no message")
    of_request = request_id(first(_REQUESTS)), path(first(_PATHS)), status(first(_STATUSES))
    at = _at_ms(first(TIMES))
    return [LogEntry(at, level(first(_LEVELS)), written, *of_request, an_id(found.get("deploymentid")))]


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _text(found: Mapping[str, Any]) -> str | None:
    said = next((found[name] for name in MESSAGES if found.get(name) not in (None, "")), None)
    if isinstance(said, Mapping):
        return _line(said)
    return said if isinstance(said, str) else None


def _fields(record: Record) -> dict[str, Any]:
    """Every value by the last part of its name, and by the last two; what stands further up comes first."""
    found: dict[str, Any] = {}
    inside = deque[tuple[str, Mapping[str, Any], int]]([("", record, 0)])
    while inside and len(found) < _MOST:
        above, values, depth = inside.popleft()
        for key, value in values.items():
            parts = _OTHER.sub("", f"{above}.{key}".lower()).split(".")
            found.setdefault(parts[-1], value)
            found.setdefault(".".join(parts[-2:]), value)
            if isinstance(value, Mapping) and depth < _DEEPEST:
                inside.append((parts[-1], value, depth + 1))
    return found


def _at_ms(value: Any) -> int:
    """Seconds, milli-, micro- or nanoseconds since 1970, or an ISO time. Raises Unusable."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return at_ms(value.strip().replace(" UTC", "Z"))
    try:
        since = float(value)
    except (TypeError, ValueError, OverflowError):
        raise Unusable("no usable time") from None
    if not isfinite(since):
        raise Unusable("no usable time")
    while since >= _SECONDS_OF_LAST * 1000 * 10:
        since /= 1000
    return at_ms(round(since * 1000) if since < _SECONDS_OF_LAST else round(since))


def _notes() -> Iterator[str]:
    yield NOTE


EXPORTED = Format(report.EXPORTED, one_by_one(_parse), _matches, notes=_notes)
EXPORTED_CSV = EXPORTED._replace(parse=one_by_one(_parse_row))

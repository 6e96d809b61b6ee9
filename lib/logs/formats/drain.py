"""Log drains: a record an entry, with an id of its own. Batches are unordered and may come twice.

In the older schema one record holds everything a request wrote, between START and REPORT.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct
from orjson import JSONDecodeError, loads

from lib.domain.trace import LogEntry, RequestSummary, as_entry
from lib.logs.formats import Format, Item, Record, Said
from lib.logs.redact import redact_soon
from lib.logs.values import (
    FIRST_MS,
    LAST_MS,
    LONGEST_ID,
    Unusable,
    an_id,
    at_ms,
    duration,
    level,
    message,
    method,
    path,
    request_id,
    status,
)

_WRAPPED = re.compile(
    r"START RequestId: [^\n]*\n(?P<body>.*?)(?:^END RequestId:[^\n]*\n?)?(?P<report>^REPORT RequestId:.*)?\Z",
    re.DOTALL | re.MULTILINE,
)
_REQUEST = re.compile(r"\[(?P<method>[A-Z]+)\] (?P<path>/\S*)(?: status=(?P<status>-?\d+))?[ \r]*(?:\n|\Z)")
_DURATION = re.compile(r"(?<!Billed )Duration: ([\d.]{1,20}) ms")
_PREFIX = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT[\d:.]+Z)\t\S*\t(?P<level>[A-Z]+)\t")
_NEXT_PREFIX = re.compile(r"\n(?=\d{4}-\d\d-\d\dT[\d:.]+Z\t)")
NEXT_MESSAGE = re.compile(r"\n(?=[^\s})\]])")  # indented lines and closing brackets go on


class _Record(Struct, gc=False, omit_defaults=True):
    """With these types all is as it should be; a record that is otherwise may hold anything."""

    id: str | None = None
    timestamp: int | str | None = None
    level: str | None = None
    message: str | None = None
    requestId: str | None = None
    path: str | None = None
    statusCode: int | str | None = None
    deploymentId: str | None = None
    proxy: Raw = Raw(b"{}")


def _matches(record: Record) -> bool:
    is_of_vercel = "deploymentId" in record or "projectId" in record
    return "timestamp" in record and "source" in record and is_of_vercel


def _entry_id(record: _Record) -> str | None:
    """Raises Unusable."""
    found = record.id
    if type(found) is not str or found in ("", "-"):
        return None
    return found if len(found) <= LONGEST_ID else an_id(found)


def _request(record: _Record) -> str | None:
    return record.requestId if type(record.requestId) is str else None


def _parse(records: Sequence[_Record]) -> list[Said]:
    texts = [record.message.rstrip() for record in records if type(record.message) is str]
    requests = {request.rpartition("::")[2] for request in set(map(_request, records)) if request}
    redact_soon([*texts, *requests])
    said = list[Said]()
    for record in records:
        try:
            written = message(record.message)
            if not written:
                said.append(_summary(record))
                continue
            severity, at = record.level, record.timestamp
            if type(at) is not int or not FIRST_MS <= at <= LAST_MS:
                at = at_ms(at)
            about = record.requestId, record.path, record.statusCode, record.deploymentId
            try:
                of_request = _about(about)
            except TypeError:  # something that is no value, and so cannot be remembered
                of_request = _about.__wrapped__(about)
            severity = severity if severity == "info" else level(severity)
            entry = as_entry((at, severity, written, *of_request, _entry_id(record)))
            if written.startswith("START RequestId:") and (wrapped := _WRAPPED.match(written)):
                said.append(list(_unwrapped(entry, wrapped["body"], wrapped["report"] or "")))
            else:
                said.append([entry])
        except Unusable as reason:
            said.append(reason.with_traceback(None))  # which would hold all of this
    return said


@lru_cache(1_024)
def _about(said: tuple[Any, Any, Any, Any]) -> tuple[str | None, str | None, int | None, str | None]:
    """Request, path, status and deployment, which lines of a request share. Raises Unusable."""
    request, where, code, deployment = said
    return request_id(request), path(where), status(code), an_id(deployment)


def _summary(record: _Record) -> list[Item]:
    """A record of the proxy: static files, redirects, functions that wrote nothing. Raises Unusable."""
    try:
        found = loads(bytes(record.proxy)) if isinstance(record.proxy, Raw) else record.proxy
    except JSONDecodeError:
        found = None
    seen = found if isinstance(found, dict) else {}
    request = request_id(record.requestId)
    if request is None:
        raise Unusable("neither a message nor a request id")
    summary = RequestSummary(
        request,
        at_ms(record.timestamp, seen.get("timestamp")),
        method(seen.get("method")),
        path(record.path) or path(seen.get("path")),
        status(record.statusCode) or status(seen.get("statusCode")),
        None,
        an_id(record.deploymentId),
    )
    _entry_id(record)  # by which it is known to come twice
    return [summary]


def _unwrapped(entry: LogEntry, body: str, report: str) -> Iterator[Item]:
    about = _REQUEST.match(body)
    where = (path(about["path"]) if about else None) or entry.path
    code = (status(about["status"]) if about else None) or entry.status_code
    for number, (when, severity, text) in enumerate(_messages(body[about.end() :] if about else body)):
        yield entry._replace(
            entry_id=entry.entry_id and f"{entry.entry_id}.{number:04}",
            at_ms=when or entry.at_ms,
            level=severity or entry.level,
            message=text,
            path=where,
            status_code=code,
        )
    if entry.request_id is not None:
        took = _DURATION.search(report)
        yield RequestSummary(
            entry.request_id,
            entry.at_ms,
            about["method"] if about else None,
            where,
            code,
            duration(took[1]) if took else None,
            entry.deployment_id,
        )


def _messages(body: str) -> Iterator[tuple[int | None, str | None, str]]:
    """Time and level, where a message has its own, and text."""
    body = body.strip("\r\n")
    for piece in (_NEXT_PREFIX if _PREFIX.match(body) else NEXT_MESSAGE).split(body):
        prefix = _PREFIX.match(piece)
        written = (piece[prefix.end() :] if prefix else piece).rstrip()
        if written:
            yield (_time(prefix["at"]), level(prefix["level"]), written) if prefix else (None, None, written)


def _time(value: str) -> int | None:
    try:
        return at_ms(value)
    except Unusable:
        return None


DRAIN = Format("drain", _parse, _matches, _entry_id, unordered=True, shape=_Record, request=_request)

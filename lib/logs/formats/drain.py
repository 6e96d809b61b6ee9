"""Log drains: a record an entry, with an id of its own. Batches are unordered and may come twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.formats import Format, Item, Record
from lib.logs.formats.wrapped import Wrapped, unwrap
from lib.logs.values import Unusable, at_ms, level, message, method, path, request_id, status, text


class _Proxy(TypedDict, total=False):
    timestamp: Any
    method: Any
    path: Any
    statusCode: Any


class _Fields(TypedDict, total=False):
    id: Any
    timestamp: Any
    level: Any
    message: Any
    requestId: Any
    path: Any
    statusCode: Any
    deploymentId: Any
    proxy: _Proxy


def _matches(record: Record) -> bool:
    return (
        "timestamp" in record and "source" in record and ("deploymentId" in record or "projectId" in record)
    )


def _repeat_id(record: Record) -> str | None:
    return text(record.get("id"))


def _parse(record: Record) -> list[Item]:
    get = record.get
    written = message(get("message"))
    if not written:
        return [_summary(record)]
    severity = get("level")
    entry = LogEntry(
        at_ms(get("timestamp")),
        severity if severity == "info" else level(severity),
        written,
        request_id(get("requestId")),
        path(get("path")),
        status(get("statusCode")),
        text(get("deploymentId")),
        text(get("id")),
    )
    if written.startswith("START RequestId:") and (wrapped := unwrap(written)):
        return list(_unwrapped(entry, wrapped))
    return [entry]


def _summary(record: Record) -> RequestSummary:
    """A record of the proxy: static files, redirects, functions that wrote nothing."""
    proxy = record.get("proxy")
    seen: Record = proxy if isinstance(proxy, dict) else {}
    request = request_id(record.get("requestId"))
    if request is None:
        raise Unusable("neither a message nor a request id")
    return RequestSummary(
        request,
        at_ms(record.get("timestamp"), seen.get("timestamp")),
        method(seen.get("method")),
        path(record.get("path")) or path(seen.get("path")),
        status(record.get("statusCode")) or status(seen.get("statusCode")),
        None,
        text(record.get("deploymentId")),
    )


def _unwrapped(entry: LogEntry, wrapped: Wrapped) -> Iterator[Item]:
    where = wrapped.path or entry.path
    code = wrapped.status_code or entry.status_code
    for number, part in enumerate(wrapped.messages):
        yield entry._replace(
            entry_id=entry.entry_id and f"{entry.entry_id}.{number:04}",
            at_ms=part.at_ms or entry.at_ms,
            level=part.level or entry.level,
            message=part.text,
            path=where,
            status_code=code,
        )
    if entry.request_id is not None:
        yield RequestSummary(
            entry.request_id,
            entry.at_ms,
            wrapped.method,
            where,
            code,
            wrapped.duration_ms,
            entry.deployment_id,
        )


DRAIN = Format("drain", _parse, _matches, _repeat_id, unordered=True, shape=_Fields)

"""Log drains: a record an entry, with an id of its own. Batches are unordered and may come twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Raw, Struct
from orjson import loads

from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.formats import Format, Item, Record
from lib.logs.formats.wrapped import Wrapped, unwrap
from lib.logs.values import Unusable, at_ms, level, message, method, path, request_id, status, text


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
    return (
        "timestamp" in record and "source" in record and ("deploymentId" in record or "projectId" in record)
    )


def _repeat_id(record: _Record) -> str | None:
    return text(record.id)


def _request(record: _Record) -> str | None:
    return request_id(record.requestId)


def _parse(record: _Record) -> list[Item]:
    written = message(record.message)
    if not written:
        return [_summary(record)]
    severity = record.level
    entry = LogEntry(
        at_ms(record.timestamp),
        severity if severity == "info" else level(severity),
        written,
        request_id(record.requestId),
        path(record.path),
        status(record.statusCode),
        text(record.deploymentId),
        text(record.id),
    )
    if written.startswith("START RequestId:") and (wrapped := unwrap(written)):
        return list(_unwrapped(entry, wrapped))
    return [entry]


def _summary(record: _Record) -> RequestSummary:
    """A record of the proxy: static files, redirects, functions that wrote nothing."""
    proxy: Any = loads(bytes(record.proxy)) if isinstance(record.proxy, Raw) else record.proxy
    seen: Record = proxy if isinstance(proxy, dict) else {}
    request = request_id(record.requestId)
    if request is None:
        raise Unusable("neither a message nor a request id")
    return RequestSummary(
        request,
        at_ms(record.timestamp, seen.get("timestamp")),
        method(seen.get("method")),
        path(record.path) or path(seen.get("path")),
        status(record.statusCode) or status(seen.get("statusCode")),
        None,
        text(record.deploymentId),
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


DRAIN = Format("drain", _parse, _matches, _repeat_id, unordered=True, shape=_Record, request=_request)

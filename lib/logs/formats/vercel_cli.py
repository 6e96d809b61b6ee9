"""`vercel logs --json`: a record a request, with all its messages (from CLI 50.42) or only one."""

from __future__ import annotations

from collections.abc import Iterator

from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.formats import Format, Item, Record
from lib.logs.values import Unusable, an_id, at_ms, level, message, method, path, request_id, status

FLAT_NOTE = (
    "Written by a Vercel CLI before 50.42: of each request only its first line survives, so stages will look "
    "missing. Export again with a newer CLI, or from the dashboard."
)


def _matches_nested(record: Record) -> bool:
    return "logs" in record and ("requestPath" in record or "responseStatusCode" in record)


def _matches_flat(record: Record) -> bool:
    return "requestPath" in record and "timestamp" in record and "rowId" not in record


def _repeat_id(record: Record) -> str | None:
    """Asking for many requests can return the same page again and again."""
    request = record.get("id") or record.get("requestId")
    return request.rpartition("::")[2] if type(request) is str else None


def _parse(record: Record) -> list[Item]:
    get = record.get
    request = request_id(get("id") or get("requestId"))
    if request is None:
        raise Unusable("no request id")
    logs = get("logs")
    messages = logs if isinstance(logs, list) and logs else [record]
    summary = RequestSummary(
        request,
        at_ms(get("timestamp")),
        method(get("requestMethod")),
        path(get("requestPath")),
        status(get("responseStatusCode") or get("statusCode")),
        None,
        an_id(get("deploymentId")),
    )
    return [summary, *_entries(messages, summary)]


def _entries(messages: list[Record], request: RequestSummary) -> Iterator[LogEntry]:
    for line in messages:
        written = message(line.get("message")) if isinstance(line, dict) else ""
        if written:
            yield LogEntry(
                request.at_ms,
                level(line.get("level")),
                written,
                request.request_id,
                request.path,
                request.status_code,
                request.deployment_id,
            )


VERCEL_LOGS = Format("vercel-logs", _parse, _matches_nested, _repeat_id, request=_repeat_id)
VERCEL_LOGS_FLAT = Format(
    "vercel-logs-flat", _parse, _matches_flat, _repeat_id, request=_repeat_id, notes=lambda: (FLAT_NOTE,)
)

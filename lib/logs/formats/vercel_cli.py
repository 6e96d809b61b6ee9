"""`vercel logs --json`: a record a request, with all its messages (from CLI 50.42) or only one."""

from __future__ import annotations

from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.formats import Format, Item, Record, one_by_one
from lib.logs.values import Unusable, an_id, at_ms, level, message, method, path, request_id, status

FLAT_NOTE = (
    "Written by a Vercel CLI before 50.42: of each request only its first line survives, so stages will look "
    "missing. Export again with a newer CLI, or from the dashboard."
)


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
    of_request = request, summary.path, summary.status_code, summary.deployment_id
    entries = [
        LogEntry(summary.at_ms, level(line.get("level")), written, *of_request)
        for line in messages
        if isinstance(line, dict) and (written := message(line.get("message")))
    ]
    return [summary, *entries]


VERCEL_LOGS = Format(
    "vercel-logs",
    one_by_one(_parse),
    lambda record: "logs" in record and ("requestPath" in record or "responseStatusCode" in record),
    _repeat_id,
    request=_repeat_id,
)
VERCEL_LOGS_FLAT = Format(
    "vercel-logs-flat",
    one_by_one(_parse),
    lambda record: "requestPath" in record and "timestamp" in record and "rowId" not in record,
    _repeat_id,
    request=_repeat_id,
    notes=lambda: (FLAT_NOTE,),
)

"""The dashboard's export, CSV or JSON: request summary rows mixed with log rows.

Columns are read by name, because the set has grown for years. There is no row id: identical rows are
genuine (a program may log the same line twice in a millisecond).
"""

from __future__ import annotations

from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.formats import Format, Item, Record
from lib.logs.values import Unusable, at_ms, level, message, method, number, path, request_id, status, text

TIME_COLUMNS = ("timestampInMs", "TimeUTC")


def _matches(record: Record) -> bool:
    return any(column in record for column in TIME_COLUMNS) and "requestId" in record


def _parse(record: Record) -> list[Item]:
    get = record.get
    request = request_id(get("requestId"))
    when = at_ms(*map(get, TIME_COLUMNS))
    where = path(get("requestPath"))
    code = status(get("responseStatusCode"))
    deployment = text(get("deploymentId"))
    written = message(get("message"))
    if written:
        known = code if code != -1 else None  # older exports have -1 on every log row
        return [LogEntry(when, level(get("level")), written, request, where, known, deployment)]
    if request is None:
        raise Unusable("neither a message nor a request id")
    took = number(get("durationMs") or get("lambdaDurationInMs"))
    duration = took if took is not None and took >= 0 else None
    return [RequestSummary(request, when, method(get("requestMethod")), where, code, duration, deployment)]


DASHBOARD_JSON = Format("dashboard-json", _parse, _matches)
DASHBOARD_CSV = Format("dashboard-csv", _parse, _matches)

"""`vercel logs --follow --json` and the runtime-logs API: a row a message, without request ids."""

from __future__ import annotations

from lib.domain.trace import LogEntry, RequestSummary, made_up_id
from lib.logs.formats import Format, Item, Record, one_by_one
from lib.logs.values import an_id, at_ms, level, message, method, path, request_id, status

NOTE = (
    "These rows carry no request id: which request a line belongs to has to be worked out from its content."
)


def _parse(record: Record) -> list[Item]:
    get = record.get
    if get("source") == "delimiter" and not get("rowId"):
        return []  # ends a live tail; says nothing
    at = at_ms(get("timestampInMs"), get("timestamp"))
    request = request_id(get("requestId"))
    where = path(get("requestPath"))
    code = status(get("responseStatusCode"))
    code = code if code != -1 else None  # while the request runs, too
    deployment = an_id(get("deploymentId"))
    if written := message(get("message")):
        return [LogEntry(at, level(get("level")), written, request, where, code, deployment)]
    made_up = request or made_up_id(at, str(get("rowId")))
    return [RequestSummary(made_up, at, method(get("requestMethod")), where, code, None, deployment)]


def _repeat_id(record: Record) -> str | None:
    """Two tails of the same minutes hold the same rows. A row id that is but its time says nothing."""
    row, at = record.get("rowId"), record.get("timestampInMs")
    if type(row) is not str or row in ("", "-", str(at)):
        return None
    return f"{row} {at} {record.get('message')}"


RUNTIME_LOGS = Format(
    "runtime-logs",
    one_by_one(_parse),
    lambda record: "rowId" in record,
    _repeat_id,
    has_request_ids=False,
    notes=lambda: (NOTE,),
)

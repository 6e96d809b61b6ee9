"""`vercel logs --follow --json` and the runtime-logs API: a row a message, without request ids."""

from __future__ import annotations

from lib.domain.trace import LogEntry
from lib.logs.formats import Format, Item, Record
from lib.logs.values import Unusable, at_ms, level, message, path, request_id, status, text

NOTE = (
    "These rows carry no request id: which request a line belongs to has to be worked out from its content."
)


def _matches(record: Record) -> bool:
    return "rowId" in record


def _parse(record: Record) -> list[Item]:
    get = record.get
    if get("source") == "delimiter" and not get("rowId"):
        return []  # ends a live tail; says nothing
    written = message(get("message"))
    if not written:
        raise Unusable("no message")
    code = status(get("responseStatusCode"))
    return [
        LogEntry(
            at_ms(get("timestampInMs"), get("timestamp")),
            level(get("level")),
            written,
            request_id(get("requestId")),
            path(get("requestPath")),
            code if code != -1 else None,  # -1 while the request runs, too
            text(get("deploymentId")),
        )
    ]


def _repeat_id(record: Record) -> str | None:
    """Two tails of the same minutes hold the same rows."""
    row = text(record.get("rowId"))
    return f"{row} {record.get('timestampInMs')} {record.get('message')}" if row else None


RUNTIME_LOGS = Format("runtime-logs", _parse, _matches, _repeat_id, has_request_ids=False, note=NOTE)

"""Storing log entries: repeated ones, from earlier or overlapping imports, are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from lib.data.database import Database, Row
from lib.data.postgres import PostgresDatabase
from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import DatabaseConflict

# key (16 bytes), epoch milliseconds, request_id, video_id, task_id, level, message, path, status_code,
# deployment_id
EntryRow = tuple[bytes, int, str | None, str | None, str | None, str, str, str | None, int | None, str | None]
# How Postgres takes each column in binary: a uuid are its bytes, a time the microseconds since EPOCH_MS.
COLUMNS = {
    "key": "bytea",
    "at": "int8",
    "request_id": "text",
    "video_id": "bytea",
    "task_id": "text",
    "level": "text",
    "message": "text",
    "path": "text",
    "status_code": "int4",
    "deployment_id": "text",
    "import_id": "bytea",
}
EPOCH_MS = 946_684_800_000  # the year 2000


class Added(NamedTuple):
    inserted: int
    repeated: int


def entry_row(key: bytes, entry: LogEntry, video_id: str | None, task_id: str | None) -> EntryRow:
    """As COLUMNS. `key` are 16 bytes, the same for the same entry in every source; the ids are those that
    the message names."""
    at_ms, level, message, request, path, status, deployment, _ = entry
    return key, at_ms, request, video_id, task_id, level, message, path, status, deployment


def add_logs(
    db: Database, import_: Row, entries: Sequence[EntryRow] = (), requests: Sequence[RequestSummary] = ()
) -> Added:
    """Store one piece of an import. `import_` has an `id` (uuid), and what is known of name, format, operator
    and report.

    Over psycopg the entries are copied, which is fast and fails as a whole where one of them is there
    already. Raises DatabaseError.
    """
    copied = isinstance(db, PostgresDatabase) and bool(entries) and _copied(db, import_, entries)
    rows = db.call(
        "dailies_add_logs",
        p_import=import_,
        p_entries=[] if copied else list(map(_json, entries)),
        p_requests=[
            dict(zip(request._fields, request, strict=True), at=_iso(request.at_ms)) for request in requests
        ],
    )
    return Added(len(entries), 0) if copied else Added(rows[0]["inserted"], rows[0]["repeated"])


def _copied(db: PostgresDatabase, import_: Row, entries: Sequence[EntryRow]) -> bool:
    import_id = UUID(import_["id"]).bytes if import_["id"] else None
    try:
        db.copy("log_entries", COLUMNS, (_binary(entry, import_id) for entry in entries))
    except DatabaseConflict:
        return False
    return True


def _binary(entry: EntryRow, import_id: bytes | None) -> tuple[bytes | int | str | None, ...]:
    key, at_ms, request, video, *more = entry
    video_id = bytes.fromhex(video.replace("-", "")) if video else None
    return key, (at_ms - EPOCH_MS) * 1000, request, video_id, *more, import_id


def _json(entry: EntryRow) -> Row:
    key, at_ms, *more = entry
    values = (key.hex(), _iso(at_ms), *more)  # all but the last column: the import is an argument
    return dict(zip(COLUMNS, values, strict=False))


def _iso(at_ms: int) -> str:
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"

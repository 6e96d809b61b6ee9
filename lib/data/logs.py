"""Storing log entries: repeated ones, from earlier or overlapping imports, are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from lib.data.database import Database, Row
from lib.data.postgres import PostgresDatabase
from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import DatabaseConflict

# key, at, request_id, video_id, task_id, level, message, path, status_code, deployment_id
EntryRow = tuple[str, str, str | None, str | None, str | None, str, str, str | None, int | None, str | None]
COLUMNS = (
    "key",
    "at",
    "request_id",
    "video_id",
    "task_id",
    "level",
    "message",
    "path",
    "status_code",
    "deployment_id",
)


class Added(NamedTuple):
    inserted: int
    repeated: int


def entry_row(key: bytes, entry: LogEntry, video_id: str | None, task_id: str | None) -> EntryRow:
    """As COLUMNS. `key` are 16 bytes, the same for the same entry in every source; the ids are those that
    the message names."""
    at_ms, level, message, request, path, status, deployment, _ = entry
    return key.hex(), _iso(at_ms), request, video_id, task_id, level, message, path, status, deployment


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
        p_entries=[] if copied else [dict(zip(COLUMNS, entry, strict=True)) for entry in entries],
        p_requests=[{**request._asdict(), "at": _iso(request.at_ms)} for request in requests],
    )
    return Added(len(entries), 0) if copied else Added(rows[0]["inserted"], rows[0]["repeated"])


def _copied(db: PostgresDatabase, import_: Row, entries: Sequence[EntryRow]) -> bool:
    import_id = (import_["id"],)
    try:
        db.copy("log_entries", (*COLUMNS, "import_id"), (entry + import_id for entry in entries))
    except DatabaseConflict:
        return False
    return True


def _iso(at_ms: int) -> str:
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"

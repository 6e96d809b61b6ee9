"""Storing log entries: repeated ones, from earlier or overlapping imports, are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from lib.data.database import Database, Row
from lib.data.postgres import PostgresDatabase
from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import DatabaseConflict

COLUMNS = (
    "key", "at", "request_id", "video_id", "task_id", "level", "message", "path", "status_code",
    "deployment_id", "import_id",
)  # fmt: skip


class KeyedEntry(NamedTuple):
    """`key`: 16 bytes, the same for the same entry in every source. The ids are those the message names."""

    key: bytes
    entry: LogEntry
    video_id: str | None
    task_id: str | None


class Added(NamedTuple):
    inserted: int
    repeated: int


def add_logs(
    db: Database, import_: Row, entries: Sequence[KeyedEntry] = (), requests: Sequence[RequestSummary] = ()
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
        p_entries=[] if copied else [_entry_row(keyed) for keyed in entries],
        p_requests=[_request_row(request) for request in requests],
    )
    return Added(len(entries), 0) if copied else Added(rows[0]["inserted"], rows[0]["repeated"])


def _copied(db: PostgresDatabase, import_: Row, entries: Sequence[KeyedEntry]) -> bool:
    import_id = import_["id"]
    try:
        db.copy("log_entries", COLUMNS, (_entry_columns(keyed, import_id) for keyed in entries))
    except DatabaseConflict:
        return False
    return True


def _entry_columns(keyed: KeyedEntry, import_id: str | None = None) -> tuple[Any, ...]:
    """As COLUMNS."""
    key, entry, video_id, task_id = keyed
    at_ms, level, message, request, path, status, deployment, _ = entry
    return (
        key.hex(),
        _iso(at_ms),
        request,
        video_id,
        task_id,
        level,
        message,
        path,
        status,
        deployment,
        import_id,
    )


def _iso(at_ms: int) -> str:
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def _entry_row(keyed: KeyedEntry) -> Row:
    return dict(zip(COLUMNS, _entry_columns(keyed), strict=True))


def _request_row(request: RequestSummary) -> Row:
    return {**request._asdict(), "at": _iso(request.at_ms)}

"""Log entries: stored once, however often they are imported; and how far the logs of a source were read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lib.data.database import Database, Row
from lib.data.postgres import PostgresDatabase
from lib.domain.times import iso
from lib.domain.trace import LogEntry, RequestSummary, time_of
from lib.domain.video import parse_time
from lib.errors import DatabaseConflict, DatabaseUnavailable

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
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)
DAY_MS = 86_400_000
EPOCH_MS = 946_684_800_000  # the year 2000


class Added(NamedTuple):
    inserted: int
    repeated: int


class LogSource(NamedTuple):
    """How far a source was read, and the last span of it that was lost."""

    read_to: datetime
    gap: tuple[datetime, datetime] | None


def entry_row(key: bytes, entry: LogEntry, video_id: str | None, task_id: str | None) -> EntryRow:
    """As COLUMNS. `key` are 16 bytes, the same for the same entry in every source; the ids are those that
    the message names."""
    at_ms, level, message, request, path, status, deployment, _ = entry
    return key, at_ms, request, video_id, task_id, level, message, path, status, deployment


class NobodysRow(NamedTuple):
    """A task that logs name and no video has. `message`: the first line that names it; `status`: Runway's,
    where it was asked; `candidates`: ids of the videos that it may belong to."""

    task_id: str
    at: str
    message: str
    status: str | None
    candidates: list[str]


def nobodys(db: Database, since: datetime, until: datetime, limit: int = 50) -> list[NobodysRow]:
    """The latest first."""
    rows = db.call("dailies_nobodys", p_since=since.isoformat(), p_until=until.isoformat(), p_limit=limit)
    return [NobodysRow(**row) for row in rows]


def nameless(
    db: Database, since: datetime, until: datetime, texts: Sequence[str], limit: int
) -> list[tuple[datetime, str]]:
    """Time and message of the first lines that hold one of `texts`, in requests that nobody knows whose."""
    span = {"p_since": since.isoformat(), "p_until": until.isoformat()}
    rows = db.call("dailies_nameless", **span, p_texts=list(texts), p_limit=limit)
    return [(datetime.fromisoformat(row["at"]), row["message"]) for row in rows]


def mentions(
    db: Database, since: datetime, until: datetime, videos: Sequence[str]
) -> list[tuple[str, datetime]]:
    """Which of the videos, in small letters, stand in the path or in a line of a request that does not
    name them in words that are known; when first."""
    span = {"p_since": since.isoformat(), "p_until": until.isoformat()}
    rows = db.call("dailies_mentions", **span, p_ids=list(videos)) if videos else []
    return [(row["video_id"], datetime.fromisoformat(row["at"])) for row in rows]


class FoundLine(NamedTuple):
    """A line of a log. `video_id`: that of its request, where one is known."""

    at: str
    level: str
    message: str
    request_id: str | None
    video_id: str | None


def search_logs(
    db: Database, text: str, since: datetime, until: datetime, *, limit: int = 100
) -> list[FoundLine]:
    """The latest lines that hold `text` (1 to 200 characters), whatever its case. A blank in it is any number
    of blanks and breaks."""
    asked = {"p_text": text, "p_from": since.isoformat(), "p_to": until.isoformat(), "p_limit": limit}
    return [FoundLine(**row) for row in db.call("dailies_search_logs", **asked)]


class Searched(NamedTuple):
    """About how many lines of a span `search_logs` reads one by one: those of weeks without an index. Most of
    before `kept_from` have been dropped."""

    lines: int
    kept_from: datetime | None


def lines_to_read(db: Database, since: datetime, until: datetime) -> Searched:
    (row,) = db.call("dailies_lines_to_read", p_from=since.isoformat(), p_to=until.isoformat())
    return Searched(row["lines"], parse_time(row["kept_from"]))


class OldWeek(NamedTuple):
    """Log entries that stand in a table of their own, `kept` of the `lines` because somebody may still act on
    their video. `until`: its end; what is of before any week stands in one table. `retries`: of so many stuck
    videos a retry would be asked about once it is dropped."""

    name: str
    until: str
    lines: int
    kept: int
    bytes: int
    retries: int


class DroppedWeek(NamedTuple):
    name: str
    until: str
    lines: int
    kept: int


def old_weeks(db: Database, days: int) -> list[OldWeek]:
    """Those that ended more than `days` days ago, the oldest first."""
    return [OldWeek(**row) for row in db.call("dailies_old_logs", p_days=days)]


def expire_week(db: Database, days: int, operator: str) -> DroppedWeek | None:
    """Drops the oldest such week; None when there is none. Raises DatabaseConflict while they are read."""
    rows = db.call("dailies_expire_week", p_days=days, p_operator=operator)
    return DroppedWeek(**rows[0]) if rows else None


def expire_rest(db: Database) -> int:
    """Removes some of what nobody needs any more beside the weeks; how many rows, 0 when nothing is left."""
    return int(db.call("dailies_expire_rest")[0]["removed"])


_INDEX_STEP = "select statement from dailies.log_index_steps()"


def index_log_weeks(db: Database) -> None:
    """Makes the weeks and days that are over searchable. Over psycopg nobody who writes waits, and killed
    half-way, it goes on. Over the API weeks only, and whoever reads old lines in waits while the index of
    their week is built."""
    if not isinstance(db, PostgresDatabase):
        with suppress(DatabaseUnavailable):  # the answer took too long: it is built all the same
            while db.call("dailies_index_log_week"):
                pass
        return
    with db.transaction("index of logs") as connection:
        if connection.execute(_INDEX_STEP).fetchone() is None:
            return  # nearly always: behind a pooler what a session sets would be set for others
    with db.session("index of logs") as connection:
        connection.execute("set max_parallel_maintenance_workers = 0")  # the other processors answer pages
        try:
            while step := connection.execute(_INDEX_STEP).fetchone():
                connection.execute(step[0].encode())
        finally:
            connection.execute("reset max_parallel_maintenance_workers")


def add_logs(
    db: Database, import_: Row, entries: Sequence[EntryRow] = (), requests: Sequence[RequestSummary] = ()
) -> Added:
    """Store one piece of an import. `import_` has an `id` (uuid), and what is known of name, format, operator
    and report.

    Over psycopg the entries are copied, which is fast and fails as a whole where one of them is there
    already. Their requests come first: each is looked up for videos that its lines name, and those of the
    lines behind it are marked with these anyway. Raises DatabaseError.
    """
    if isinstance(db, PostgresDatabase) and entries:
        _add(db, import_, (), requests)
        if _copied(db, import_, entries):
            return Added(len(entries), 0)
        requests = ()
    return _add(db, import_, entries, requests)


def _add(
    db: Database, import_: Row, entries: Sequence[EntryRow], requests: Sequence[RequestSummary]
) -> Added:
    told = [request._asdict() | {"at": iso(request.at_ms)} for request in requests]
    entries_told = list(map(as_json, entries))
    row = db.call("dailies_add_logs", p_import=import_, p_entries=entries_told, p_requests=told)[0]
    return Added(row["inserted"], row["repeated"])


def as_json(entry: EntryRow) -> Row:
    """By column, but for `import_id`: that is an argument."""
    key, at_ms, *more = entry
    return dict(zip(COLUMNS, (key.hex(), iso(at_ms), *more), strict=False))


def merge_text(db: Database, since_ms: int, until_ms: int) -> int:
    """Remove the lines of text in a span that another source tells with the ids of their requests; how many
    those were. Raises DatabaseError."""
    rows = db.call("dailies_merge_text", p_since=iso(since_ms), p_until=iso(until_ms))
    return int(rows[0]["merged"])


def _copied(db: PostgresDatabase, import_: Row, entries: Sequence[EntryRow]) -> bool:
    import_id = UUID(import_["id"]).bytes if import_["id"] else None
    as_uuid = db.key_type == "uuid"

    def binary(entry: EntryRow) -> tuple[bytes | int | str | None, ...]:
        key, at_ms, request, video = entry[:4]
        video_id: bytes | str | None = video
        if as_uuid:
            video_id = bytes.fromhex(video.replace("-", "")) if video and _UUID.fullmatch(video) else None
        return key, (at_ms - EPOCH_MS) * 1000, request, video_id, *entry[4:], import_id

    with db.transaction("weeks of logs") as connection:
        days = {entry[1] // DAY_MS for entry in entries}
        connection.execute("select dailies.add_log_weeks(%s)", [[time_of(day * DAY_MS) for day in days]])
    try:
        db.copy("log_entries", COLUMNS if as_uuid else COLUMNS | {"video_id": "text"}, map(binary, entries))
    except DatabaseConflict:
        return False
    return True


def log_source(db: Database, source: str) -> LogSource | None:
    """None while it was never read."""
    for row in db.call("dailies_log_source", p_source=source):
        read_to, gap_from, gap_to = (parse_time(row[name]) for name in ("read_to", "gap_from", "gap_to"))
        assert read_to is not None
        return LogSource(read_to, (gap_from, gap_to) if gap_from and gap_to else None)
    return None


def save_log_source(
    db: Database,
    source: str,
    read_from: datetime,
    read_to: datetime,
    gap: tuple[datetime, datetime] | None = None,
    *,
    deployments: Sequence[str] = (),
) -> None:
    """Only ever moves forward. `deployments`: of which it holds lines."""
    read = {"p_read_from": read_from.isoformat(), "p_read_to": read_to.isoformat()}
    lost = {"p_gap_from": gap[0].isoformat(), "p_gap_to": gap[1].isoformat()} if gap else {}
    db.call("dailies_save_log_source", p_source=source, **read, **lost, p_deployments=list(deployments))

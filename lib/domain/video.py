"""A video: a row of the production table `videos`."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from lib.domain.vocabulary import COLUMN_NAMES

UNFINISHED = frozenset({"queued", "processing"})
STATUSES = ("queued", "processing", "succeeded", "failed", "cancelled")
# What other apps call the same, in small letters and without what stands between words.
_SYNONYMS = {
    "queued": "pending waiting submitted scheduled enqueued",
    "processing": "inprogress running generating started rendering starting",
    "succeeded": "success successful completed complete done ready finished",
    "failed": "error errored failure rejected timedout timeout",
    "cancelled": "canceled aborted",
}
_STATUS_OF = {word: status for status, words in _SYNONYMS.items() for word in (status, *words.split())}
# Columns, and keys inside JSON columns, under which apps keep the id of a task.
_OF_A_TASK = re.compile(r"runway|task|job|generation|prediction|provider|external|remote|operation", re.I)
_AN_ID = re.compile(r"[\w:-]{8,200}")
_DEEPEST = 4
# Where a value, or its column's name, may speak of a task or of Runway's answer, in whatever tongue.
_MAY_SPEAK_OF_A_TASK = re.compile(
    r"runway|task|generation|prediction|provider|vendor|response|result|request|render|image_?to_?video|retry"
    r"|aufgabe|auftrag|tarea|t[aâ]che|tarefa|compito|taak|uppgift|zadanie|задач|任务|任務|タスク|작업|görev",
    re.I,
)
# Of a row whose task is known: other tasks of its own.
_MAY_SPEAK_OF_ANOTHER = re.compile(r"runway|task|generation|prediction|retry", re.I)
_UUID = re.compile(r"(?<![\w-])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![\w-])", re.I)
_READ = 10_000  # characters of a value in which a task is looked for
# Of the years 2001 to 2033: other numbers of as many digits may be anything.
_EPOCH = re.compile(r"(1\d{9}(?:\d{3}){0,2})(?:\.\d{1,9})?", re.ASCII)
_UTC = re.compile(r" ?([+-]\d\d:?\d\d)?(?: ?(?:UTC|GMT|Z))?\Z", re.I)  # BigQuery, Ruby and Go write it out
# Keys inside a JSON column that holds more than the one thing it is taken for.
_PROMPT = re.compile(rf"(?:{'|'.join(COLUMN_NAMES['prompt'].split())}|prompt_?text)", re.I)
_ADDRESS = re.compile(r"(?:\w{0,40}_)?(?:ur[il]|src|href|link|address|image|picture|video|output)", re.I)
_ID = re.compile(r"(?:task_?|runway_?)?id", re.I)


class NoTime(ValueError):
    """A value that is no time, or that may be one of several; it says so, for people."""


def parse_time(value: object) -> datetime | None:
    """A time of a row as an aware datetime: ISO (with `Z`, an offset, `UTC`, or none, which means UTC), or
    seconds, milli- or microseconds since 1970. Raises NoTime."""
    if value is None or value == "":
        return None
    at = value if isinstance(value, datetime) else _time(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _time(value: object) -> datetime:
    text = str(value).strip()
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(float(text) / 1000 ** ((len(epoch[1]) - 10) // 3), UTC)
    for written in (text, _UTC.sub(r"\1", text)) if isinstance(value, str) else ():
        with suppress(ValueError):
            return datetime.fromisoformat(written)
    raise NoTime(
        f"{text[:80]!r} is no time that can be read for certain: write it as 2026-11-04T09:30:00Z, or in "
        "seconds or milliseconds since 1970"
    )


def _time_in(row: Mapping[str, Any], column: str) -> datetime | None:
    try:
        return parse_time(row.get(column))
    except NoTime as error:
        raise NoTime(f"video {row.get('id', '?')}: column `{column}`: {error}") from error


def short_id(video_id: str) -> str:
    return video_id[:8]


def known_status(word: str) -> str | None:
    """Our word for an app's status word; None for one that nobody knows."""
    return _STATUS_OF.get(re.sub(r"[\s_-]", "", word).lower())


def other_task_id(columns: Mapping[str, Any]) -> str | None:
    """An id that may be a task's, in a column that is not called `runway_video_id`."""
    for path, value in leaves(columns):
        if isinstance(value, str) and _may_name_a_task(path) and _AN_ID.fullmatch(value):
            return value
    return None


def mentioned_task(columns: Mapping[str, Any], known: Collection[str], words: re.Pattern[str]) -> str | None:
    """An id but the `known` ones in what speaks of a task: reason to doubt, never more."""
    for path, value in leaves(columns):
        text = (value if isinstance(value, str) else json.dumps(value, default=str))[:_READ] if value else ""
        if "-" in text and (words.search(text) or any(map(words.search, path))):
            for found in _UUID.findall(text):
                if found.lower() not in known:
                    return str(found)
    return None


@lru_cache(maxsize=1024)
def _may_name_a_task(path: tuple[str, ...]) -> bool:
    last = path[-1]
    is_id = last.lower() in ("id", "uuid") or re.search(r"(?:_|[a-z](?=I))id$", last, re.I) is not None
    return is_id and any(_OF_A_TASK.search(name) for name in path)


def leaves(columns: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a row by its path: the column, and the keys inside a JSON column."""
    for name, value in columns.items():
        if isinstance(value, Mapping) and len(path) < _DEEPEST:
            yield from leaves(value, (*path, str(name)))
        else:
            yield (*path, str(name)), value


def _text(value: Any, names: re.Pattern[str] | None = None) -> str | None:
    """What a column says. Of one that holds JSON: what stands under one of the names, else all of it."""
    if isinstance(value, list) and len(value) == 1:
        return _text(value[0], names)
    if isinstance(value, str) and names is _PROMPT and value[:1] == "{":
        with suppress(ValueError, RecursionError):
            return _text(json.loads(value), names) or value
    if isinstance(value, Mapping) and names:
        found = (leaf for path, leaf in leaves(value) if names.fullmatch(path[-1]))
        return next((leaf for leaf in found if isinstance(leaf, str) and leaf), None)
    return (value if isinstance(value, str) else json.dumps(value, default=str)) if value else None


@dataclass(frozen=True, slots=True)
class Video:
    """Only `id`, `status` and `created_at` are certain to exist; a production table may lack the rest.

    status         ours where the app's word is known, else the app's
    other_task_id  an id that may be another task's, in whatever column or text it stands
    columns        every other column of the row as it came, for display
    """

    id: str
    status: str
    created_at: datetime
    updated_at: datetime | None = None
    runway_video_id: str | None = None
    error_message: str | None = None
    prompt: str | None = None
    input_image_url: str | None = None
    video_url: str | None = None
    other_task_id: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Video:
        """A row as the database or its JSON export gives it. Raises ValueError naming a missing column."""
        return cls._from(row, own_words=True)

    @classmethod
    def _from(cls, row: Mapping[str, Any], *, own_words: bool) -> Video:
        """own_words  whether the app's words for a status are understood"""
        for column in ("id", "status", "created_at"):
            if row.get(column) in (None, ""):
                raise ValueError(f"video {row.get('id', '?')}: column `{column}` is missing or empty")
        created_at = _time_in(row, "created_at")
        assert created_at is not None
        columns = {name: value for name, value in row.items() if name not in cls.__slots__}
        status, other = str(row["status"]), other_task_id(columns)
        own = _text(row.get("runway_video_id") or (None if "runway_video_id" in row else other), _ID)
        known = {str(row["id"]).lower(), (own or "").lower()}
        mentioned = (
            mentioned_task(columns, known, _MAY_SPEAK_OF_ANOTHER)
            if own
            else mentioned_task(
                {**columns, "error_message": row.get("error_message")}, known, _MAY_SPEAK_OF_A_TASK
            )
        )
        return cls(
            id=str(row["id"]),
            status=(known_status(status) if own_words else None) or status,
            created_at=created_at,
            updated_at=_time_in(row, "updated_at"),
            runway_video_id=own,
            error_message=_text(row.get("error_message")),
            prompt=_text(row.get("prompt"), _PROMPT),
            input_image_url=_text(row.get("input_image_url"), _ADDRESS),
            video_url=_text(row.get("video_url"), _ADDRESS),
            other_task_id=mentioned if own else other or mentioned,
            columns=columns
            | {name: v for name, v in row.items() if name == "prompt" and isinstance(v, dict)},
        )

    @classmethod
    def from_mapped(cls, row: Mapping[str, Any]) -> Video:
        """The same of a row that came through the mapping: a word that it leaves unmapped means nothing."""
        return cls._from(row, own_words=False)

    @property
    def is_finished(self) -> bool:
        """A status that nobody knows is never called unfinished."""
        return self.status not in UNFINISHED

    @property
    def status_is_known(self) -> bool:
        return self.status in STATUSES

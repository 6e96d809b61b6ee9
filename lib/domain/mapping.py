"""A table map: what an app calls the table, columns and status words that Dailies knows by names of its own.

table = "public.clips"
leave_out = ["deleted_at"]      # a row with anything but null or false there is not looked at

[columns]                       # Dailies' name = the app's
id = "id"
status = "state"
created_at = "created_at"

[status]                        # Dailies' word = the app's; the first is the one that is written
queued = ["pending"]
processing = ["rendering", "uploading"]
unmapped = ["draft"]            # left as they are: neither stuck nor unfinished

[provider]                      # rows with another value are counted and not judged; without any, Runway's
column = "engine"
runway = ["gen4_turbo"]

[fixed]                         # the app's columns that a new row needs, with the value to give
plan = "internal"
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from lib.domain.video import STATUSES, Video

NEEDED = ("id", "status", "created_at")
COLUMNS = (
    *NEEDED,
    "updated_at",
    "runway_video_id",
    "error_message",
    "prompt",
    "input_image_url",
    "video_url",
    "user_id",
    "model",
    "ratio",
    "duration",
)
UNMAPPED = "unmapped"
# Where a text stands in JSON; the SQL of the mapping (dailies.json_paths) reads and writes it there, too.
_IN_JSON = {
    "prompt": ("text", "prompt", "promptText", "prompt_text", "description"),
    "error_message": ("message", "error", "reason", "detail"),
    "runway_video_id": ("id", "task_id", "taskId"),
    "input_image_url": ("url", "uri", "src", "href"),
    "video_url": ("url", "uri", "src", "href"),
}
_FIELDS = {"table", "leave_out", "columns", "status", "provider", "fixed"}


class RowKind(StrEnum):
    """Whether a row of the app's table is a video of Runway's that is judged."""

    VIDEO = "video"
    OTHER_PROVIDER = "other_provider"
    DELETED = "deleted"


@dataclass(frozen=True)
class TableMap:
    """columns          the app's column by Dailies' name of it
    statuses         the app's words by Dailies' status, the one to write first
    unmapped         words of the app that mean nothing to Dailies
    leave_out        columns of the app that mark a row as deleted when they hold anything but null or false
    provider_column  the app's column that says who makes the video, and in `runway` its values for Runway;
                     a row without a value there is Runway's
    fixed            values for columns of the app that a new row needs
    table            with its schema; empty where only exported rows are known
    """

    columns: Mapping[str, str]
    statuses: Mapping[str, tuple[str, ...]]
    unmapped: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    provider_column: str | None = None
    runway: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    table: str = ""

    @cached_property
    def _status_of(self) -> Mapping[str, str]:
        return {word: status for status, words in self.statuses.items() for word in words}

    def status_of(self, word: object) -> str | None:
        """Dailies' status for a word of the app; None for one that is not mapped."""
        return self._status_of.get(str(word))

    def word_for(self, status: str) -> str | None:
        """The app's word to write for one of Dailies' statuses; None where the app has none."""
        return next(iter(self.statuses.get(status, ())), None)

    def kind_of(self, row: Mapping[str, Any]) -> RowKind:
        """What a row of the app's table is."""
        if any(row.get(column) not in (None, False, 0, "", "0", "false", "f") for column in self.leave_out):
            return RowKind.DELETED
        provider = row.get(self.provider_column) if self.provider_column else None
        return RowKind.VIDEO if provider in (None, *self.runway) else RowKind.OTHER_PROVIDER

    def read(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of the app under Dailies' names and with its status; what has no name there keeps its own.

        A column that is not mapped although Dailies has another use for its name is left out.
        """
        taken = set(self.columns.values())
        others = {n: v for n, v in row.items() if n not in taken and n not in (*COLUMNS, *Video.__slots__)}
        mine = {name: _meant(name, row[theirs]) for name, theirs in self.columns.items() if theirs in row}
        if mine.get("status") is not None:
            word = str(mine["status"])  # an unmapped one that Dailies uses itself must not be taken for it
            mine["status"] = self.status_of(word) or (f"{word} ({UNMAPPED})" if word in STATUSES else word)
        return others | mine

    def video(self, row: Mapping[str, Any]) -> Video:
        """A row of the app as a video. Raises ValueError naming a missing column."""
        return Video.from_mapped(self.read(row))

    def write(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values under Dailies' names as the app's columns and words.

        Raises ValueError for a status that the app has no word for. What it has no column for is left out.
        """
        written = {self.columns[name]: value for name, value in values.items() if name in self.columns}
        if "status" in values:
            word = self.word_for(values["status"])
            if word is None:
                raise ValueError(f"The app has no word for {values['status']!r}: give one in the map.")
            written[self.columns["status"]] = word
        return written

    @classmethod
    def from_toml(cls, text: str) -> TableMap:
        """A map file. Raises ValueError that lists everything wrong with it."""
        data = tomllib.loads(text)
        if problems := list(problems_of(data)):
            raise ValueError("; ".join(problems))
        words = {name: tuple(map(str, each)) for name, each in data["status"].items()}
        provider = data.get("provider", {})
        return cls(
            columns=data["columns"],
            statuses={status: words.get(status, ()) for status in STATUSES},
            unmapped=words.get(UNMAPPED, ()),
            leave_out=tuple(data.get("leave_out", ())),
            provider_column=provider.get("column"),
            runway=tuple(provider.get("runway", ())),
            fixed=data.get("fixed", {}),
            table=data.get("table", ""),
        )


def problems_of(data: Mapping[str, Any]) -> Iterator[str]:
    """What keeps the content of a map file from being used, in words for its author."""
    yield from (f"unknown field `{name}`" for name in sorted(data.keys() - _FIELDS))
    if not isinstance(data.get("table", ""), str):
        yield "`table` must be text"
    if not _is_texts(data.get("leave_out", [])):
        yield "`leave_out` must be a list of columns"
    if not isinstance(data.get("fixed", {}), dict):
        yield "`fixed` must be a table"
    yield from _column_problems(data.get("columns"))
    yield from _status_problems(data.get("status"))
    yield from _provider_problems(data.get("provider", {}))


def _column_problems(columns: Any) -> Iterator[str]:
    if not isinstance(columns, dict) or not _is_texts(list(columns.values())):
        yield "`columns` must be a table of column names"
        return
    yield from (f"unknown column `{name}`" for name in sorted(columns.keys() - set(COLUMNS)))
    yield from (f"`columns` lacks `{name}`" for name in NEEDED if name not in columns)


def _status_problems(status: Any) -> Iterator[str]:
    if not isinstance(status, dict) or not all(map(_is_words, status.values())):
        yield "`status` must be a table of lists of words"
        return
    yield from (f"unknown status `{name}`" for name in sorted(status.keys() - {*STATUSES, UNMAPPED}))
    words = [str(word) for each in status.values() for word in each]
    yield from (f"the word {w!r} stands twice" for w in sorted(set(words)) if words.count(w) > 1)


def _provider_problems(provider: Any) -> Iterator[str]:
    if not isinstance(provider, dict) or provider.keys() - {"column", "runway"}:
        yield "`provider` must be a table of `column` and `runway`"
    elif provider and not (isinstance(provider.get("column"), str) and _is_texts(provider.get("runway"))):
        yield "`provider` needs its `column`, and in `runway` a list of the values that are Runway"


def _meant(column: str, value: Any) -> Any:
    """Of JSON the one text that is meant; of a column that holds a text."""
    if column not in _IN_JSON or not isinstance(value, list | Mapping):
        return value
    first = next(iter(value), None) if isinstance(value, list) else value
    if isinstance(first, Mapping):
        first = next((first[name] for name in _IN_JSON[column] if isinstance(first.get(name), str)), value)
    return first if isinstance(first, str) or first is None else json.dumps(first, ensure_ascii=False)


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(type(each) in (str, int) for each in value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)

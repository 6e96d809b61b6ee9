"""Proposing a table map from rows: which column is what, which word is which status.

Names are read in the languages that apps are written in, and never alone: values must be of the right kind,
and where a name says nothing, what rows with a word have in common says it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import tomlkit

from lib.domain.mapping import COLUMNS, NEEDED, UNMAPPED, TableMap
from lib.domain.pricing import MODELS
from lib.domain.video import STATUSES, known_status, parse_time
from lib.domain.vocabulary import (
    COLUMN_NAMES,
    DELETED_NAMES,
    DRAFT_WORDS,
    OTHER_NAMES,
    PROVIDER_NAMES,
    STATUS_WORDS,
)

MOST_WORDS = 24  # a column with more distinct words is no status
_LOOK_AT = 2_000  # rows
LONGEST_SECONDS = 600
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)
_URL = re.compile(r"(?:https?|data|runway|s3|gs|blob):", re.I)
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|heic)(?:[?#]|$)|^data:image/", re.I)
_FILM = re.compile(r"\.(?:mp4|webm|mov|m3u8|mkv)(?:[?#]|$)", re.I)
_RATIO = re.compile(r"^\d{1,5}[:x]\d{1,5}$")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_AN_ID = re.compile(r"^[\w:-]{8,}$")
_MODEL = re.compile("|".join(map(re.escape, MODELS)))
_RUNWAY = re.compile(r"runway|\bgen-?[34]|\bact[_-]?two|\baleph", re.I)
_STRANGER = re.compile(
    r"kling|luma|ray-?2|pika|sora|minimax|hailuo|replicate|\bfal\b|stability|svd|haiper|wan-?\d|ltx|openai|"
    r"google|veo|seedance|vidu|heygen|d-id|synthesia",
    re.I,
)

_KINDS = {
    "id": "uuid word number",
    "status": "word text number",
    "created_at": "time number",
    "updated_at": "time number",
    "runway_video_id": "uuid word",
    "error_message": "text word json",
    "prompt": "text json",
    "input_image_url": "url word json",
    "video_url": "url word json",
    "user_id": "uuid word number",
    "model": "word",
    "ratio": "word",
    "duration": "number word",
}
_TYPES = (
    ("uuid", "uuid"),
    ("time", "timestamp date"),
    ("bool", "boolean"),
    ("number", "integer bigint smallint numeric double real"),
    ("json", "json"),
)
_DRAFTS = frozenset(DRAFT_WORDS.split())
_STATUS_OF = {word: status for status, words in STATUS_WORDS.items() for word in words.split()}


@dataclass(frozen=True)
class Proposal:
    """A map to look through.

    counts   of rows by status word
    guessed  words of which only the rows told what they mean
    notes    what people should know
    """

    map: TableMap
    counts: Mapping[str, int]
    guessed: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def corrected(self, kept: TableMap) -> Proposal:
        """The same where people have settled a map before: theirs, and of new words a guess."""
        known = {word for words in kept.statuses.values() for word in words}
        new = {s: tuple(w for w in words if w not in known) for s, words in self.map.statuses.items()}
        statuses = {s: (*kept.statuses[s], *new[s]) for s in STATUSES}
        unmapped = tuple(word for word in self.map.unmapped if word not in known)
        table_map = replace(kept, statuses=statuses, unmapped=unmapped)
        return replace(self, map=table_map, notes=tuple(_notes(kept.columns, unmapped)))

    def as_toml(self) -> str:
        """The map file, with what was counted and guessed as comments."""
        file = tomlkit.document()
        file.add(tomlkit.comment("Proposed from rows: look it through, correct it, keep it."))
        for note in self.notes:
            file.add(tomlkit.comment(note))
        file["table"] = self.map.table
        file["leave_out"] = list(self.map.leave_out)
        file["columns"] = dict(self.map.columns)
        status = tomlkit.table()
        for name, words in {**self.map.statuses, UNMAPPED: self.map.unmapped}.items():
            lines = tomlkit.array()
            for word in words:
                told = ", guessed from what these rows hold" if word in self.guessed else ""
                lines.add_line(word, comment=f"{self.counts.get(word, 0)} rows{told}")
            if words:
                lines.add_line(indent="")
            status[name] = lines
        file["status"] = status
        if self.map.provider_column:
            file["provider"] = {"column": self.map.provider_column, "runway": list(self.map.runway)}
        if self.map.fixed:
            file["fixed"] = dict(self.map.fixed)
        return tomlkit.dumps(file)


@dataclass(frozen=True)
class _Column:
    """`kind`: uuid, url, time, word, text, number, bool or json; None where every value is null."""

    name: str
    parts: frozenset[str]
    kind: str | None
    values: tuple[Any, ...]  # those that are not null
    filled: float  # share of rows with a value

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(map(str, self.values))

    @property
    def is_unique(self) -> bool:
        return len(self.words) == len(self.values)

    def share(self, pattern: re.Pattern[str]) -> float:
        """Of the values that match."""
        return sum(bool(pattern.search(str(value))) for value in self.values) / max(1, len(self.values))


def propose(
    rows: Sequence[Mapping[str, Any]],
    *,
    table: str = "",
    types: Mapping[str, str] | None = None,
    counts: Mapping[str, int] | None = None,
) -> Proposal:
    """A map for a table of which these are rows, or a sample of its rows.

    types   the columns with their types as Postgres names them, where they are known
    counts  of the whole table's rows by status word, where they are known

    Raises ValueError naming what no column was found for, of what is needed.
    """
    sample = rows[:: max(1, len(rows) // _LOOK_AT)]
    names = dict.fromkeys([*(types or {}), *(name for row in sample for name in row)])
    columns = [_column(name, sample, (types or {}).get(name)) for name in names]
    found = _assign(columns, sample)
    if lacking := [name for name in NEEDED if name not in found]:
        raise ValueError(f"no column looks like {', '.join(lacking)}; there are {', '.join(names)}")
    by_word = counts or Counter(
        str(row[found["status"]]) for row in rows if row.get(found["status"]) is not None
    )
    statuses, unmapped, guessed = _statuses(by_word, sample, found)
    provider, runway = _provider(columns)
    return Proposal(
        TableMap(
            columns=found,
            statuses=statuses,
            unmapped=unmapped,
            leave_out=tuple(
                c.name for c in columns if _named(c, DELETED_NAMES) and c.kind in ("time", "bool", None)
            ),
            provider_column=provider,
            runway=runway,
            table=table,
        ),
        by_word,
        guessed,
        tuple(_notes(found, unmapped)),
    )


def _notes(found: Mapping[str, str], unmapped: Iterable[str]) -> Iterable[str]:
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        yield f"No column was found for: {', '.join(missing)}."
    if words := ", ".join(unmapped):
        yield f"Not mapped, so neither stuck nor unfinished: {words}. Move what you know to its status."


def _column(name: str, rows: Sequence[Mapping[str, Any]], declared: str | None) -> _Column:
    values = tuple(row[name] for row in rows if row.get(name) is not None)
    by_type = next(
        (kind for kind, types in _TYPES if declared and any(map(declared.startswith, types.split()))), None
    )
    kind = by_type if by_type and not (by_type == "uuid" and not values) else _kind(values)
    return _Column(name, frozenset(parts_of(name)), kind or by_type, values, len(values) / max(1, len(rows)))


def parts_of(name: str) -> list[str]:
    """The words of a name, small and without accents: `runwayTaskId` is runway, task, id."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.findall(r"[a-z]+|\d+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower())


def _kind(values: Collection[Any]) -> str | None:
    kinds = Counter(_kind_of(value) for value in values)
    if not kinds:
        return None
    if set(kinds) <= {"word", "text", "url", "uuid"} and len(kinds) > 1:
        return "text" if kinds["text"] else "word"
    return kinds.most_common(1)[0][0]


def _kind_of(value: Any) -> str:
    if not isinstance(value, str):
        return next((kind for kind, types in _PYTHON_TYPES if isinstance(value, types)), "word")
    return next((kind for kind, is_one in _TEXTS if is_one(value)), "word")


def _is_time(text: str) -> bool:
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return False
    try:
        return parse_time(text) is not None
    except ValueError:
        return False


_PYTHON_TYPES: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("bool", bool),
    ("number", (int, float)),
    ("time", datetime),
    ("json", (list, dict)),
)
_TEXTS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("uuid", _UUID.fullmatch),
    ("url", _URL.match),
    ("time", _is_time),
    ("number", _NUMBER.fullmatch),
    ("text", re.compile(r"\S\s+\S+\s").search),
)


def _assign(columns: Sequence[_Column], rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The best column for each of Dailies' names, each column once."""
    scored = sorted(
        ((score, -place, ours, c.name) for place, c in enumerate(columns) for ours in _KINDS
         if (score := _score(ours, c)) > 0),
        reverse=True,
    )  # fmt: skip
    found: dict[str, str] = {}
    for _, _, ours, name in scored:
        if ours not in found and name not in found.values():
            found[ours] = name
    if "id" not in found:
        keys = (c.name for c in columns if c.kind in _KINDS["id"].split() and c.filled == 1 and c.is_unique)
        found.update(("id", name) for name in islice((n for n in keys if n not in found.values()), 1))
    if "created_at" not in found:
        times = [c for c in columns if c.kind == "time" and c.filled == 1 and c.name not in found.values()]
        if times:
            found["created_at"] = min(times, key=lambda c: min(map(str, c.values))).name
    if "runway_video_id" not in found and "video_url" in found:
        ids = [c for c in columns if c.name not in found.values() and _goes_with_films(c, found, rows)]
        found.update(("runway_video_id", c.name) for c in ids if len(ids) == 1)
    if "error_message" not in found and "video_url" in found:
        films = next(c for c in columns if c.name == found["video_url"])
        rare = (c for c in columns if c.kind == "text" and 0 < c.filled <= 1 - films.filled)
        found.update(("error_message", c.name) for c in rare if c.name not in found.values())
    return {name: found[name] for name in COLUMNS if name in found}


def _goes_with_films(column: _Column, found: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a column holds a uuid of its own in every row with a film, and not in every row: as a task's id
    does, whatever it is called."""
    if column.kind != "uuid" or not column.is_unique or not 0 < column.filled < 1:
        return False
    if _named(column, OTHER_NAMES.get("runway_video_id", "")):
        return False
    return all(row.get(column.name) for row in rows if row.get(found["video_url"]))


def _score(ours: str, column: _Column) -> float:
    """How well a column fits; 0 where it does not."""
    if "_".join(parts_of(column.name)) == ours:
        return 100
    named = _named(column, COLUMN_NAMES[ours])
    if _named(column, OTHER_NAMES.get(ours, "")) or (column.kind and column.kind not in _KINDS[ours].split()):
        return 0
    # below 0 values say that it is something else, from 1 on they say so by themselves
    told = _TELLS[ours](column) if column.values and ours in _TELLS else 0
    return 0 if told < 0 or named + told < 1 else 2 * named + told - 0.1 * len(column.parts)


def _says_status(column: _Column) -> float:
    known = sum(_lexicon(word) is not None for word in column.words) / len(column.words)
    if len(column.words) > MOST_WORDS or (column.is_unique and len(column.words) > 2 and known < 0.5):
        return -1
    return 3 * (known >= 0.5) + known


def _says_time(column: _Column) -> float:
    """Numbers are times where all of them are of these decades."""
    if column.kind != "number":
        return 0
    try:
        return 0 if all(map(parse_time, column.values)) else -1
    except ValueError:
        return -1


def _says_task(column: _Column) -> float:
    is_id = column.kind == "uuid" or column.share(_AN_ID) == 1
    if not is_id or len(column.words) < 0.9 * len(column.values):
        return -1
    return 1.5 * ("runway" in column.parts) + ("id" in column.parts)


def _says_file(column: _Column, wanted: re.Pattern[str], other: re.Pattern[str]) -> float:
    share = column.share(wanted)
    return -1 if column.share(other) > 0.5 or (column.kind == "word" and not share) else 1.5 * share


def _says_duration(column: _Column) -> float:
    numbers = [float(word) for word in column.words if _NUMBER.fullmatch(word)]
    return 0 if len(numbers) == len(column.words) and max(numbers) <= LONGEST_SECONDS else -1


_TELLS: Mapping[str, Callable[[_Column], float]] = {
    "id": lambda c: 0.5 * c.name.lower().endswith("id") if c.filled == 1 and c.is_unique else -1,
    "status": _says_status,
    "created_at": lambda column: _says_time(column) if column.filled > 0.95 else -1,
    "updated_at": _says_time,
    "runway_video_id": _says_task,
    "error_message": lambda column: 0.5 - column.filled,
    "prompt": lambda column: column.filled,
    "video_url": lambda column: _says_file(column, _FILM, _PICTURE),
    "input_image_url": lambda column: _says_file(column, _PICTURE, _FILM),
    "model": lambda column: 1.5 * column.share(_MODEL),
    "ratio": lambda column: 1.5 if column.share(_RATIO) == 1 else -1,
    "duration": _says_duration,
}


def _named(column: _Column, words: str) -> int:
    """How many of the words stand in the column's name; long ones also within a compound."""
    return sum(
        word in column.parts or (len(word) > 4 and any(word in part for part in column.parts))
        for word in set(words.split())
    )


def _lexicon(word: str) -> str | None:
    return known_status(word) or _STATUS_OF.get("".join(parts_of(word)))


def _statuses(
    counts: Mapping[str, int], rows: Sequence[Mapping[str, Any]], found: Mapping[str, str]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...], frozenset[str]]:
    """The words by status, those that are left, and those whose rows alone told their meaning."""
    held = {word: _held(word, rows, found) for word in counts}
    meaning = {word: meaning_of(word, each, has_films="video_url" in found) for word, each in held.items()}
    if None in meaning.values() and not {"queued", "cancelled"} & set(meaning.values()):
        waiting = [w for w, m in meaning.items() if m is None and _is_bare(w, held[w])]
        meaning.update((word, "queued") for word in waiting if len(waiting) == 1)
    words = sorted(counts, key=lambda word: -counts[word])
    statuses = {status: tuple(w for w in words if meaning[w] == status) for status in STATUSES}
    guessed = frozenset(word for word in words if meaning[word] and meaning[word] != _lexicon(word))
    return statuses, tuple(w for w in words if meaning[w] is None), guessed


class Held(NamedTuple):
    """What rows with one word hold: how many have a video, an error, a task; as shares of them."""

    video: float
    error: float
    task: float


def _is_bare(word: str, held: Held | None) -> bool:
    """Whether rows with this word exist and were not begun, as far as they tell; drafts are no requests."""
    return "".join(parts_of(word)) not in _DRAFTS and held == (0, 0, 0)


def meaning_of(word: str, held: Held | None, *, has_films: bool = True) -> str | None:
    """The status that a word probably means; None where neither it nor its rows tell. Without rows, they hold
    None; `has_films` says whether rows can hold videos at all."""
    by_name = _lexicon(word)
    video, error, task = held or (0.0, 0.0, 0.0)
    if has_films and by_name == "succeeded" and held and not video and (error or not task):
        by_name = None
    if by_name or "".join(parts_of(word)) in _DRAFTS:
        return by_name
    if video > 0.8:
        return "succeeded"
    if error > 0.8 and not video:
        return "failed"
    return "processing" if task > 0.1 and not video and not error else None


def _held(word: str, rows: Sequence[Mapping[str, Any]], found: Mapping[str, str]) -> Held | None:
    mine = [row for row in rows if str(row.get(found["status"])) == word]
    if not mine:
        return None
    return Held(
        *(
            sum(bool(row.get(found.get(name, ""))) for row in mine) / len(mine)
            for name in ("video_url", "error_message", "runway_video_id")
        )
    )


def _provider(columns: Sequence[_Column]) -> tuple[str | None, tuple[str, ...]]:
    """The column that tells Runway from others, and its values for Runway."""
    for wanted in (PROVIDER_NAMES, COLUMN_NAMES["model"]):
        for column in columns:
            words = sorted(column.words)
            if not _named(column, wanted) or column.kind != "word" or len(words) > MOST_WORDS:
                continue
            others = [word for word in words if _STRANGER.search(word) and not _RUNWAY.search(word)]
            runway = tuple(word for word in words if _RUNWAY.search(word))
            if others or (runway and wanted == PROVIDER_NAMES):
                return column.name, runway or tuple(word for word in words if word not in others)
    return None, ()

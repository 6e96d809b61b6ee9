"""Videos: listed, found, looked at, brought in from an export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypedDict, cast

from lib.data.audit import AuditRow
from lib.data.database import Database, Row, span
from lib.domain.video import Video
from lib.errors import BadInput

IMPORT_BATCH = 500


class VideoRow(TypedDict):
    """One line of a list. Times are ISO strings; what a verdict says is None until there is one."""

    id: str
    status: str
    created_at: str
    updated_at: str | None
    prompt: str | None
    input_image_url: str | None
    runway_video_id: str | None
    video_url: str | None
    error_message: str | None
    cause: str | None
    confidence: str | None
    action: str | None
    stuck: bool
    flow: str | None
    first_missing: str | None
    stages: list[dict[str, Any]]
    recoverable_runway_id: str | None
    deployment_id: str | None
    attempts: int
    sorted_by: str | None  # the value it is sorted by, unless that is its time
    matches: int | None  # how many fit, where that was asked; one above `Filters.counted` stands for more


class VideoDetails(TypedDict):
    """Whole rows as JSON: `video` with every column of the production table, `audit` newest first."""

    video: Row
    verdict: Row | None
    task: Row | None
    attempts: list[Row]
    requests: list[Row]
    audit: list[AuditRow]


class LogRow(TypedDict):
    """An entry of a request that tells of the video; `video_id` and `task_id` are what its message names."""

    at: str
    level: str
    message: str
    request_id: str | None
    path: str | None
    status_code: int | None
    video_id: str | None
    task_id: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which videos to list; all of it together.

    trouble        stuck, recoverable, failed or any of these
    deployment     an id, or `none` for videos that name none
    error_group    a normalised message, or `any`
    first_missing  a stage, `none` for videos that miss none, or `any` for those that miss one
    flow           which flow the logs show
    state          `stage:state`, one of STAGE_STATES: what became of this stage
    took           `id:n` or `video:n`: it took STEP**n to STEP**(n + 1) seconds (see lib/data/series.py)
    model, ratio, duration  what was last asked for, or `none` where nobody knows
    user           what the app's row says in `user_id`, whole
    hour           of the week in UTC: 0 begins on Monday at midnight, 167 is the last
    own            also the videos that Dailies made itself, which figures leave out; those in `ids` anyway
    """

    statuses: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    search: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    trouble: str | None = None
    deployment: str | None = None
    error_group: str | None = None
    first_missing: str | None = None
    flow: str | None = None
    state: str | None = None
    took: str | None = None
    model: str | None = None
    ratio: str | None = None
    duration: str | None = None
    user: str | None = None
    hour: int | None = None
    ids: tuple[str, ...] = ()
    own: bool = True

    def arguments(self) -> dict[str, Any]:
        given = {
            f"p_{name}": list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value not in (None, (), "") and name not in ("since", "until")
        }
        return given | span(self.since, self.until)

    @property
    def counted(self) -> int:
        """Up to how many matches are counted."""
        return COUNTED_OF_SOME if self.arguments().keys() - {"p_from", "p_to", "p_own"} else COUNTED


@dataclass(frozen=True, slots=True)
class Sort:
    """What a list is sorted by, one of SORTS; the newest come first where that is the same."""

    by: str = "created"
    ascending: bool = False


NEWEST = Sort()
SORTS = ("created", "changed", "status", "cause", "stage", "prompt", "error")
TRIGRAM = 3
COUNTED = 10_000  # more matches are not counted
COUNTED_OF_SOME = 1_000  # of what is searched or filtered: each is looked at


class Position(NamedTuple):
    """Where a page of a list ended."""

    created_at: str
    id: str
    value: str | None = None

    @property
    def written(self) -> str:
        return "~".join((self.created_at, self.id, *([] if self.value is None else [self.value])))

    @classmethod
    def read(cls, text: str) -> Position:
        created_at, _, rest = text.partition("~")
        video_id, valued, value = rest.partition("~")
        return cls(created_at, video_id, value if valued else None)


def list_videos(
    db: Database,
    filters: Filters | None = None,
    *,
    sort: Sort = NEWEST,
    after: Position | None = None,
    counted: bool = False,
    limit: int = 50,
) -> list[VideoRow]:
    """The next page comes with `after=end_of(rows)`."""
    arguments = (filters or Filters()).arguments() | {"p_limit": limit}
    if "p_search" in arguments:
        arguments["p_search"] = one_blank(arguments["p_search"])
    if sort != NEWEST:
        arguments |= {"p_sort": sort.by, "p_ascending": sort.ascending}
    if after:
        arguments |= {"p_after_at": after.created_at, "p_after_id": after.id, "p_after_value": after.value}
    if counted:
        arguments["p_counted"] = True
    return cast("list[VideoRow]", db.call("dailies_list_videos", **arguments))


def end_of(rows: Sequence[VideoRow]) -> Position | None:
    return Position(rows[-1]["created_at"], rows[-1]["id"], rows[-1]["sorted_by"]) if rows else None


def every_video(db: Database, filters: Filters | None = None, *, page: int = 500) -> Iterator[VideoRow]:
    """All matches, page by page."""
    after = None
    while rows := list_videos(db, filters, after=after, limit=page):
        yield from rows
        after = end_of(rows)


def get_video(db: Database, video_id: str) -> VideoDetails:
    """Raises NotFound, or BadInput naming what of the row cannot be read."""
    details = cast("VideoDetails", db.call("dailies_video", p_id=video_id)[0])
    try:
        Video.from_mapped(details["video"])
    except ValueError as error:
        raise BadInput(f"The row of video {video_id} cannot be read: {error}") from error
    return details


def find_videos(db: Database, text: str) -> list[str]:
    """At most 20 ids, newest first: of videos whose id begins with `text` (four characters or more), or whose
    task it is."""
    return [str(row["id"]) for row in db.call("dailies_find_videos", p_text=text)]


_LETTERS = re.compile(r"[^\W_]+")
_BLANKS = re.compile(r"\s+")


def one_blank(text: str) -> str:
    """As pages show a text, and as it is searched for: with one blank for each run of blanks and breaks."""
    return _BLANKS.sub(" ", text)


def is_in_an_index(text: str) -> bool:
    """Whether an index of trigrams leads to `text`: without, all that is searched is read. It knows three
    letters or digits in a row, and adds two blanks before a word and one behind it, where a word is seen to
    begin or end. A word of one letter leads to nearly every text."""
    return any(
        len(word[0]) + 2 * (word.start() > 0) + (word.end() < len(text)) >= TRIGRAM
        for word in _LETTERS.finditer(text)
        if len(word[0]) > 1
    )


def search_kind(db: Database) -> str:
    """How `search` finds a text: `anywhere` in what is searched, `words` that begin like it, or by reading
    `rows` one by one, while videos that were judged by an earlier version wait to be judged again."""
    return str(db.call("dailies_search_kind")[0]["kind"])


def video_log(db: Database, video_id: str, *, limit: int = 1000) -> list[LogRow]:
    """Oldest first."""
    return cast("list[LogRow]", db.call("dailies_video_log", p_id=video_id, p_limit=limit))


class Imported(NamedTuple):
    saved: int  # rows that are new or were different
    ignored_columns: list[str]  # of the export, unknown to the table


def import_videos(db: Database, rows: Sequence[Mapping[str, Any]]) -> Imported:
    """Insert or update rows of a JSON export of `videos`. Raises BadInput when one lacks its id."""
    saved, ignored = 0, set[str]()
    for start in range(0, len(rows), IMPORT_BATCH):
        batch = [dict(row) for row in rows[start : start + IMPORT_BATCH]]
        answer = db.call("dailies_import_videos", p_videos=batch)[0]
        saved += answer["saved"]
        ignored.update(answer["ignored_columns"])
    return Imported(saved, sorted(ignored))

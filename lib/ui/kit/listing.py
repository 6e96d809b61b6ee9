"""The list of videos: real links, sorted as a whole by its headings, columns to choose."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import urlencode

import streamlit as st

from lib.data.videos import NEWEST, SORTS, Sort, VideoRow
from lib.ui.kit import address, html
from lib.ui.kit.format import ACTION, GRAY, SIDE, STATUS, cause_label, cause_of, look, words
from lib.ui.kit.tables import stage_progress

_DRAWN = "list-drawn"


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, what it sorts by, and its cell as HTML."""

    title: str
    sort: str | None
    cell: Callable[[VideoRow, datetime], str]


def _status(row: VideoRow, _: datetime) -> str:
    shown = look(STATUS, row["status"])
    return html.tone(f"{shown.glyph} {shown.word}", shown.hex)


def _cause(row: VideoRow, _: datetime) -> str:
    tone = SIDE[cause_of(row["cause"]).side].hex if row["cause"] else GRAY
    return html.tone(cause_label(row["cause"]), tone)


COLUMNS = {
    "video": Column("Video", None, lambda row, _: html.video(row["id"])),
    "created": Column("Created", "created", lambda row, now: html.time(row["created_at"], now)),
    "status": Column("Status", "status", _status),
    "cause": Column("Cause", "cause", _cause),
    "stages": Column("Stages seen", None, lambda row, _: escape(stage_progress(row["stages"]))),
    "stage": Column(
        "First missing stage", "stage", lambda row, _: html.text(words(row["first_missing"] or ""))
    ),
    "prompt": Column("Prompt", "prompt", lambda row, _: html.text(row["prompt"])),
    "error": Column("Error", "error", lambda row, _: html.text(row["error_message"])),
    "action": Column("What to do", None, lambda row, _: escape(ACTION.get(row["action"] or "", ""))),
    "changed": Column("Changed", "changed", lambda row, now: html.time(row["updated_at"], now)),
    "runway": Column("Runway id", None, lambda row, _: html.text(row["runway_video_id"])),
    "deployment": Column("Deployment", None, lambda row, _: html.text(row["deployment_id"])),
    "attempts": Column("Attempts", None, lambda row, _: str(row["attempts"] or "")),
}
SHOWN = ("created", "status", "cause", "stages", "stage", "prompt", "error")


_TITLES = {name: column.title for name, column in COLUMNS.items() if name != "video"}


def choose_columns() -> None:
    with st.popover("Columns", icon=":material/view_column:", type="tertiary", key="columns-chooser"):
        address.many("Columns", "column", _TITLES, placeholder="The usual ones", width=320)


def shown_columns() -> list[str]:
    """The id always; of the others what the address names."""
    return ["video", *(address.several("column", _TITLES) or SHOWN)]


def chosen_sort(by: Collection[str] = SORTS, usual: Sort = NEWEST) -> Sort:
    """`-created` in the address: the newest first."""
    given = st.query_params.get("sort", "")
    name = given.removeprefix("-")
    return Sort(name, ascending=name == given) if name in by else usual


def video_list(
    rows: Sequence[VideoRow], now: datetime, columns: Sequence[str], sort: Sort | None = None
) -> None:
    """The videos; with `sort`, its headings sort anew. The page of a video leads on along them."""
    heads = [_heading(COLUMNS[name], sort) for name in columns]
    html.table("Videos", heads, [[COLUMNS[name].cell(row, now) for name in columns] for row in rows])
    st.session_state[_DRAWN] = ([row["id"] for row in rows], address.query())


def _heading(column: Column, sort: Sort | None) -> str:
    if sort is None or column.sort is None:
        return f"<th>{escape(column.title)}</th>"
    return heading(
        "videos", column.title, column.sort, sort, upwards=column.sort not in ("created", "changed")
    )


def heading(page: str, title: str, by: str, sort: Sort, *, upwards: bool) -> str:
    """Leads to the page sorted by this column: `upwards` first, the other way round where it is already."""
    is_sorted = by == sort.by
    order = "" if (not sort.ascending if is_sorted else upwards) else "-"
    query = {**address.query(), "sort": [order + by], address.PAGE: []}
    link = escape(f"{page}?{urlencode(query, doseq=True)}")
    said = f' aria-sort="{"ascending" if sort.ascending else "descending"}"' if is_sorted else ""
    arrow = (" ↑" if sort.ascending else " ↓") if is_sorted else ""
    return f'<th{said}><a href="{link}">{escape(title)}{arrow}</a></th>'


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where a video stands in the list that was drawn last, and the address of that list."""

    number: int
    of: int
    before: str | None
    after: str | None
    address: dict[str, list[str]]


def place_of(video_id: str) -> Neighbours | None:
    ids, query = st.session_state.get(_DRAWN, ((), {}))
    if video_id not in ids:
        return None
    at = ids.index(video_id)
    before, after = ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None
    return Neighbours(at + 1, len(ids), before, after, query)

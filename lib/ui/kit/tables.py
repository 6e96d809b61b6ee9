"""Dataframes of videos and errors. Outside text stays in text columns, uninterpreted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.column_config import ButtonColumn, DatetimeColumn, MultiselectColumn, TextColumn

from lib.data.database import Row
from lib.data.videos import VideoRow
from lib.ui.kit.format import (
    ACTION,
    SIDE,
    STATUS,
    Look,
    cause_label,
    cause_of,
    look,
    short_id,
    words,
)
from lib.ui.kit.router import go_to_video
from lib.ui.kit.zone import zone_name

_OPENED = "opened-video"
ROW = 32  # pixels
Columns = dict[str, tuple[Any, Any]]  # of each its values, and how they are shown


def table(columns: Columns, alt: str, *, most: int, **more: Any) -> Any:
    """More than `most` rows scroll."""
    rows = min(max((len(values) for values, _ in columns.values()), default=0), most)
    return st.dataframe(
        pd.DataFrame({name: values for name, (values, _) in columns.items()}),
        column_config={name: how for name, (_, how) in columns.items()},
        hide_index=True,
        row_height=ROW,
        height=ROW * (max(rows, 1) + 1) + 3,
        alt=alt,
        **more,
    )


def times(values: Sequence[str]) -> pd.DatetimeIndex:
    """Of ISO texts, for `time_column`."""
    return pd.to_datetime(list(values), utc=True, format="ISO8601")


def time_column(label: str) -> Any:
    """Exact times, which sort as times."""
    return DatetimeColumn(label, timezone=zone_name(), format="DD MMM HH:mm:ss", width=118)


def stage_progress(stages: Sequence[Row] | None) -> str:
    """`7 of 14 ×`: how many stages were seen; the cross says that one is missing."""
    if not stages:
        return "no log"
    seen = sum(stage["state"] == "seen" for stage in stages)
    missing = any(stage["state"] == "missing" for stage in stages)
    return f"{seen} of {len(stages)}{' ×' if missing else ''}"


def badge(table: Mapping[str, Look], key: str | None) -> list[str]:
    shown = look(table, key)
    return [f"{shown.glyph} {shown.word}"]


def badges(label: str, table: Mapping[Any, Look], **more: Any) -> Any:
    """A column of coloured words."""
    return _coloured(label, {f"{shown.glyph} {shown.word}": shown.color for shown in table.values()}, **more)


def _coloured(label: str, colors: Mapping[str, str], **more: Any) -> Any:
    return MultiselectColumn(label, options=list(colors), color=list(colors.values()), **more)


def cause_badges(keys: Sequence[str | None]) -> Any:
    options = {cause_label(key): SIDE[cause_of(key).side].color for key in keys}
    return _coloured("Cause", options, width=190)


def open_column(key: str, *, pinned: bool = False) -> Any:
    """A column of ids; a click on one opens its video, among the rows that were remembered under `key`."""
    return ButtonColumn(
        "Video",
        key=f"open-{key}",
        type="tertiary",
        alignment="left",
        width=112,
        pinned=pinned,
        on_click=_remember,
        args=(key,),
    )


def remember_rows(key: str, video_ids: Sequence[str | None]) -> None:
    st.session_state[f"rows-{key}"] = list(video_ids)


def choose_videos(rows: Sequence[VideoRow], *, key: str) -> list[str]:
    """The table with a box in front of each row. Returns the chosen ids, looked up in the rows as drawn.
    `key` has to change with the rows."""
    remember_rows(key, [row["id"] for row in rows])
    ids = [f":material/movie_info: {short_id(row['id'])}" for row in rows]
    statuses = [badge(STATUS, row["status"]) for row in rows]
    causes = [row["cause"] for row in rows]
    actions = [ACTION.get(row["action"] or "", "") for row in rows]
    stages = [words(row["first_missing"] or "") for row in rows]
    errors = [row["error_message"] or "" for row in rows]
    columns: Columns = {
        "video": (ids, open_column(key, pinned=True)),
        "age": (times([row["created_at"] for row in rows]), time_column("Created")),
        "status": (statuses, badges("Status", STATUS, width=118)),
        "cause": ([[cause_label(cause)] for cause in causes], cause_badges(causes)),
        "action": (actions, TextColumn("What to do", width=190)),
        "first_missing": (stages, TextColumn("First missing stage", width=150)),
        "error": (errors, TextColumn("Error", width="large")),
    }
    select: dict[str, Any] = {"on_select": "rerun", "selection_mode": "multi-row", "key": f"table-{key}"}
    event = table(columns, "Videos, newest first", most=16, **select)
    drawn: list[str] = st.session_state[f"rows-{key}"]
    return [drawn[index] for index in event.selection.rows if index < len(drawn)]


def _remember(key: str) -> None:
    """Clicks name a position: what it meant is looked up in the rows as they were drawn."""
    row = st.session_state[f"open-{key}"].row
    st.session_state[_OPENED] = st.session_state[f"rows-{key}"][row]


def go_to_opened_video() -> None:
    """Goes to the video whose id was clicked in a table in this run, if any."""
    if found := st.session_state.pop(_OPENED, None):
        go_to_video(found)

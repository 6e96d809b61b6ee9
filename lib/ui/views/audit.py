"""The audit: who did what to which video, what changed by it, and what it cost."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st
from streamlit.column_config import TextColumn

from lib.data.audit import AuditRow, end_of
from lib.ui.kit import address, loaders
from lib.ui.kit.format import clock, short_id, words
from lib.ui.kit.frame import Frame
from lib.ui.kit.notices import empty
from lib.ui.kit.paging import PAGE, place, turn_pages
from lib.ui.kit.tables import Columns, open_column, remember_rows, table


def change_text(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """`status: processing → failed · runway_video_id: none → 5b1…`: what differs, or was said besides."""
    old, new = before or {}, after or {}
    if "status" not in new:  # a decision, a budget: it says what is new and leaves the row as it was
        old = {name: value for name, value in old.items() if name in new}
    names = [name for name in {**new, **old} if old.get(name) != new.get(name)]
    return " · ".join(_one_change(name, old, new) for name in names) or "no change"


def _one_change(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if name in old and name in new:
        return f"{name}: {_value(old[name])} → {_value(new[name])}"
    return f"{name}: {_value(new[name])}" if name in new else f"{name}: {_value(old[name])} → none"


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:119]}…"


def audit_table(rows: Sequence[AuditRow], now: datetime, *, key: str | None = None) -> None:
    """With a `key`, which has to change with the rows, each names its video: a click opens it."""
    columns: Columns = {
        "at": ([clock(row["at"], now) for row in rows], TextColumn("When", width=120)),
        "operator": ([row["operator"] for row in rows], TextColumn("Operator", width=110)),
        "action": ([words(row["action"]) for row in rows], TextColumn("Action", width=130)),
    }
    if key:
        ids = [row["video_id"] for row in rows]
        remember_rows(key, ids)
        links = [f":material/movie_info: {short_id(each)}" if each else "–" for each in ids]
        columns["video"] = (links, open_column(key))
    credits = [f"{row['credits']:g}" if row.get("credits") else "" for row in rows]
    columns["credits"] = (credits, TextColumn("Credits", width=64, alignment="right"))
    changes = [change_text(row.get("before"), row.get("after")) for row in rows]
    columns["change"] = (changes, TextColumn("What changed", width=900))
    table(columns, "Who did what, newest first", most=22, key=f"audit-{key}" if key else None)


_NUMBER = re.compile(r"-?\d{1,18}")  # a history that was written again has those below 0


def audit_page(frame: Frame) -> None:
    """The filters and one page of entries."""
    operator, action, video_id = _filters()
    _, before = place()
    before_id = int(before) if before and _NUMBER.fullmatch(before) else None
    rows = loaders.audit(operator, action, video_id, before_id, PAGE + 1)
    if not rows:
        filtered = operator or action or video_id
        empty(
            "No entry fits these filters" if filtered else "Nobody has changed anything yet",
            "Take one away."
            if filtered
            else "Every generation, retry, recovery and cancellation is kept here.",
            ":material/filter_alt_off:" if filtered else ":material/history_edu:",
        )
        return
    shown = rows[:PAGE]
    audit_table(shown, frame.now, key=f"{hash((operator, action, video_id)):x}-{shown[0]['id']}")
    turn_pages("Entries", len(shown), str(end_of(shown)), more=len(rows) > PAGE)


def _filters() -> tuple[str | None, str | None, str | None]:
    """Operator, action and the full id of a video; None for any."""
    names = loaders.audit_names()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        operator = address.choice("Any operator", "operator", names.operators, width=220)
        action = address.choice("Any action", "action", names.actions, format_func=words, width=220)
        text = address.text("Video", "video", "Id of a video, or its first 4 characters", width=320)
    return operator, action, _video_id(text)


_NOBODY = "00000000-0000-0000-0000-000000000000"


def _video_id(text: str) -> str | None:
    """An id that no video has where none is found, so that nothing is shown instead of everything."""
    if not text:
        return None
    found = loaders.find(text)
    return found[0] if len(found) == 1 else _NOBODY

"""Tables of what belongs to one video: log entries and attempts. Outside text is never interpreted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from lib.data.database import Row
from lib.data.videos import LogRow
from lib.ui.kit.format import ATTEMPT_STATE, clock, short_id
from lib.ui.kit.tables import badge, badges


def log_table(entries: Sequence[LogRow]) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "at": pd.to_datetime([entry["at"] for entry in entries], utc=True, format="ISO8601"),
                "level": [entry["level"] for entry in entries],
                "message": [entry["message"] for entry in entries],
                "request": [short_id(entry["request_id"]) for entry in entries],
                "path": [entry["path"] or "" for entry in entries],
                "answer": [entry["status_code"] for entry in entries],
            }
        ),
        column_config={
            "at": st.column_config.DatetimeColumn(
                "Time", timezone="UTC", format="DD MMM HH:mm:ss.SSS", width=140
            ),
            "level": st.column_config.TextColumn("Level", width=64),
            "message": st.column_config.TextColumn("Message", width=620),
            "request": st.column_config.TextColumn("Request", width=84),
            "path": st.column_config.TextColumn("Path", width=150),
            "answer": st.column_config.NumberColumn("Answer", format="%d", width=64),
        },
        hide_index=True,
        row_height=28,
        height=min(560, 40 + 28 * max(len(entries), 1)),
        alt="Log entries of this video, oldest first",
    )


def log_line(entry: LogRow) -> str:
    """The whole entry as one text, however long its message is."""
    return f"{entry['at'][:23]}  {entry['level']:<5}  {short_id(entry['request_id']):<8}  {entry['message']}"


def attempt_table(attempts: Sequence[Row], now: datetime) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "number": [row.get("number") for row in attempts],
                "state": [badge(ATTEMPT_STATE, row["state"]) for row in attempts],
                "operator": [row.get("operator") or "" for row in attempts],
                "claimed": [clock(row.get("claimed_at"), now) for row in attempts],
                "settled": [clock(row.get("settled_at"), now) for row in attempts],
                "credits": [row.get("credits") for row in attempts],
                "task": [row.get("task_id") or "" for row in attempts],
                "reason": [row.get("reason") or "" for row in attempts],
                "request": [json.dumps(row.get("request") or {}, ensure_ascii=False) for row in attempts],
            }
        ),
        column_config={
            "number": st.column_config.NumberColumn("No.", width=48),
            "state": badges("State", ATTEMPT_STATE, width=130),
            "operator": "Operator",
            "claimed": "Claimed",
            "settled": "Settled",
            "credits": st.column_config.NumberColumn("Credits", format="%d", width=64),
            "task": "Task",
            "reason": "Reason",
            "request": "Request",
        },
        hide_index=True,
        alt="Attempts to create a task for this video",
    )

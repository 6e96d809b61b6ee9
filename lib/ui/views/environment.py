"""The checks of the environment, and the query of the incident note with its live answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape

import pandas as pd
import streamlit as st

from lib.app import App
from lib.domain.video import parse_time
from lib.errors import DailiesError
from lib.logs.redact import redact
from lib.operations.environment.flows import check_flows
from lib.operations.environment.pasted import check_pasted
from lib.operations.environment.services import check_services
from lib.operations.environment.settings import (
    Check,
    Level,
    check_database,
    check_production,
    check_runway,
    check_settings,
    variables,
)
from lib.settings import Settings
from lib.ui.kit import html, loaders
from lib.ui.kit.components import section
from lib.ui.kit.dashboard import Checked, Dashboard, dashboard, running_app
from lib.ui.kit.format import AMBER, BLUE, GREEN, RED, STATUS, Look, clock, count, look
from lib.ui.kit.notices import narrated
from lib.ui.kit.window import Window

LEVEL = {
    Level.ERROR: Look("error", "×", ":material/error:", "red", RED),
    Level.WARNING: Look("warning", "!", ":material/warning:", "orange", AMBER),
    Level.NOTE: Look("note", "i", ":material/info:", "blue", BLUE),
    Level.OK: Look("ok", "✓", ":material/check_circle:", "green", GREEN),
}
_LATEST = ("id", "status", "error_message", "runway_video_id", "created_at", "updated_at")
_JUST_SECONDS = 3  # a page that shows news asks no more
JOB = "environment"
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def checks(now: datetime) -> None:
    """What was found last, at once, and checked anew meanwhile: database and Runway may take their time."""
    app, board = running_app(), dashboard()
    seen = board.checked
    if seen is None or (now - seen[0]).total_seconds() > _JUST_SECONDS:
        board.jobs.start(JOB, partial(_check, board, app))
        _show_news(seen)
    found = [*check_settings(app.settings), *check_services(app.settings), *_production()]
    show_checks([*found, *(seen[1] if seen else ())])
    html.said(
        f"Database, flows and Runway were asked {html.time(seen[0], now)}."
        if seen
        else "Database, flows and Runway are being asked …"
    )


def _check(board: Dashboard, app: App) -> None:
    board.checked = datetime.now(UTC), [*check_database(app), *check_flows(app), *check_runway(app)]


@st.fragment(run_every=1)
def _show_news(seen: Checked | None) -> None:
    if dashboard().checked is not seen:
        st.rerun()


def _production() -> list[Check]:
    try:
        last_log = parse_time(loaders.freshness()["last_log_at"])
        has_logs = last_log is not None and datetime.now(UTC) - last_log < timedelta(hours=24)
        return check_production(loaders.incidents(Window("24h")), has_logs=has_logs)
    except DailiesError:  # the database's own check says why
        return []


def show_checks(checks: Sequence[Check]) -> None:
    tally = Counter(check.level for check in checks)
    bad = tally[Level.ERROR] + tally[Level.WARNING]
    if bad:
        st.error(
            f"**{count(bad, 'check')} need{'s' if bad == 1 else ''} attention** of {len(checks)}.",
            icon=LEVEL[Level.ERROR if tally[Level.ERROR] else Level.WARNING].icon,
        )
    else:
        st.success(f"**Everything checked is in order** ({len(checks)} checks).", icon=LEVEL[Level.OK].icon)
    html.table(
        "Checks",
        [f"<th>{head}</th>" for head in ("State", "Code", "What is so, and what to do")],
        [check_line(check) for check in sorted(checks, key=lambda check: list(LEVEL).index(check.level))],
        "dailies-checks",
    )


def check_line(check: Check) -> list[str]:
    """The cells, as HTML."""
    shown = LEVEL[check.level]
    said = html.prose(check.found) + (f"<div>→ {html.prose(check.todo)}</div>" if check.todo else "")
    return [html.tone(f"{shown.glyph} {shown.word}", shown.hex), f"<code>{escape(check.code)}</code>", said]


def check_another() -> None:
    """The variables of another environment, from what somebody pastes. Only the results stay."""
    pasted = st.chat_input("Check another environment: paste its variables", key="another")
    st.caption(
        "Its `.env`, or what `vercel env ls` prints. It is read once, kept nowhere, and no value is shown."
    )
    if pasted:
        with st.container(border=True):
            section("The pasted environment")
            show_checks(check_pasted(pasted))


def show_variables(settings: Settings) -> None:
    section("Variables", "From the environment, .env or .streamlit/secrets.toml. Values are never shown.")
    found = variables(settings)
    st.dataframe(
        pd.DataFrame(
            {
                "Variable": [name for name, _ in found],
                "State": [["✓ set"] if is_set else ["○ not set"] for _, is_set in found],
            }
        ),
        column_config={
            "Variable": st.column_config.TextColumn(width=330),
            "State": st.column_config.MultiselectColumn(
                options=["✓ set", "○ not set"], color=["green", "gray"], width="small"
            ),
        },
        hide_index=True,
        height="content",
        row_height=30,
        alt="Variables Dailies reads and whether each is set",
    )


def latest_query(table: str, columns: Mapping[str, str]) -> str:
    """The query of the incident note in the app's own names; `table` is quoted already where it has to be."""
    names = {
        ours: name if _PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'
        for ours, name in columns.items()
    }
    shown = ", ".join(names[ours] for ours in _LATEST if ours in names)
    return (
        f"SELECT {shown}\nFROM {table.removeprefix('public.')}\nORDER BY {names['created_at']} DESC\nLIMIT 5;"
    )


def latest_videos(now: datetime) -> None:
    section(
        "The latest five videos",
        "The query of the incident note, with the answer of this moment: without rows that are gone, those of"
        " other providers and samples made with Dailies.",
    )
    with narrated():
        if before := dashboard().before:
            query = latest_query(before.table_map.table, before.table_map.columns)
        else:
            mapped = loaders.mapped()
            query = latest_query(mapped["relation"], mapped["mapping"]["columns"])
        st.code(query, language="sql", wrap_lines=True)
        rows = loaders.videos(None, limit=5)
        st.dataframe(
            pd.DataFrame(
                {
                    "id": [row["id"] for row in rows],
                    "status": [f"{look(STATUS, row['status']).glyph} {row['status']}" for row in rows],
                    "error_message": [redact(row["error_message"] or "") for row in rows],
                    "runway_video_id": [row["runway_video_id"] or "" for row in rows],
                    "created_at": [clock(row["created_at"], now) for row in rows],
                    "updated_at": [clock(row["updated_at"], now) for row in rows],
                }
            ),
            hide_index=True,
            alt="The latest five videos",
        )

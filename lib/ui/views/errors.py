"""Errors, grouped by their normalised message."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lib.data.overview import ErrorGroup
from lib.logs.redact import redact
from lib.ui.kit.format import cause_of, count
from lib.ui.kit.frame import Frame
from lib.ui.kit.router import page
from lib.ui.kit.tables import error_table
from lib.ui.kit.window_control import empty_window


def summary(groups: Sequence[ErrorGroup], frame: Frame) -> None:
    if not groups:
        return
    new = [row for row in groups if not row["previous_n"]]
    most = max(groups, key=lambda row: row["n"])
    videos = count(sum(row["n"] for row in groups), "video")
    st.markdown(
        f"{videos} in trouble {frame.window.said}, in {count(len(groups), 'group')};"
        f" {len(new)} of them did not occur in the time before."
        f" The largest is **{cause_of(most['cause']).title}** with {count(most['n'], 'video')}."
    )


def table(groups: Sequence[ErrorGroup], frame: Frame) -> None:
    if not groups:
        empty_window(
            frame.window,
            frame.now,
            f"No error {frame.window.said}",
            "Videos that are stuck without an error are on the page Videos.",
            ":material/check_circle:",
        )
        return
    error_table(groups, frame.now, key=f"errors-{hash(frame.window):x}-{len(groups)}")
    _all_of_a_group(groups, frame)


def _all_of_a_group(groups: Sequence[ErrorGroup], frame: Frame) -> None:
    """The way from a group to its videos."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Show the videos of",
            range(len(groups)),
            format_func=lambda index: f"{groups[index]['n']} × {redact(groups[index]['grp'])[:110]}",
            width=640,
        )
        st.page_link(
            page("videos"),
            label="Open the list",
            icon=":material/arrow_forward:",
            query_params=exactly(groups[chosen]) | frame.window.query,
        )


def exactly(group: ErrorGroup) -> dict[str, str]:
    """The filters of Videos that fit the videos of the group and no others."""
    cause = {"cause": group["cause"]} if group["cause"] else {}
    return {"group": group["grp"], "stage": group["stage"] or "none", **cause}

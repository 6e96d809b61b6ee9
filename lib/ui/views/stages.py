"""Stages over many videos: where flows die, and which videos miss what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from lib.data.overview import FunnelStage
from lib.data.videos import VideoRow
from lib.ui.kit import address, charts, loaders
from lib.ui.kit.components import section
from lib.ui.kit.format import count, plain, words
from lib.ui.kit.frame import Frame
from lib.ui.kit.notices import empty
from lib.ui.kit.router import go_to_video
from lib.ui.kit.window_control import empty_window

SHOWN = 40


def choose_flow(rows: Sequence[FunnelStage], frame: Frame) -> str | None:
    """The flow to look at: the most frequent one unless another is chosen."""
    seen: dict[str, int] = {}
    for row in rows:
        total = row["seen"] + row["missing"] + row["not_reached"] + row["not_observable"]
        seen[row["flow"]] = max(seen.get(row["flow"], 0), total)
    if not seen:
        empty_window(
            frame.window,
            frame.now,
            f"No flow {frame.window.said}",
            "Import the logs of the production app above.",
            ":material/account_tree:",
        )
        return None
    flows = sorted(seen, key=lambda flow: -seen[flow])
    labels = {flow: f"{plain(flow)} ({count(seen[flow], 'video')})" for flow in flows}
    return address.segments("Flow", "flow", labels)


def deaths(rows: Sequence[FunnelStage]) -> None:
    """Where the flow ends for videos that do not reach its end."""
    with st.container(border=True):
        section("Where flows die")
        worst = max(rows, key=lambda row: row["missing"])
        if worst["missing"]:
            st.markdown(
                f"Most flows that break, break at **{words(worst['stage'])}**:"
                f" it is missing for {count(worst['missing'], 'video')}."
            )
        else:
            st.markdown("No stage is missing in this window.")
        st.echarts_chart(
            charts.funnel(rows),
            height=60 + 24 * len(rows),
            key="funnel",
            alt="Videos per stage, by state of the stage",
        )


def matrix(flow: str, stages: Sequence[str], frame: Frame) -> None:
    with st.container(border=True):
        section("Newest videos, stage by stage", "A click on a cell opens the video.")
        found = loaders.videos(frame.window, limit=200)
        rows = [row for row in found if row["flow"] == flow and row["stages"]]
        only = address.toggle("Only videos with a missing stage", "missing")
        rows = [row for row in rows if row["first_missing"] or not only][:SHOWN]
        if not rows:
            empty(f"No such video {frame.window.said}", "Choose a longer window above.")
            return
        event = st.echarts_chart(
            charts.matrix(rows, stages),
            height=150 + 22 * len(rows),
            key=f"matrix-{plain(flow)}-{only}-{rows[0]['id']}-{len(rows)}",
            on_select="rerun",
            alt="Stages of the newest videos",
        )
        _open_selected(event, rows)


def _open_selected(event: Any, rows: Sequence[VideoRow]) -> None:
    for group in event.selection.selected:
        for point in group.get("data", ()) or ():
            go_to_video(rows[len(rows) - 1 - point["value"][1]]["id"])

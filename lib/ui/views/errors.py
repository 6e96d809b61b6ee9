"""Errors, grouped by their normalised message."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import cast

import streamlit as st

from lib.data.errors import By, ErrorPoint
from lib.data.overview import ErrorGroup
from lib.domain.video import parse_time
from lib.logs.redact import redact
from lib.ui.kit import address, charts, loaders
from lib.ui.kit.components import choose_in, clicked, section
from lib.ui.kit.format import cause_of, count
from lib.ui.kit.frame import Frame
from lib.ui.kit.router import page
from lib.ui.kit.tables import error_table, is_new
from lib.ui.kit.window_control import empty_window

ANY_GROUP = MappingProxyType({"group": "any"})


def summary(groups: Sequence[ErrorGroup], frame: Frame) -> None:
    if not groups:
        return
    new = [row for row in groups if is_new(row, frame.window.span(frame.now)[0])]
    most = max(groups, key=lambda row: row["n"])
    videos = count(sum(row["n"] for row in groups), "video")
    st.markdown(
        f"{videos} in trouble {frame.window.said}, in {count(len(groups), 'group')};"
        f" {len(new)} of them never occurred before."
        f" The largest is **{cause_of(most['cause']).title}** with {count(most['n'], 'video')}."
    )


BY: dict[By, str] = {
    "cause": "By cause",
    "group": "By group",
    "deployment": "By deployment",
    "model": "By model",
}


def distribution(frame: Frame) -> None:
    """When they occur: over time, and in which hours of the week. A mark leads to its videos."""
    over, week = st.columns([3, 2], gap="medium")
    with over, st.container(border=True, height="stretch"):
        section("Errors over time", "A click on a bar opens its videos. The ten largest parts are drawn.")
        by = cast("By", address.segments("Errors over time", "by", cast("dict[str, str]", BY)))
        over_time(loaders.errors_by(by, frame.window), frame, f"errors-by-{by}")
    with week, st.container(border=True, height="stretch"):
        section("Hours of the week", "A click on a cell opens the videos of that hour, of all weeks.")
        event = choose_in(
            charts.hours_of_the_week(loaders.errors_by("hour", frame.window)),
            "errors-by-hour",
            "Errors by weekday and hour",
            height=300,
        )
        if point := clicked(event):
            st.switch_page(
                page("videos"), query_params={"group": "any", "hour": point[0], **frame.window.query}
            )


def over_time(
    points: Sequence[ErrorPoint], frame: Frame, key: str, narrowed: Mapping[str, str] = ANY_GROUP
) -> None:
    """A click on a bar leads to its videos, which are `narrowed` besides."""
    since, until = frame.window.span(frame.now)
    seconds = frame.window.bucket_seconds
    figure = charts.parts_over_time(points, charts.buckets(since, until, seconds), part_name)
    if point := clicked(choose_in(figure, key, "Errors over time", height=300)):
        began = parse_time(point[1]) or frame.now
        ends = min(began + timedelta(seconds=seconds), until)
        bar = {**narrowed, **json.loads(point[0]), **frame.window.over(began, ends).query}
        st.switch_page(page("videos"), query_params=bar)


def part_name(part: Mapping[str, str]) -> str:
    """As plain text."""
    if "group" in part:
        return f"{redact(part['group'])[:60]} ({cause_of(part['cause']).title})"
    if "cause" in part:
        return cause_of(part["cause"]).title
    if "deployment" in part:
        return part["deployment"][:12] if part["deployment"] != "none" else "no deployment named"
    return part["model"][:40] if part["model"] != "none" else "model not known"


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
    since = frame.window.span(frame.now)[0]
    error_table(groups, since, key=f"errors-{hash(frame.window):x}-{len(groups)}")
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

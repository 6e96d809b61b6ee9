"""Errors, grouped by their normalised message: all of them, or one group."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

import streamlit as st

from lib.data.database import Row
from lib.data.errors import By, ErrorPoint
from lib.data.overview import ErrorGroup
from lib.data.series import GroupKey, GroupState, Hit, set_error_state
from lib.data.videos import Filters, Sort
from lib.domain.video import parse_time
from lib.logs.redact import redact
from lib.ui.kit import address, charts, html, loaders, series
from lib.ui.kit.acting import why_not
from lib.ui.kit.components import choose_in, choose_in_time, clicked, section
from lib.ui.kit.dashboard import running_app
from lib.ui.kit.figures import bars
from lib.ui.kit.format import (
    AMBER,
    GRAY,
    GREEN,
    RED,
    SIDE,
    VIOLET,
    Look,
    at_least,
    cause_label,
    cause_of,
    count,
    deployment,
    percent,
    plain,
    words,
)
from lib.ui.kit.frame import Frame
from lib.ui.kit.listing import chosen_sort, heading, shown_columns, video_list
from lib.ui.kit.notices import narrated
from lib.ui.kit.outside import outside_text
from lib.ui.kit.router import link, page
from lib.ui.kit.window import ALL
from lib.ui.kit.window_control import empty_window

BY: dict[By, str] = {
    "cause": "By cause",
    "group": "By group",
    "deployment": "By deployment",
    "model": "By model",
    "ratio": "By ratio",
    "duration": "By duration",
}
_BY = cast("dict[str, str]", BY)
STATE = {
    "new": Look("new", "★", ":material/fiber_new:", "orange", AMBER),
    "regressed": Look("regressed", "↺", ":material/undo:", "red", RED),
    "open": Look("open", "○", ":material/radio_button_unchecked:", "violet", VIOLET),
    "resolved": Look("resolved", "✓", ":material/check_circle:", "green", GREEN),
    "ignored": Look("ignored", "⊘", ":material/block:", "gray", GRAY),
}
SETTABLE = ("open", "resolved", "ignored")
ANY_GROUP = MappingProxyType({"group": "any"})
_NO_STAGE = "none"
MOST_GROUPS = 100
HEIGHT, TALL = 300, 440  # pixels of a chart
_NAMED = 36  # characters of a group's text in a legend: with its cause, a line on a phone


def key_of(group: ErrorGroup) -> GroupKey:
    return GroupKey(group["grp"], group["cause"] or "unknown", group["stage"])


def exactly(key: GroupKey) -> dict[str, str]:
    """The address of a group; on Videos, the filters that fit its videos and no others."""
    return {"group": key.grp, "stage": key.stage or _NO_STAGE, "cause": key.cause}


def chosen_group() -> GroupKey | None:
    """The one that the address names."""
    given = st.query_params.to_dict()
    if not given.get("group") or not given.get("cause"):
        return None
    stage = given.get("stage", _NO_STAGE)
    return GroupKey(given["group"], given["cause"], None if stage == _NO_STAGE else stage)


def errors_page(frame: Frame) -> None:
    found = loaders.error_groups(frame.window, MOST_GROUPS + 1)
    groups = found[:MOST_GROUPS]
    if not groups:
        empty_window(
            frame.window,
            frame.now,
            f"No error {frame.window.said}",
            "Nothing failed, is stuck or carries a message.",
            ":material/check_circle:",
        )
        return
    states = series.states(tuple(key_of(row) for row in groups), frame.window.own)
    lines = [_line(row, states[key_of(row)], frame) for row in groups]
    marks = [line.mark for line in lines]
    in_groups = at_least(len(found), MOST_GROUPS, "group")
    in_groups += ", of which these are the largest" if len(found) > MOST_GROUPS else ""
    most = max(groups, key=lambda row: row["n"])
    st.markdown(
        f"{count(_number(frame), 'video')} in trouble {frame.window.said}, in {in_groups}:"
        f" {marks.count('new')} new, {marks.count('regressed')} regressed."
        f" The largest is **{cause_of(most['cause']).title}** with {count(most['n'], 'video')}."
        f"{_growing(lines)}"
    )
    distribution(frame)
    _table(lines, frame)


def _number(frame: Frame) -> int:
    """As many as the bars below hold."""
    by = cast("By", address.one("by", _BY))
    return sum(point["n"] for point in loaders.errors_by(by, frame.window))


def _growing(lines: Sequence[_Line]) -> str:
    """The one that grew most against the time before, if any grew."""
    most = max(lines, key=lambda line: line.growth or 0)
    if not most.growth or most.growth < 0:
        return ""
    title = cause_of(most.group["cause"]).title
    return f" **{title}** grew most: {most.growth:,} more than in the time before."


def mark_of(state: GroupState, frame: Frame) -> str:
    """Its state; an open one that nobody had seen before the window is new, if anything was before."""
    first, since = parse_time(state["first_at"]), frame.window.span(frame.now)[0]
    is_new = state["state"] == "open" and first and first >= since and loaders.is_compared(frame.window)
    return "new" if is_new else state["state"]


def distribution(frame: Frame) -> None:
    """When they occur: over time, and in which hours of the week. A mark leads to its videos."""
    over, week = st.columns([3, 2], gap="medium")
    with over, st.container(border=True, height="stretch"):
        section(
            "Errors over time",
            "The ten largest parts, and all others as one. A click on a bar opens its videos, on one of"
            " others those of all parts; a box sets the window.",
        )
        by = cast("By", address.segments("Errors over time", "by", _BY))
        height = TALL if by == "group" else HEIGHT  # whose names take a line each
        over_time(loaders.errors_by(by, frame.window), frame, f"errors-by-{by}", height=height)
    with week, st.container(border=True, height="stretch"):
        section("Hours of the week", "A click on a cell opens the videos of that hour, of all weeks.")
        event = choose_in(
            charts.hours_of_the_week(loaders.errors_by("hour", frame.window)),
            "errors-by-hour",
            "Errors by weekday and hour",
            height=height + 40,  # without the choice above the other
        )
        if point := clicked(event):
            st.switch_page(
                page("videos"), query_params={"group": "any", "hour": point[0], **frame.window.query}
            )


def over_time(
    points: Sequence[ErrorPoint],
    frame: Frame,
    key: str,
    narrowed: Mapping[str, str] = ANY_GROUP,
    height: int = HEIGHT,
) -> None:
    """A click on a bar leads to its videos, which are `narrowed` besides."""
    if not points:
        st.caption(f"No video of it {frame.window.said}.")
        if frame.window.length != ALL:
            link("errors", "Look at all time", {**narrowed, "window": ALL}, icon=":material/history:")
        return
    since, until = frame.window.span(frame.now)
    bars = charts.buckets(since, until, frame.window.bucket_seconds)
    figure = charts.parts_over_time(points, bars, part_name)
    if point := choose_in_time(figure, key, "Errors over time", frame.window, "errors", height=height):
        began = parse_time(point[1]) or frame.now
        bar = frame.window.bar(began, frame.now)
        st.switch_page(page("videos"), query_params={**narrowed, **json.loads(point[0]), **bar.query})


def part_name(part: Mapping[str, str]) -> str:
    """As plain text."""
    if not part:
        return "others"
    if "group" in part:
        text, title = redact(part["group"]), cause_of(part["cause"]).title
        return f"{text if len(text) <= _NAMED else text[:_NAMED] + '…'} ({title})"
    if "cause" in part:
        return cause_of(part["cause"]).title
    if "deployment" in part:
        return part["deployment"][:12] if part["deployment"] != "none" else "no deployment named"
    ((asked, value),) = part.items()
    if value == "none":
        return f"{asked} not known"
    return f"{value[:40]} seconds" if asked == "duration" else value[:40]


class _Line(NamedTuple):
    """A group in the table. `mark`: a key of STATE; `growth`: None where nothing was before."""

    group: ErrorGroup
    state: GroupState
    mark: str
    growth: int | None


def _line(group: ErrorGroup, state: GroupState, frame: Frame) -> _Line:
    is_compared = loaders.is_compared(frame.window)
    growth = group["n"] - group["previous_n"] if is_compared else None
    return _Line(group, state, mark_of(state, frame), growth)


_HEADS = ("Error", "n", "growth", "Trend", "State", "Cause", "First missing stage", "first", "last")
# What sorts the groups: its title, and its value of a line.
_ORDERS: Mapping[str, tuple[str, Callable[[_Line], Any]]] = MappingProxyType(
    {
        "n": ("Videos", lambda line: line.group["n"]),
        "growth": ("Growth", lambda line: line.growth or 0),
        "first": ("First seen", lambda line: line.state["first_at"] or ""),
        "last": ("Last seen", lambda line: line.state["last_at"] or ""),
    }
)


def _table(lines: Sequence[_Line], frame: Frame) -> None:
    sort = chosen_sort(_ORDERS, Sort("n", ascending=False))
    heads = [
        heading("errors", _ORDERS[head][0], head, sort, upwards=False)
        if head in _ORDERS
        else f"<th>{head}</th>"
        for head in _HEADS
    ]
    shown = sorted(lines, key=_ORDERS[sort.by][1], reverse=not sort.ascending)
    html.table("Groups of errors", heads, [_cells(line, frame) for line in shown])


def _cells(line: _Line, frame: Frame) -> list[str]:
    group, state, mark, growth = line
    look, cause = STATE[mark], cause_of(group["cause"])
    address = urlencode(exactly(key_of(group)) | frame.window.query)
    error = html.text(redact(group["grp"]))
    return [
        f'<a href="errors?{escape(address)}">{error}</a>',
        f"{group['n']:,}",
        "–" if growth is None else f"{growth:+,}",
        bars(group["trend"]) if any(group["trend"] or ()) else "",
        html.tone(f"{look.glyph} {look.word}", look.hex),
        html.tone(cause_label(group["cause"]), SIDE[cause.side].hex),
        html.text(words(group["stage"] or "")),
        html.time(state["first_at"], frame.now),
        html.time(state["last_at"], frame.now),
    ]


def group_page(key: GroupKey, frame: Frame) -> None:
    """One group: what it is, whom it hits, what the team says."""
    state = series.states((key,), frame.window.own)[key]
    hit = series.hit(frame.window, key)
    _head(key, state, hit["n"], frame)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _trend(key, frame)
        for kind in ("deployment", "model", "user"):
            _part(kind, [row for row in hit["parts"] if row["kind"] == kind], hit, key, frame)
    with right:
        _say(key, state)
    for flow in sorted({row["flow"] for row in hit["stages"]}):
        stages = [row for row in hit["stages"] if row["flow"] == flow]
        with st.container(border=True):
            title = f"Stages of {_those(hit)} in the flow {plain(flow)}"
            section(title, "A click on a part opens those of the group's videos.")
            chart = f"group-stages-{plain(flow)}-{hash((key, frame.window)):x}"
            event = choose_in(charts.funnel(stages), chart, title, height=130 + 24 * len(stages))
            if point := clicked(event):
                part = {"flow": flow, "state": f"{point[0]}:{point[1]}"}
                st.switch_page(page("videos"), query_params=exactly(key) | part | frame.window.query)
    chosen = Filters(causes=(key.cause,), error_group=key.grp, first_missing=key.stage or _NO_STAGE)
    if samples := loaders.videos(frame.window, chosen, limit=10):
        section("Newest of its videos")
        video_list(samples, frame.now, shown_columns())


def _head(key: GroupKey, state: GroupState, n: int, frame: Frame) -> None:
    mark, title = STATE[mark_of(state, frame)], cause_of(key.cause).title
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="group-head"):
        st.header(title, anchor=False, width="content")
        st.badge(mark.word, icon=mark.icon, color=mark.color)  # type: ignore[arg-type]
        link("videos", f"Open its {count(n, 'video')}", exactly(key) | frame.window.query)
        link("errors", "All errors", frame.window.query, icon=":material/arrow_back:")
    outside_text(redact(key.grp), code=True)
    missing = f"the first missing stage **{words(key.stage)}**" if key.stage else "no missing stage"
    st.caption(
        "Why grouped: the same message once ids, addresses and numbers are taken out, the same cause"
        f" (**{title}**) and {missing}."
    )
    first, last = (html.time(state[key], frame.now) for key in ("first_at", "last_at"))
    whose = f"assigned to {html.text(state['assignee'])}" if state["assignee"] else "assigned to nobody"
    html.said(f"first seen {first}", f"last seen {last}", whose)


def _trend(key: GroupKey, frame: Frame) -> None:
    with st.container(border=True):
        section(
            "Over time",
            "By deployment: the ten largest, and all others as one. A click on a bar opens its videos, on"
            " one of others those of all.",
        )
        over_time(
            loaders.errors_by("deployment", frame.window, key),
            frame,
            f"group-trend-{hash((key, frame.window)):x}",
            exactly(key),
        )


def _those(hit: Hit) -> str:
    return "its videos" if hit["told"] == hit["n"] else f"its latest {count(hit['told'], 'video')}"


def _part(kind: str, rows: Sequence[Row], hit: Hit, key: GroupKey, frame: Frame) -> None:
    """The ten most frequent, each with its share."""
    if not rows:
        return
    with st.container(border=True, gap="xsmall"):
        section(f"{kind.capitalize()}s of {_those(hit)}")
        for row in rows:
            said = f"{count(row['n'], 'video')} ({percent(row['n'] / hit['told'])})"
            if row["key"]:
                query = exactly(key) | {kind: row["key"]} | frame.window.query
                shown = f"`{deployment(row['key'])}`" if kind == "deployment" else plain(row["key"])
                link("videos", f"{shown} · {said}", query, icon=None)
            else:
                st.markdown(f"not known · {said}")


def _say(key: GroupKey, state: GroupState) -> None:
    """What is done about it; kept with the operator's name, in the audit too."""
    given = state["state"] if state["state"] in SETTABLE else "open"
    name = f"{hash((key, state['changed_at'])):x}"
    with st.form(f"group-state-{name}"), st.container(key="group-state"):
        section(
            "What is done about it", "A resolved group that comes back is marked as regressed automatically."
        )
        if state["operator"]:
            st.caption(f"Last changed by {plain(state['operator'])}")
        if state["ticket"]:
            st.text(state["ticket"])
            st.link_button("Open the ticket", state["ticket"], icon=":material/open_in_new:")
        chosen = st.segmented_control("State", SETTABLE, default=given, required=True, key=f"state-{name}")
        assignee = st.text_input("Assigned to", state["assignee"], max_chars=200, key=f"assignee-{name}")
        note = st.text_area("Note", state["note"], max_chars=2000, key=f"note-{name}")
        ticket = st.text_input("Link to a ticket", state["ticket"], max_chars=500, key=f"ticket-{name}")
        saved = st.form_submit_button(
            "Save", icon=":material/save:", disabled=why_not() is not None, help=why_not()
        )
    if saved:
        with narrated() as shown:
            app = running_app()
            said = {"note": redact(note.strip()), "ticket": ticket.strip(), "assignee": assignee.strip()}
            set_error_state(app.db, key, chosen, app.operator, **said)
        if shown.error is None:
            loaders.forget()
            st.rerun()

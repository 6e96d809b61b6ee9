"""The controls of a page's window: its length, where it ends, and whether samples count. The address says all
of it, so that a view can be shared and Back leads to the one before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from lib.domain.video import parse_time
from lib.ui.kit import address, loaders
from lib.ui.kit.notices import empty
from lib.ui.kit.window import (
    ALL,
    DEFAULT,
    LENGTHS,
    Window,
    ending_after,
    known,
    moment,
    parse_until,
    written,
)
from lib.ui.kit.zone import zone, zone_name

_KEPT = "kept-window"  # what an address means that names no window: the one that was looked at last
_START, _END = "window-start", "window-end"
_ANY_DAY: dict[str, Any] = {  # Streamlit's own bounds are ten years around today
    "format": "YYYY-MM-DD",
    "min_value": datetime(1900, 1, 1),
    "max_value": datetime(2299, 1, 1),
}


def choose_window(*, all_time: bool = False) -> Window:
    """`all_time`: that is offered too, where it costs no more."""
    window = _of_address()
    st.session_state[_KEPT] = window.query
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        usual = (*LENGTHS, ALL) if all_time else LENGTHS
        offered = usual if window.length in usual else (*usual, window.length)
        st.segmented_control(
            "Time window",
            offered,
            format_func=_short,
            required=True,
            label_visibility="collapsed",
            **address.widget("window", window.length, lambda length: [length or DEFAULT]),
        )
        _choose_span(window)
        count_samples()
    return window


def samples_count() -> bool:
    """Whether Dailies' own videos count, as the address says."""
    return st.query_params.get("own") == "yes"


def count_samples() -> bool:
    """The switch for that."""
    return address.toggle(
        "Samples", "own", help="Count the videos that Dailies made itself, samples and drills, as well."
    )


def _short(length: str) -> str:
    return "All time" if length == ALL else length if length in LENGTHS else Window(length).words


def _of_address() -> Window:
    """Written out where the address says nothing: it has to mean the same tomorrow."""
    given = st.query_params.to_dict()
    if not {"window", "until", "own"} & given.keys():
        given = st.session_state.get(_KEPT) or Window().query
        address.put({name: [value] for name, value in given.items()})
    length = given.get("window", DEFAULT)
    until = parse_until(given.get("until", ""))
    return Window(length if known(length) else DEFAULT, until, own=given.get("own") == "yes")


def _choose_span(window: Window) -> None:
    label = moment(window.until) if window.until else "Now"
    with st.popover(
        label, icon=":material/event:", type="tertiary", key="window-until", help="From when to when"
    ):
        since, until = (at.astimezone(zone()).replace(tzinfo=None) for at in window.span(datetime.now(UTC)))
        st.session_state[_START] = since.replace(second=0, microsecond=0)
        st.datetime_input(f"From ({zone_name()})", key=_START, on_change=_start_chosen, **_ANY_DAY)
        end = address.widget(
            "until", until if window.until else None, lambda at: [written(_utc(at))] if at else [], key=_END
        )
        st.datetime_input(f"Until ({zone_name()}); empty: now", None, **end, **_ANY_DAY)
        st.button(
            "Now",
            icon=":material/update:",
            key="until-now",
            disabled=window.until is None,
            on_click=end_window,
            args=(window, None),
        )


def _start_chosen() -> None:
    since, until = st.session_state[_START], st.session_state[_END]
    now = datetime.now(UTC)
    end = _utc(until) if until else now
    if since and _utc(since) < end:
        chosen = _of_address().over(_utc(since), end)
        show_window(replace(chosen, until=chosen.until if until else None))


def _utc(local: datetime) -> datetime:
    """What was typed, which is of the page's zone."""
    return local.replace(tzinfo=zone()).astimezone(UTC)


def end_window(window: Window, at: datetime | None) -> None:
    """The same window, ending elsewhere; None: now, and from then on."""
    show_window(replace(window, until=at))


def show_window(window: Window) -> None:
    """In one step, which Back takes back."""
    address.put({"until": [], "own": [], **{name: [value] for name, value in window.query.items()}})


def empty_window(
    window: Window, now: datetime, title: str, hint: str, icon: str = ":material/inbox:"
) -> None:
    """Nothing in the window: says when the newest video is from, and goes there."""
    fresh = loaders.freshness()
    video_at, log_at = parse_time(fresh.get("last_video_at")), parse_time(fresh.get("last_log_at"))
    newest, what = video_at or log_at, "video" if video_at else "log entry"
    if newest is None or window.holds(newest, now):
        empty(title, hint, icon)
        return
    with empty(title, f"The newest {what} is from {moment(newest)}.", icon):
        st.button(
            f"Go to the newest {what}",
            icon=":material/history:",
            key="show-newest",
            on_click=end_window,
            args=(window, ending_after(newest)),
        )

"""The controls of a page's window: its length and where it ends. The address says both, so that a view can be
shared and Back leads to the one before."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from lib.domain.video import parse_time
from lib.ui.kit import loaders
from lib.ui.kit.notices import empty
from lib.ui.kit.window import DEFAULT, LENGTHS, Window, ending_after, moment, parse_until

# The page navigation drops addresses: what was chosen is kept, and is what an address without a window means.
_KEPT, _BARE, _PAGE = "kept-window", "bare-window", "last-page"
_LENGTH, _END = "window", "window-end"


def without_window(page: str) -> Window:
    """For a page that looks at no span of time."""
    st.session_state[_PAGE] = page
    return Window()


def choose_window(page: str) -> Window:
    window = _of_address(page)
    st.session_state[_LENGTH] = window.length
    st.session_state[_END] = window.until.replace(tzinfo=None) if window.until else None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        st.segmented_control(
            "Time window",
            LENGTHS,
            required=True,
            key=_LENGTH,
            on_change=_chosen,
            label_visibility="collapsed",
        )
        _choose_end(window)
    return window


def _of_address(page: str) -> Window:
    query, came_from = st.query_params, st.session_state.get(_PAGE)
    st.session_state[_PAGE] = page
    if came_from != page:
        st.session_state[_BARE] = dict(st.session_state.get(_KEPT, {}))
    named = query.to_dict()
    if not {"window", "until"} & named.keys():
        named = st.session_state[_BARE]
        if came_from != page:
            query.update(named)
    length = named.get("window", DEFAULT)
    window = Window(length if length in LENGTHS else DEFAULT, parse_until(named.get("until", "")))
    if came_from is None:
        st.session_state[_KEPT] = window.query if window != Window() else {}
    return window


def _choose_end(window: Window) -> None:
    label = moment(window.until) if window.until else "Now"
    with st.popover(
        label, icon=":material/event:", type="tertiary", key="window-until", help="Where it ends"
    ):
        st.datetime_input("The window ends at (UTC)", None, key=_END, format="YYYY-MM-DD", on_change=_chosen)
        st.button(
            "Now",
            icon=":material/update:",
            key="until-now",
            disabled=window.until is None,
            on_click=end_window,
            args=(None,),
        )


def _chosen() -> None:
    at = st.session_state[_END]
    show_window(Window(st.session_state[_LENGTH] or DEFAULT, at.replace(tzinfo=UTC) if at else None))


def end_window(at: datetime | None) -> None:
    """Sets where the window ends; None: now, and from then on."""
    show_window(Window(st.session_state[_LENGTH], at))


def show_window(window: Window) -> None:
    """In one step, which Back takes back."""
    st.session_state[_KEPT] = window.query
    rest = {
        name: value for name, value in st.query_params.to_dict().items() if name not in ("window", "until")
    }
    st.query_params.from_dict({**rest, **window.query})


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
            args=(ending_after(newest),),
        )

"""The list of videos: filters in one row, all of them in the address; pages by key."""

from __future__ import annotations

import streamlit as st

from lib.data.videos import Filters, Position, end_of
from lib.domain.cause import CAUSES
from lib.domain.video import STATUSES
from lib.ui.kit import loaders
from lib.ui.kit.format import STATUS, cause_of, look
from lib.ui.kit.frame import Frame
from lib.ui.kit.notices import empty
from lib.ui.kit.paging import PAGE, turn_pages
from lib.ui.kit.tables import table_height, video_table
from lib.ui.kit.window_control import empty_window

TROUBLES = {
    "All": None,
    "Any trouble": "any",
    "Stuck": "stuck",
    "Recoverable": "recoverable",
    "Failed": "failed",
}


def chosen_filters() -> Filters:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        trouble = st.segmented_control(
            "Trouble",
            list(TROUBLES),
            default="All",
            required=True,
            key="trouble",
            bind="query-params",
            label_visibility="collapsed",
        )
        search = st.text_input(
            "Search ids, prompts and errors",
            placeholder="Id, prompt or error",
            icon=":material/search:",
            type="search",
            live=True,
            key="q",
            bind="query-params",
            label_visibility="collapsed",
            width=230,
        )
        statuses = st.multiselect(
            "Status",
            STATUSES,
            format_func=lambda status: look(STATUS, status).word,
            placeholder="Any status",
            key="status",
            bind="query-params",
            label_visibility="collapsed",
            width=230,
        )
        causes = choose_causes()
    return Filters(
        statuses=tuple(statuses),
        causes=causes,
        search=(search or "").strip() or None,
        trouble=TROUBLES[trouble or "All"],
        deployment=_narrowed("deployment"),
        error_group=_narrowed("group"),
    )


def choose_causes() -> tuple[str, ...]:
    return tuple(
        st.multiselect(
            "Cause",
            list(CAUSES),
            format_func=lambda key: cause_of(key).title,
            placeholder="Any cause",
            key="cause",
            bind="query-params",
            label_visibility="collapsed",
            width=260,
        )
    )


def _narrowed(name: str) -> str | None:
    """A filter that only links set; shown as a note that can be taken away."""
    value = st.query_params.get(name, "")
    if value:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Only {'deployment' if name == 'deployment' else 'the error group'}", width="content")
            st.code(value[:160], language=None, width="content")
            st.button("Show all", icon=":material/close:", type="tertiary", on_click=_widen, args=(name,))
    return value or None


def _widen(name: str) -> None:
    del st.query_params[name]


def list_page(filters: Filters, frame: Frame) -> None:
    """One page of the list. The key of each page's last row is kept, so that `Newer` goes back exactly."""
    name = f"{hash((filters, frame.window)):x}"
    trail: list[Position] = st.session_state.setdefault(f"trail-{name}", [])
    rows = loaders.videos(frame.window, filters, trail[-1] if trail else None, PAGE + 1)
    if not rows:
        _say_empty(filters, frame)
        return
    shown = rows[:PAGE]
    video_table(
        shown, frame.now, key=f"{name}-{len(trail)}-{shown[0]['id']}", height=table_height(len(shown), 22)
    )
    turn_pages("Videos", trail, len(shown), end_of(shown), more=len(rows) > PAGE)


def _say_empty(filters: Filters, frame: Frame) -> None:
    if filters == Filters():
        empty_window(
            frame.window,
            frame.now,
            f"No video {frame.window.said}",
            "Choose a longer window above, or make one on the page Generate.",
        )
    else:
        empty(
            "No video fits these filters",
            "Take one away or choose a longer window.",
            ":material/filter_alt_off:",
        )

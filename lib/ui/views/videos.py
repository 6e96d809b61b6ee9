"""The list of videos: filters in one row, all of them in the address; pages by key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

import streamlit as st

from lib.data.videos import Filters, Position, end_of
from lib.domain.cause import CAUSES
from lib.domain.video import STATUSES
from lib.operations.export import FORMATS
from lib.ui.kit import address, loaders
from lib.ui.kit.components import section
from lib.ui.kit.format import STATUS, hour_name, look, words
from lib.ui.kit.frame import Frame
from lib.ui.kit.notices import empty
from lib.ui.kit.paging import PAGE, place, turn_pages
from lib.ui.kit.tables import table_height, video_table
from lib.ui.kit.window_control import empty_window

TROUBLES = {
    "all": "All",
    "any": "Any trouble",
    "stuck": "Stuck",
    "recoverable": "Recoverable",
    "failed": "Failed",
}


def chosen_filters() -> Filters:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        trouble = address.segments("Trouble", "trouble", TROUBLES)
        search = address.text("Search ids, prompts and errors", "q", "Id, prompt or error", width=230)
        labels = {status: look(STATUS, status).word for status in STATUSES}
        statuses = address.many("Status", "status", labels, placeholder="Any status", width=230)
        causes = choose_causes()
    return Filters(
        statuses=statuses,
        causes=causes,
        search=search or None,
        trouble=None if trouble == "all" else trouble,
        deployment=_narrowed("deployment", "deployment"),
        error_group=_narrowed("group", "the error group"),
        first_missing=_narrowed("stage", "where the first missing stage is"),
        model=_narrowed("model", "the model"),
        hour=_hour(),
    )


def _hour() -> int | None:
    """Of the week; a number that is none is no filter."""
    options = {str(hour): hour_name(hour) for hour in range(168)}
    value = _narrowed("hour", "requested in this hour of the week", options)
    return int(value) if value in options else None


def choose_causes() -> tuple[str, ...]:
    titles = {key: cause.title for key, cause in CAUSES.items()}
    return address.many("Cause", "cause", titles, placeholder="Any cause", width=260)


def _narrowed(name: str, said: str, labels: Mapping[str, str] = MappingProxyType({})) -> str | None:
    """A filter that only links set; shown as a note that can be taken away."""
    value = st.query_params.get(name, "")
    if value:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Only {said}", width="content")
            shown = words(value) if name == "stage" else labels.get(value, value[:160])
            st.code(shown, language=None, width="content")
            st.button(
                "Show all",
                icon=":material/close:",
                type="tertiary",
                key=f"widen-{name}",
                on_click=address.put,
                args=({name: []},),
            )
    return value or None


def list_page(filters: Filters, frame: Frame) -> None:
    """One page of the list; before it what the search means as an id, whatever its time and the filters."""
    if filters.search and (found := loaders.find(filters.search)):
        section("Found by id, of all times")
        rows = loaders.videos(None, Filters(ids=tuple(found)))
        video_table(rows, frame.now, key=f"found-{filters.search}", height=table_height(len(rows), 6))
        section("Found by text, in the list")
    _, key = place()
    rows = loaders.videos(frame.window, filters, Position.read(key) if key else None, PAGE + 1)
    if not rows:
        _say_empty(filters, frame)
        return
    shown = rows[:PAGE]
    name = f"{hash((filters, frame.window)):x}-{shown[0]['id']}"
    video_table(shown, frame.now, key=name, height=table_height(len(shown), 22))
    last = end_of(shown)
    turn_pages("Videos", len(shown), last.written if last else None, more=len(rows) > PAGE)
    _export(filters, frame)


def _export(filters: Filters, frame: Frame) -> None:
    """Everything that fits the filters, not the page of it that is shown."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="export"):
        st.caption(f"All that fit, {frame.window.said}, as", width="content")
        for kind, media_type in FORMATS.items():
            st.download_button(
                kind.upper() if kind != "parquet" else "Parquet",
                partial(loaders.export, frame.window, filters, kind),
                f"videos-{frame.now:%Y-%m-%dT%H%MZ}.{kind}",
                media_type,
                icon=":material/download:",
                type="tertiary",
                key=f"export-{kind}",
                on_click="ignore",
            )


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

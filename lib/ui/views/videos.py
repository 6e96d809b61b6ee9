"""The list of videos: one search and filters, all of them in the address; pages by key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode

import streamlit as st

from lib.data.videos import (
    NEWEST,
    Filters,
    Position,
    end_of,
    is_in_an_index,
)
from lib.data.views import LONGEST_NAME, View, delete_view, save_view
from lib.domain.cause import CAUSES
from lib.domain.video import STATUSES
from lib.operations.export import FORMATS
from lib.ui.kit import address, html, loaders
from lib.ui.kit.charts import steps_text
from lib.ui.kit.components import section
from lib.ui.kit.dashboard import running_app
from lib.ui.kit.format import STAGE_STATE, STATUS, at_least, hour_name, look, plain, words
from lib.ui.kit.frame import Frame
from lib.ui.kit.gallery import gallery
from lib.ui.kit.listing import choose_columns, chosen_sort, shown_columns, video_list
from lib.ui.kit.notices import empty
from lib.ui.kit.paging import PAGE, place, turn_pages
from lib.ui.kit.records import found_line
from lib.ui.kit.router import link
from lib.ui.kit.search import TROUBLES, completions, read
from lib.ui.kit.window import ALL, Window, moment
from lib.ui.kit.window_control import empty_window
from lib.ui.kit.zone import zone_name
from lib.ui.views.latency import MEASURES

LONGEST_SEARCH = 200  # characters of a line
LIVE_SECONDS = 11  # what is read is kept for ten
FOUND_LINES = 100
DAY, LONG = timedelta(days=1), timedelta(days=7)
QUICKER = "A shorter span is quicker."
# What is not found at once, and what to do about it.
SEARCHED_BY = {
    "anywhere": "",
    "words": "Words are found by how they begin. With the extension `pg_trgm`, and `python -m lib migrate` "
    "after it, any three characters are.",
    "rows": "Rows are read one by one, seconds for a million, until the older ones are judged again. "
    + QUICKER,
}
FEW = f"Three letters are found at once; without them rows are read one by one. {QUICKER}"
SORTED = f"Sorted by this, all rows are read before the first is shown, seconds for a million. {QUICKER}"
FEW_IN_LINES = "Lines are found at once by three letters; without them only those of a day are read."
DROPPED = "Lines from before {} {} have been dropped, but for those of videos that somebody may still act on."
MANY_LINES, MOST_LINES = 200_000, 3_000_000  # are read within a second, and before the database gives up
UNINDEXED = "are in no index yet"


def chosen_filters(frame: Frame) -> Filters:
    search = _search(frame)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        trouble = address.segments("Trouble", "trouble", TROUBLES)
        labels = {status: look(STATUS, status).word for status in STATUSES}
        statuses = address.many("Status", "status", labels, placeholder="Any status", width=230)
        causes = choose_causes()
        address.toggle("Outputs", "outputs", help="Plays what was generated, as far as it may be shown.")
    return Filters(
        statuses=statuses,
        causes=causes,
        search=search or None,
        trouble=None if trouble == "all" else trouble,
        deployment=_narrowed("deployment", "deployment"),
        error_group=_narrowed("group", "the error group", {"any": "any of them"}),
        first_missing=_narrowed("stage", "where the first missing stage is"),
        flow=_narrowed("flow", "the flow"),
        state=_state(),
        took=_took(),
        model=_narrowed("model", "the model"),
        ratio=_narrowed("ratio", "the ratio"),
        duration=_narrowed("duration", "so many seconds asked for:"),
        user=_narrowed("user", "the user"),
        hour=_hour(),
    )


def _hour() -> int | None:
    """Of the week; a number that is none is no filter."""
    options = {str(hour): hour_name(hour) for hour in range(168)}
    value = _narrowed("hour", "requested in this hour of the week", options)
    return int(value) if value in options else None


def _state() -> str | None:
    """What became of a stage."""
    value = st.query_params.get("state", "")
    stage, _, state = value.partition(":")
    return _narrowed("state", "where", {value: f"{words(stage)}: {look(STAGE_STATE, state).word}"})


def _took() -> str | None:
    """How long it took, as a part of a chart of Latency; what is none is no filter."""
    value = st.query_params.get("took", "")
    found = re.fullmatch(r"(id|video):(-?\d{1,3})", value)
    said = f"{MEASURES[found[1]].lower()}: {steps_text(int(found[2]))} s" if found else value[:160]
    given = _narrowed("took", "where the", {value: said})
    return given if found else None


def _search(frame: Frame) -> str:
    """What was typed fills the filters it names; what it does not understand stays, and is told."""
    found = read(st.query_params.get("q", ""), frame.now)
    if found.filters:
        address.put({**found.filters, "q": [found.rest] if found.rest else []})
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="search"):
        address.text(
            "Search ids, prompts and errors",
            "q",
            "Words, or status:failed cause:task_id_not_saved model:gen4_turbo before:2h …",
            width="stretch",
        )
        with st.popover("What can I search for?", icon=":material/help:", type="tertiary", key="search-help"):
            st.markdown(completions())
        _views()
        choose_columns()
    for problem in found.problems:
        st.text(f"• {problem}")
    return found.text


def _views() -> None:
    """Named lists, which are nothing but addresses."""
    with st.popover("Views", icon=":material/bookmarks:", type="tertiary", key="views"):
        saved = loaders.views()
        for view in saved:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(
                    plain(view.name),
                    icon=":material/bookmark:",
                    type="tertiary",
                    key=f"view-{view.name}",
                    width="stretch",
                    on_click=_show_view,
                    args=(view.query,),
                )
                st.button(
                    "Delete",
                    icon=":material/delete:",
                    type="tertiary",
                    key=f"delete-view-{view.name}",
                    on_click=_delete_view,
                    args=(view.name,),
                )
        if not saved:
            st.caption("A view is a list under a name: filters, time, order and columns, for everybody here.")
        with st.form("save-view", border=False, clear_on_submit=True):
            st.text_input("Name of this view", max_chars=LONGEST_NAME, key="view-name")
            st.form_submit_button("Save this view", icon=":material/bookmark_add:", on_click=_save_view)


def _show_view(query: str) -> None:
    address.put({**dict.fromkeys(address.query(), ()), **parse_qs(query)})


def _save_view() -> None:
    name = (st.session_state["view-name"] or "").strip()
    if name:
        query = urlencode({**address.query(), address.PAGE: [], "zone": []}, doseq=True)
        save_view(running_app().db, View(name, query, running_app().operator))
        loaders.forget()


def _delete_view(name: str) -> None:
    delete_view(running_app().db, name, running_app().operator)
    loaders.forget()


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
    columns = shown_columns()
    if filters.search and (found := loaders.find(filters.search)):
        section("Found by id, of all times")
        video_list(loaders.videos(None, Filters(ids=tuple(found))), frame.now, columns)
        section("Found by text, in the list")
    _say_what_takes_long(filters, frame.window)
    if filters.search:
        _in_logs(filters.search, frame)
    began = address.query()

    def rows() -> None:
        if address.query() != began:  # a button of the list was clicked: the whole page is another one
            st.rerun()
        _rows(filters, replace(frame, now=datetime.now(UTC)), columns)

    if is_live(began):
        st.fragment(rows, run_every=LIVE_SECONDS)()
    else:
        rows()


def _say_what_takes_long(filters: Filters, window: Window) -> None:
    """And the way to the same list of a shorter time, where that is quicker."""
    is_long = window.size > LONG
    notes = [SEARCHED_BY[loaders.search_kind()]] if filters.search else []
    if filters.search and not notes[0] and is_long and not is_in_an_index(filters.search):
        notes = [FEW]
    if is_long and chosen_sort().by != NEWEST.by:
        notes.append(SORTED)
    for note in filter(None, notes):
        st.caption(note)
    if is_long and any(note.endswith(QUICKER) for note in notes):
        week = replace(window, length="7d")
        query = {**address.query(), address.PAGE: [], "window": week.length}
        link("videos", f"Only those {week.said}", query, icon=":material/search:")


def _in_logs(text: str, frame: Frame) -> None:
    """The lines that hold the text; searched for once somebody wants to see them."""
    part = st.expander("Found in logs", icon=":material/article:", key="in-logs", on_change="rerun")
    if not part.open:
        return
    with part:
        if len(text) > LONGEST_SEARCH:  # lines that hold the beginning of it need not hold the rest
            st.caption(
                f"At most {LONGEST_SEARCH} characters of a line can be searched for; this has {len(text):,}."
            )
            return
        is_short = not is_in_an_index(text) and frame.window.size > DAY
        unindexed, kept_from = loaders.lines_to_read(frame.window)
        if is_short:
            st.caption(FEW_IN_LINES)
        elif unindexed > MANY_LINES:
            end = "so many are not read" if unindexed > MOST_LINES else "they are read one by one"
            st.caption(f"About {unindexed:,} lines {frame.window.said} {UNINDEXED}: {end}.")
        if is_short or unindexed > MANY_LINES:
            day = {**address.query(), "window": "24h"}
            link("videos", "Search the last 24 hours only", day, icon=":material/search:")
        if is_short or unindexed > MOST_LINES:
            return
        lines = loaders.log_lines(frame.window, text, FOUND_LINES + 1)
        since = None if frame.window.length == ALL else frame.window.span(frame.now)[0]
        gone = kept_from if kept_from and (since is None or since < kept_from) else None
        if not lines:
            kept = " that is still kept" if gone else ""
            st.caption(f"No line {frame.window.said}{kept} holds this.")
        if gone:
            st.caption(DROPPED.format(moment(gone), zone_name()))
        if not lines:
            return
        html.table(
            "Lines of logs",
            [f"<th>{head}</th>" for head in ("Time", "Level", "Video", "Message")],
            [[*found_line(line, frame.now)] for line in lines[:FOUND_LINES]],
        )
        number = at_least(len(lines), FOUND_LINES, "line").capitalize()
        st.caption(f"{number} {frame.window.said}, the latest first.")


def is_live(query: address.Query) -> bool:
    """Whether the rows follow the clock: not while somebody pages, sorts, searches, plays or looks back."""
    return not {address.PAGE, "sort", "q", "until", "outputs"} & query.keys()


def _rows(filters: Filters, frame: Frame, columns: Sequence[str]) -> None:
    sort = chosen_sort()
    _, key = place()
    after = Position.read(key) if key else None
    rows = loaders.videos(frame.window, filters, after, PAGE + 1, sort, counted=True)
    if not rows:
        _say_empty(filters, frame)
        return
    shown = rows[:PAGE]
    if st.query_params.get("outputs") == "yes" and not gallery(shown, frame.now):
        st.caption("No output of these can be shown: none was made, or its address has expired.")
    video_list(shown, frame.now, columns, sort)
    last, matches = end_of(shown), shown[0]["matches"] or 0
    most = filters.counted
    turn_pages(
        "Videos",
        len(shown),
        last.written if last else None,
        more=len(rows) > PAGE,
        of=f"more than {most:,}" if matches > most else f"{matches:,}",
        order=", newest first" if sort == NEWEST else "",
        ways=("Newer", "Older") if sort == NEWEST else ("Previous", "Next"),
    )
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
    is_all = frame.window.length == ALL and not frame.window.until
    if filters == Filters():
        hint = f"{'Make' if is_all else 'Choose a longer window above, or make'} one on the page Generate."
        empty_window(frame.window, frame.now, f"No video {frame.window.said}", hint)
    elif filters == Filters(search=filters.search):
        hint = "Search for a part of it." if is_all else "Choose a longer window, or search for a part of it."
        empty(f"No video {frame.window.said} holds this text", hint, ":material/search_off:")
    else:
        hint = "Take one away." if is_all else "Take one away or choose a longer window."
        empty("No video fits these filters", hint, ":material/filter_alt_off:")

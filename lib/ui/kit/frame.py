"""The frame of every page: guard, title, what is in use, how fresh it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from lib.data.app_table import HIDES
from lib.data.before import NEWEST
from lib.domain.access import Role
from lib.domain.video import parse_time
from lib.errors import DailiesError
from lib.ui.kit import address, html, loaders
from lib.ui.kit.charts import buckets
from lib.ui.kit.dashboard import ENTERED, dashboard, running_app, visitor
from lib.ui.kit.format import plain
from lib.ui.kit.kept import place_for_notice
from lib.ui.kit.router import go_to_video, page
from lib.ui.kit.window import ALL, Window
from lib.ui.kit.window_control import choose_window
from lib.ui.kit.zone import choose_zone, keep_zone


@dataclass(frozen=True, slots=True)
class Frame:
    now: datetime
    window: Window

    @property
    def times(self) -> list[datetime]:
        """The starts of the parts that a chart over time divides the window into."""
        return buckets(*self.window.span(self.now), self.window.bucket_seconds)


def begin(title: str, *, window: bool = False, all_time: bool = False) -> Frame:
    """Call this first on every page. It ends the run while Dailies is still starting."""
    if not ENTERED.get():
        raise DailiesError("This page is part of Dailies and is only served through its entry point.")
    preparing = dashboard().preparing
    now = datetime.now(UTC)
    address.begin()
    keep_zone()
    place_for_notice()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="header"):
        st.title(title, anchor=False, width="content")
        st.space("stretch")
        app = running_app()
        if not preparing:  # a database that is not open yet is none that is away
            html.said(*_freshness(now))
        st.badge(plain(app.database_label), icon=":material/database:", color="gray")
        st.badge(plain(app.runway_label), icon=":material/movie:", color="gray")
        choose_zone()
        _person()
        _search()
        chosen = choose_window(all_time=all_time) if window else Window()
    if before := dashboard().before:
        table = plain(before.table_map.table)
        st.info(
            "**Dailies only looks: it is not installed in this database.** These are the newest"
            f" {NEWEST:,} rows of {table}, read every minute. `python -m lib migrate` adds repair, Generate,"
            " alerts, the audit and all older rows.",
            icon=":material/visibility:",
        )
        if before.hides_rows:
            st.warning(HIDES.format(table), icon=":material/visibility_off:")
    if preparing:
        _wait_until_prepared()
        st.stop()
    return Frame(now, _since_the_first(chosen, now) if chosen.length == ALL else chosen)


def _since_the_first(window: Window, now: datetime) -> Window:
    """What is of all time begins with the first video, so that a chart has no years without any."""
    try:
        first = parse_time(loaders.freshness().get("first_video_at"))
    except DailiesError:  # the page itself says what is wrong
        return window
    return window.since(first, now) if first else window


def _search() -> None:
    """A video by its id, the beginning of one, or its task, from any page and of all times; what is none of
    these is looked for in the list."""
    st.text_input(
        "Find a video by its id or task id",
        placeholder="Video or task id",
        icon=":material/search:",
        label_visibility="collapsed",
        width=190,
        key="find",
        help="Four characters of an id are enough. Press / to jump here.",
        on_change=_remember_search,
    )
    if st.session_state.pop("not-found", False):
        st.toast(
            "No video has such an id or task, so it is searched for as text. Give an id whole, or four"
            " characters of its beginning or more.",
            icon=":material/search_off:",
        )
    text = st.session_state.pop("searched", "").strip()
    if not text:
        return
    found = loaders.find(text)
    if len(found) == 1:
        go_to_video(found[0])
    elif found:
        st.switch_page(page("videos"), query_params={"q": text})
    else:
        st.session_state["not-found"] = True  # told on the page that comes: of this one nothing is left
        st.switch_page(page("videos"), query_params={"q": text, "window": ALL})


def _remember_search() -> None:
    st.session_state["searched"] = st.session_state["find"]
    st.session_state["find"] = ""


def _person() -> None:
    """Who is here, where people sign in; and that they may not act, with the reason."""
    person = visitor()
    if person.role < Role.OPERATOR:
        st.badge("read-only", icon=":material/lock:", color="orange", help=person.reason)
    if dashboard().access.needs_sign_in:
        with st.popover("", icon=":material/account_circle:", type="tertiary", help="Who is signed in"):
            st.text(person.name)
            st.caption(f"Role: {person.role}")
            if st.button("Sign out", icon=":material/logout:", key="sign-out"):
                st.logout()


def _freshness(now: datetime) -> Iterator[str]:
    try:
        fresh = loaders.freshness()
    except DailiesError:  # the page itself says what is wrong
        yield "Freshness unknown"
        return
    for what, never, at in (
        ("logs", "no logs yet", fresh["last_log_at"]),
        ("judged", "nothing judged yet", fresh["last_judged_at"]),
    ):
        yield f"{what} {html.time(at, now)}" if at else never
    if waiting := fresh["dirty"]:
        yield f"{waiting:,} to judge"


@st.fragment(run_every=1)
def _wait_until_prepared() -> None:
    step = dashboard().preparing
    if step is None:
        loaders.forget()
        st.rerun()
    st.status(f"{step} …", state="running")
    st.caption("The first start takes a few seconds. This page appears as soon as everything is ready.")

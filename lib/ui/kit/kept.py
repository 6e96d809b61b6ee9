"""What pages read is cached for a few seconds, and kept beyond that: while the database is away, pages show
what was read last, say from when it is, and come back by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.data.migrations import check_schema
from lib.errors import DailiesError, DatabaseUnavailable
from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.format import clock
from lib.ui.kit.zone import zone_name

P = ParamSpec("P")
T = TypeVar("T")
SECONDS = 10.0
MOST = 64  # answers kept
PAUSE_SECONDS = 3.0  # a database that did not answer is left alone for so long: each try may take a while
AGAIN_SECONDS = 4.0
_PLACE = "outage-notice"


def kept(*, max_entries: int = 8) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """For a function that reads from the database; its arguments are hashable."""

    def decorate(read: Callable[P, T]) -> Callable[P, T]:
        @wraps(read)
        def timed(*args: P.args, **kwargs: P.kwargs) -> tuple[datetime, T]:
            return datetime.now(UTC), read(*args, **kwargs)

        cached = st.cache_data(ttl=SECONDS, max_entries=max_entries, show_spinner=False)(timed)

        @wraps(read)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            outage, key = dashboard().outage, (read.__module__, read.__name__, args, *sorted(kwargs.items()))
            try:
                outage.spare(PAUSE_SECONDS)
                at, found = cached(*args, **kwargs)
            except DatabaseUnavailable as error:
                outage.began(error)
                if key not in outage.kept:
                    raise
                at, found = outage.kept[key]
                _say(at)
                return found
            outage.keep(key, (at, found), MOST)
            return found

        return call

    return decorate


def place_for_notice() -> None:
    """Here a page says that it shows what was read before; once for each run."""
    st.session_state[_PLACE] = st.empty()


def _say(at: datetime) -> None:
    place: DeltaGenerator | None = st.session_state.pop(_PLACE, None)
    if place is None:
        return
    with place.container(key="outage"):
        st.warning(
            f"**The database cannot be reached.** What you see was read at {clock(at, datetime.now(UTC))}"
            f" {zone_name()} or before. The page refreshes as soon as the database answers.",
            icon=":material/cloud_off:",
        )
        come_back()


def come_back() -> None:
    """Draws the page anew once the database answers; until then it stays as it is, with what it says."""
    drawn = time.monotonic()

    def ask() -> None:
        if time.monotonic() - drawn < AGAIN_SECONDS:
            return
        try:
            check_schema(running_app().db)
        except DatabaseUnavailable:
            return
        except DailiesError:  # an answer, too: the page says what is wrong
            pass
        st.rerun()

    st.fragment(ask, run_every=AGAIN_SECONDS + 0.5)()


def look_again(seconds: float) -> None:
    """Draws the page anew after that many seconds, as long as somebody has it open."""
    drawn = time.monotonic()

    def look_at_the_clock() -> None:
        if time.monotonic() - drawn >= seconds:
            st.rerun()

    st.fragment(look_at_the_clock, run_every=seconds + 0.5)()

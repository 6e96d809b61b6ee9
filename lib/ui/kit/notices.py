"""States other than healthy, each said in words with what to do next."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.errors import (
    BadInput,
    BudgetUsedUp,
    DailiesError,
    DatabaseConflict,
    DatabaseUnavailable,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RunwayError,
    SchemaMissing,
    SettingsError,
    TableUnknown,
    TooFast,
)
from lib.logs.redact import redact
from lib.ui.kit.kept import come_back
from lib.ui.kit.outside import outside_text

logger = logging.getLogger(__name__)

_TITLES: tuple[tuple[type[DailiesError], str, str], ...] = (
    (TableUnknown, "Which table holds the videos?", ":material/table:"),
    (DatabaseUnavailable, "The database cannot be reached", ":material/cloud_off:"),
    (SchemaMissing, "The database lacks a part of Dailies", ":material/database_off:"),
    (BudgetUsedUp, "The budget is used up", ":material/savings:"),
    (DatabaseConflict, "Somebody else got there first", ":material/sync_problem:"),
    (NotFound, "Not found", ":material/search_off:"),
    (RunwayError, "Runway could not do this", ":material/cloud_off:"),
    (SettingsError, "A setting cannot be used", ":material/settings_alert:"),
    (NotSignedIn, "You are not signed in", ":material/login:"),
    (TooFast, "Too many paid actions", ":material/speed:"),
    (NotAllowed, "You may not do this", ":material/lock:"),
    (BadInput, "This input cannot be used", ":material/edit_off:"),
    (DailiesError, "Something went wrong", ":material/error:"),
)


@dataclass
class Narrated:
    """`error` is the one that was shown, if one was."""

    error: DailiesError | None = None


@contextmanager
def narrated() -> Iterator[Narrated]:
    """Shows an error raised on purpose as a notice in place of the rest of the block."""
    shown = Narrated()
    try:
        yield shown
    except DailiesError as error:
        logger.warning("%s: %s", type(error).__name__, error)
        failure(error)
        shown.error = error


def tell(error: Exception) -> bool:
    """What nobody caught, in callbacks and fragments as well: for `st.App(on_script_error=…)`, so that people
    never see Streamlit's own error page. An outage is waited for; after anything else a click goes on."""
    if isinstance(error, DailiesError):
        failure(error)
    else:
        with st.container(border=True, key=f"unexpected-{uuid4().hex}"):
            st.error("**An unexpected error**", icon=":material/error:")
            st.text("The server's log holds the details.")
    if isinstance(error, DatabaseUnavailable):
        come_back()
    else:
        st.button("Reload the page", icon=":material/refresh:", key=f"again-{uuid4().hex}")
    return True


def failure(error: DailiesError) -> None:
    """The error as people need it. Its text may quote outside data, so it is shown as plain text."""
    _, title, icon = next(row for row in _TITLES if isinstance(error, row[0]))
    with st.container(border=True):
        st.error(f"**{title}**", icon=icon)
        outside_text(redact(error.told))
        if isinstance(error, TableUnknown):
            st.caption("This page goes on by itself, within a minute of it.")
        elif isinstance(error, DatabaseUnavailable):
            st.caption(
                "Check that it runs and that its address is right; the page Environment has the checks."
            )


def empty(title: str, hint: str, icon: str = ":material/inbox:") -> DeltaGenerator:
    """Nothing to show, and why; both in our own words. What can be done may be put into what it returns."""
    box = st.container(border=True, horizontal_alignment="center")
    box.markdown(f"{icon} **{title}**", text_alignment="center")
    box.caption(hint, text_alignment="center")
    return box

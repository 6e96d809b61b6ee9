"""An attempt whose outcome nobody knows: what is at risk, and what Runway's account says about it."""

from __future__ import annotations

import streamlit as st

from lib.data.videos import VideoDetails
from lib.domain.account import Hint
from lib.domain.attempt import Attempt, AttemptState
from lib.operations.account import known, look_now
from lib.ui.kit.format import credits_text, plain
from lib.ui.kit.notices import narrated
from lib.ui.kit.services import services

_ICON = {
    Hint.CREATED: ":material/paid:",
    Hint.NOTHING: ":material/money_off:",
    Hint.UNDECIDED: ":material/help:",
}


def unknown_attempt(row: VideoDetails) -> Attempt | None:
    """The last attempt, when nobody knows whether it created a task."""
    attempts = [Attempt.from_row(each) for each in row.get("attempts") or ()]
    last = max(attempts, key=lambda attempt: attempt.number, default=None)
    return last if last and last.state is AttemptState.UNKNOWN else None


def risk(row: VideoDetails) -> None:
    """Nothing unless the last attempt is unknown."""
    last = unknown_attempt(row)
    if last is None:
        return
    outlook = known(services().database, last)
    with st.container(border=True, key="risk"):
        st.markdown(
            f"{_ICON[outlook.hint]} **{credits_text(last.credits)} at risk** in attempt {last.number}"
            f" by {plain(last.operator)}"
        )
        st.text(outlook.text)
        if outlook.may_change and st.button(
            "Read Runway's account again (free)", icon=":material/sync:", key="read-account"
        ):
            with narrated():
                look_now(services().database, services().runway, last)
                st.rerun()

"""Batches of repairs on the page: the list, progress, pause and abort, each video's result, earlier runs.

All of it stands in the database: a run goes on when its page is closed, and any page can steer it.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.column_config import TextColumn

from lib.data import batches
from lib.data.batches import ENDED, Batch, Item
from lib.operations.batches import COLUMNS, steer
from lib.operations.export import as_csv
from lib.ui.kit import loaders
from lib.ui.kit.acting import act
from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.format import BATCH_STATE, clock, count, credits_text, exact, look, plain, short_id
from lib.ui.kit.frame import Frame
from lib.ui.kit.outside import outside_text
from lib.ui.kit.router import link
from lib.ui.kit.tables import Columns, table

_ASKED = "batch"  # in the address
_TOLD = "batch-end-told"  # in the session: the last one that the page was drawn anew for
_KIND = {"recover": "save id", "look_up": "look up", "retry": "retry"}
_STATE = {"done": "✓ done", "failed": "× failed", "working": "◐ now", "waiting": "○ waiting"}


def item_table(items: Sequence[Item]) -> None:
    """What would be done or was done to each video; what is left out comes last."""
    ordered = sorted(items, key=lambda item: (item["state"] == "left_out", item["position"]))
    begun = any(item["state"] in ENDED for item in ordered)
    columns: Columns = {
        "Video": ([short_id(item["video_id"]) for item in ordered], TextColumn(width=90)),
        "What": ([_KIND.get(item["kind"], "left out") for item in ordered], TextColumn(width=90)),
    }
    if begun:
        states = [_STATE.get(item["state"], "– left out") for item in ordered]
        columns["State"] = (states, TextColumn(width=90))
    columns["Credits"] = ([_price(item, begun=begun) for item in ordered], TextColumn(width=70))
    told = [item["result"] or item["reason"] for item in ordered]
    columns["Result" if begun else "Why"] = (told, TextColumn(width=760 if begun else 640))
    table(columns, "What is to be done to each video, or was done", most=10)


def _price(item: Item, *, begun: bool) -> str:
    if item["state"] == "left_out":
        return "–"
    if begun and item["state"] in ENDED:
        return f"{item['spent']:g}"
    return f"{item['credits']:g}" if item["credits"] else "free"


def batch_of_the_address() -> None:
    """The runs that go on or wait, whoever began them, and the one that the address names."""
    for batch in loaders.batches():
        if batch.state == "running":
            _running(batch.id)
        elif batch.state == "paused":
            _paused(batch)
        elif batch.begun_at and batch.id == st.query_params.get(_ASKED):
            if st.session_state.get(_TOLD) != batch.id:
                _tell_end(batch.id)
            _ended(batch)


@st.fragment(run_every=1)
def _running(batch_id: str) -> None:
    batch = batches.get(running_app().db, batch_id)
    if batch.state != "running":
        _tell_end(batch_id)
    done = batch.count(*ENDED)
    with st.container(border=True, key="batch-running"):
        told = f"{done} of {count(batch.to_do, 'video')} done, {_spent(batch)} …"
        st.progress(done / (batch.to_do or 1), text=told)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _button("Pause", "paused", batch, ":material/pause_circle:")
            _button("Abort", "aborted", batch, ":material/stop_circle:")
            st.caption("The current video is finished either way. The run continues if you leave this page.")


def _tell_end(batch_id: str) -> None:
    """Draws the page anew, once: it may have ended while the figures above it were read."""
    st.session_state[_TOLD] = batch_id
    loaders.forget()
    st.rerun()


def _paused(batch: Batch) -> None:
    done = batch.count(*ENDED)
    with st.container(border=True, key="batch-paused"):
        st.markdown(
            f":material/pause_circle: **Paused after {done} of {count(batch.to_do, 'video')}**,"
            f" {_spent(batch)}"
        )
        if batch.note:
            outside_text(batch.note)
        with st.container(horizontal=True, gap="small"):
            _button("Resume", "running", batch, ":material/play_circle:")
            _button("Abort", "aborted", batch, ":material/stop_circle:")


def _ended(batch: Batch) -> None:
    done, left = batch.count("done"), batch.count("waiting")
    items = list(batches.items(running_app().db, batch.id))
    with st.container(border=True, key="batch-ended"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            icon = ":material/check_circle:" if done == batch.to_do else ":material/warning:"
            rest = f", {left} left as they were" if left else ""
            st.markdown(
                f"{icon} **{done} of {count(batch.to_do, 'video')} repaired**{rest}, {_spent(batch)}",
                width="content",
            )
            st.space("stretch")
            name = f"repairs-{short_id(batch.id)}.csv"
            st.download_button("CSV", as_csv(COLUMNS, items), name, "text/csv", icon=":material/download:")
            st.button("Close", type="tertiary", icon=":material/close:", on_click=_close, key="close-batch")
        item_table(items)


def _button(label: str, state: str, batch: Batch, icon: str) -> None:
    act(label, icon=icon, key=f"{state}-{batch.id}", on_click=_steer, args=(batch.id, state))


def _steer(batch_id: str, state: str) -> None:
    steer(running_app(), batch_id, state)
    st.query_params[_ASKED] = batch_id
    dashboard().wake()


def _spent(batch: Batch) -> str:
    return f"{credits_text(batch.spent)} spent" if batch.spent else "nothing spent"


def _close() -> None:
    st.query_params.pop(_ASKED, None)


def earlier_batches(frame: Frame) -> None:
    begun = [batch for batch in loaders.batches() if batch.begun_at]
    if not begun:
        return
    with st.expander(f"{count(len(begun), 'run')} of repairs", icon=":material/history:"):
        for batch in begun:
            shown, how = look(BATCH_STATE, batch.state), str(batch.chosen.get("chosen", ""))
            link(
                "recover",
                f"{clock(batch.begun_at, frame.now)} · **{shown.word}** · "
                f"{batch.count('done')} of {count(batch.to_do, 'video')} repaired · {_spent(batch)} · "
                f"by {plain(batch.operator)}" + (f", {plain(how)}" if how else ""),
                {_ASKED: batch.id},
                icon=shown.icon,
                help=f"Begun {exact(batch.begun_at)}",
            )

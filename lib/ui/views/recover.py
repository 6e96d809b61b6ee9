"""The list of what can be repaired, the choice, and what it would do and cost before it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

import streamlit as st

from lib.data.batches import Batch, items, steer
from lib.data.videos import Filters, VideoRow
from lib.domain.cause import Action
from lib.operations.batches import freeze
from lib.operations.repairs import BY_ITSELF, Kind
from lib.ui.kit import address, loaders
from lib.ui.kit.format import ACTION, cause_of, count, credits_text
from lib.ui.kit.frame import Frame
from lib.ui.kit.notices import empty
from lib.ui.kit.services import services
from lib.ui.kit.tables import choose_videos
from lib.ui.views.batch import item_table
from lib.ui.views.videos import choose_causes

MOST = 200  # videos on the page: what one person can answer for at once
KINDS = {"stuck": "Stuck", "recoverable": "Recoverable", "failed": "Failed", "any": "All"}
_WORDS = {
    Kind.RECOVER: ("save the task id the logs name", ":material/link:"),
    Kind.LOOK_UP: ("look the task up", ":material/search:"),
    Kind.RETRY: ("retry, nothing was created so far", ":material/replay:"),
    Kind.OVERRIDE: ("left out: a task may exist, decide on the video's own page", ":material/help:"),
    Kind.CHANGE: ("left out: the same input would fail again", ":material/edit:"),
    Kind.LEAVE: ("left out: nothing to do", ":material/check:"),
}


def shown_videos() -> list[VideoRow]:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kind = address.segments("Which videos", "repairable", KINDS)
        causes = choose_causes()
    return loaders.videos(None, Filters(trouble=kind, causes=causes), limit=MOST)


def summary(rows: Sequence[VideoRow]) -> None:
    """What the verdicts recommend for the list, most frequent first."""
    if not rows:
        return
    if len(rows) == MOST:
        st.caption(f"The newest {MOST} are shown.")
    actions = Counter(cause_of(row["cause"]).action for row in rows)
    with st.container(horizontal=True, gap="small", key="recommended"):
        for action, number in actions.most_common():
            free = action in (Action.POLL, Action.RECOVER_ID)
            st.badge(f"{number} × {ACTION[action]}", color="green" if free else "gray")


def choose(rows: list[VideoRow], frame: Frame) -> list[str]:
    """The ids of the chosen videos, as they were drawn."""
    if not rows:
        empty(
            "Nothing to repair",
            "No video is of this kind; another one can be chosen above.",
            ":material/check_circle:",
        )
        return []
    return choose_videos(rows, frame.now, key=f"recover-{len(rows)}-{rows[0]['id'][:8]}")


def repair_button(chosen: Sequence[str]) -> None:
    if st.button(
        f"Repair {count(len(chosen), 'video')} …" if chosen else "Choose videos to repair",
        type="primary",
        icon=":material/healing:",
        disabled=not chosen,
        key="repair-many",
    ):
        _confirm(tuple(chosen), str(uuid4()))


@st.dialog("Repair these videos?", icon=":material/healing:", width="large")
def _confirm(chosen: tuple[str, ...], batch_id: str) -> None:
    """The exact list, decided anew from what is known now and frozen under this id."""
    opened = services()
    kind, causes = st.session_state.get("repairable"), st.session_state.get("cause", ())
    how = {"page": "Recover", "kind": kind, "causes": list(causes)}
    batch = freeze(opened.database, chosen, opened.settings.operator, how, batch_id=batch_id)
    for kind in _WORDS:
        _group(batch, kind)
    item_table(list(items(opened.database, batch_id)))
    price = credits_text(batch.credits) if batch.credits else "nothing"
    if st.button(
        f"Repair {count(batch.to_do, 'video')} for {price}",
        type="primary",
        disabled=not batch.to_do,
        key="confirm-many",
        on_click=_start,
        args=(batch_id,),
    ):
        st.rerun()


def _group(batch: Batch, kind: Kind) -> None:
    """How many videos of the batch are of this kind, and what that costs."""
    parts = [part for part in batch.parts if part.kind == kind]
    if not parts:
        return
    words, icon = _WORDS[kind]
    cost = sum(part.credits for part in parts) if kind in BY_ITSELF else 0
    price = f", **{credits_text(cost)}**" if cost else ", free" if kind in BY_ITSELF else ""
    st.markdown(f"{icon} **{count(sum(part.n for part in parts), 'video')}**: {words}{price}")


def _start(batch_id: str) -> None:
    opened = services()
    steer(opened.database, batch_id, "running", opened.settings.operator)
    st.query_params["batch"] = batch_id
    if opened.loop is not None:
        opened.loop.wake()

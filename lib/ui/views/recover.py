"""The list of what can be repaired, the choice, and what it would do and cost before it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import streamlit as st

from lib.data.batches import Batch, items
from lib.data.videos import Filters, VideoRow
from lib.domain.cause import Action
from lib.domain.repair import BY_ITSELF, FREE, PEOPLES
from lib.errors import DatabaseConflict
from lib.operations.batches import freeze, steer
from lib.ui.kit import address, html, loaders
from lib.ui.kit.acting import act
from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.format import ACTION, at_least, count, credits_text
from lib.ui.kit.notices import empty
from lib.ui.kit.tables import choose_videos
from lib.ui.kit.window_control import count_samples, samples_count
from lib.ui.views.batch import item_table
from lib.ui.views.videos import choose_causes

MOST = 200  # videos on the page: what one person can answer for at once
MOST_LEFT = 50
KINDS = {"stuck": "Stuck", "recoverable": "Recoverable", "failed": "Failed", "any": "All"}
_WORDS = {
    Action.RECOVER: ("save the task id the logs name", ":material/link:"),
    Action.LOOK_UP: ("look the task up", ":material/search:"),
    Action.RETRY: ("retry, nothing was created so far", ":material/replay:"),
    Action.ASK: ("left out: a task may exist, decide on the video's own page", ":material/help:"),
    Action.FIX_FIRST: ("left out: fix the cause first, then decide one by one", ":material/build:"),
    Action.CHANGE_INPUT: ("left out: the same input would fail again", ":material/edit:"),
    Action.WAIT: ("left out: still on its way", ":material/schedule:"),
    Action.NONE: ("left out: nothing to do", ":material/check:"),
}


def shown_videos() -> list[VideoRow]:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kind = address.segments("Which videos", "repairable", KINDS)
        causes = choose_causes()
        own = count_samples()
    return loaders.videos(None, Filters(trouble=kind, causes=causes, own=own), limit=MOST)


def groups() -> None:
    """Of all that is in trouble: first what is free, then what costs; the dialog says how much before."""
    kinds = [loaders.videos(None, Filters(trouble=kind), limit=MOST) for kind in KINDS]
    rows = {row["id"]: row for of_kind in kinds for row in of_kind}.values()
    free = tuple(row["id"] for row in rows if row["action"] in FREE)
    paid = tuple(row["id"] for row in rows if row["action"] == Action.RETRY)
    people = sum(row["action"] in PEOPLES for row in rows)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="groups"):
        if free:
            act(
                f"Repair the {count(len(free), 'free one')}",
                type="primary",
                icon=":material/money_off:",
                key="repair-free",
                help="Tasks that exist are looked up, their ids saved. Nothing is paid; it begins at once.",
                disabled=any(batch.state == "running" for batch in loaders.batches()),
                on_click=_repair_free,
                args=(free, str(uuid4())),
            )
        if paid and act(
            f"Retry {count(len(paid), 'video')} …",
            icon=":material/paid:",
            key="repair-paid",
            help="Nothing was created for them so far: each is paid anew. The cost is shown first.",
        ):
            _confirm(paid, str(uuid4()), {"chosen": "all that are to be retried"})
        if people:
            st.caption(f"A person must look at {count(people, 'video')}, one by one", width="content")
        if max(map(len, kinds)) == MOST:
            st.caption(f"Of the newest {MOST} of each kind; older ones follow", width="content")


def _repair_free(videos: tuple[str, ...], batch_id: str) -> None:
    """At once, but for what would cost something by now. `batch_id`: a double click means one batch."""
    batch = freeze(
        running_app(), videos, {"page": "Recover", "chosen": "all that are free"}, batch_id=batch_id
    )
    if batch.credits:
        raise DatabaseConflict("Something else has happened to one of them: it is not free any more.")
    _start(batch_id)


def summary(rows: Sequence[VideoRow]) -> None:
    """How many are stuck, as on every page; what the verdicts recommend for the list, most frequent first."""
    st.caption(f"{loaders.pulse(samples_count()).all_stuck:,} stuck")
    if not rows:
        return
    if len(rows) == MOST:
        st.caption(f"The newest {MOST} are shown.")
    actions = Counter(row["action"] or "" for row in rows if row["action"] in ACTION)
    with st.container(horizontal=True, gap="small", key="recommended"):
        for action, number in actions.most_common():
            st.badge(f"{number} × {ACTION[action]}", color="green" if action in FREE else "gray")


def left_to_people(now: datetime) -> None:
    """What the sweep did not do by itself, and why: each is decided on the video's own page."""
    rows = loaders.left_to_people(MOST_LEFT + 1)
    if not rows:
        return
    with st.expander(
        f"The sweep left {at_least(len(rows), MOST_LEFT, 'video')} to people, the latest first",
        icon=":material/front_hand:",
    ):
        html.table(
            "Videos that the sweep left to people",
            [f"<th>{head}</th>" for head in ("Video", "What to do", "Looked at", "Why")],
            [
                [
                    html.video(row.video_id),
                    html.text(ACTION.get(row.action, row.action)),
                    html.time(row.at, now),
                    html.text(row.reason),
                ]
                for row in rows[:MOST_LEFT]
            ],
        )


def choose(rows: list[VideoRow]) -> list[str]:
    """The ids of the chosen videos, as they were drawn."""
    if not rows:
        empty(
            "Nothing to repair",
            "No video is of this kind; another one can be chosen above.",
            ":material/check_circle:",
        )
        return []
    # a choice is one of positions: it ends with the list it was made in, and with the repair it began
    drawn = hash((st.query_params.get("batch"), *(row["id"] for row in rows)))
    return choose_videos(rows, key=f"recover-{drawn:x}")


def repair_button(chosen: Sequence[str]) -> None:
    if act(
        f"Repair {count(len(chosen), 'video')} …" if chosen else "Choose videos to repair",
        icon=":material/healing:",
        disabled=not chosen,
        key="repair-many",
    ):
        _confirm(tuple(chosen), str(uuid4()), {"chosen": "one by one", **address.query()})


@st.dialog("Repair these videos?", icon=":material/healing:", width="large")
def _confirm(chosen: tuple[str, ...], batch_id: str, how: Mapping[str, Any]) -> None:
    """The exact list, decided anew from what is known now and frozen under this id; `how` it was chosen."""
    app = running_app()
    batch = freeze(app, chosen, {"page": "Recover", **how}, batch_id=batch_id)
    for action in _WORDS:
        _group(batch, action)
    item_table(list(items(app.db, batch_id)))
    price = credits_text(batch.credits) if batch.credits else "nothing"
    if act(
        f"Repair {count(batch.to_do, 'video')} for {price}",
        type="primary",
        disabled=not batch.to_do,
        key="confirm-many",
        on_click=_start,
        args=(batch_id,),
    ):
        st.rerun()


def _group(batch: Batch, action: Action) -> None:
    """For how many videos of the batch this is to be done, and what that costs."""
    parts = [part for part in batch.parts if part.kind == action]
    if not parts:
        return
    words, icon = _WORDS[action]
    cost = sum(part.credits for part in parts) if action in BY_ITSELF else 0
    price = f", **{credits_text(cost)}**" if cost else ", free" if action in BY_ITSELF else ""
    st.markdown(f"{icon} **{count(sum(part.n for part in parts), 'video')}**: {words}{price}")


def _start(batch_id: str) -> None:
    steer(running_app(), batch_id, "running")
    st.query_params["batch"] = batch_id
    dashboard().wake()

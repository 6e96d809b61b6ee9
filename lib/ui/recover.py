"""The list of what can be repaired, the choice, what it would do and cost, and the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from uuid import uuid4

import pandas as pd
import streamlit as st

from lib.data.videos import Filters, VideoRow
from lib.domain.cause import Action
from lib.operations.repairs import BY_ITSELF, Kind, Repair, carry_out, plan_all
from lib.ui import loaders
from lib.ui.bulk import Bulk
from lib.ui.format import ACTION, cause_of, count, credits_text, short_id
from lib.ui.frame import Frame
from lib.ui.notices import empty
from lib.ui.services import Services, services
from lib.ui.tables import choose_videos

MOST = 200  # videos on the page: what one person can answer for at once
KINDS = {"Stuck": "stuck", "Recoverable": "recoverable", "Failed": "failed", "All": "any"}
_RUN = "bulk-run"
_WORDS = {
    Kind.RECOVER: ("save the task id the logs name", ":material/link:"),
    Kind.LOOK_UP: ("look the task up", ":material/search:"),
    Kind.RETRY: ("retry, nothing was created so far", ":material/replay:"),
    Kind.OVERRIDE: ("left out: a task may exist, decide on the video's own page", ":material/help:"),
    Kind.CHANGE: ("left out: the same input would fail again", ":material/edit:"),
    Kind.LEAVE: ("left out: nothing to do", ":material/check:"),
}
_SHORT = {Kind.RECOVER: "save id", Kind.LOOK_UP: "look up", Kind.RETRY: "retry"}


def shown_videos() -> list[VideoRow]:
    kind = st.segmented_control(
        "Which videos",
        list(KINDS),
        default="Stuck",
        required=True,
        key="repairable",
        bind="query-params",
        label_visibility="collapsed",
    )
    return loaders.videos(None, Filters(trouble=KINDS[kind or "Stuck"]), limit=MOST)


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
        disabled=not chosen or _run() is not None,
        key="repair-many",
    ):
        _confirm(tuple(chosen))


@st.dialog("Repair these videos?", icon=":material/healing:", width="large")
def _confirm(chosen: tuple[str, ...]) -> None:
    """The exact list, decided anew from what is known now."""
    repairs = plan_all(services().database, chosen)
    for kind, (words, icon) in _WORDS.items():
        group = [repair for repair in repairs if repair.kind is kind]
        if group:
            cost = sum(repair.credits or 0 for repair in group if kind in BY_ITSELF)
            price = f", **{credits_text(cost)}**" if cost else ", free" if kind in BY_ITSELF else ""
            st.markdown(f"{icon} **{count(len(group), 'video')}**: {words}{price}")
    _list(repairs)
    able = [repair for repair in repairs if repair.kind in BY_ITSELF]
    total = sum(repair.credits or 0 for repair in able)
    label = f"Repair {count(len(able), 'video')} for {credits_text(total) if total else 'nothing'}"
    if st.button(label, type="primary", disabled=not able, key="confirm-many", on_click=_start, args=(able,)):
        st.rerun()


def _list(repairs: Sequence[Repair]) -> None:
    """What is left out comes last."""
    repairs = sorted(repairs, key=lambda repair: list(_WORDS).index(repair.kind))
    st.dataframe(
        pd.DataFrame(
            {
                "Video": [short_id(repair.video_id) for repair in repairs],
                "What": [_SHORT.get(repair.kind, "left out") for repair in repairs],
                "Credits": [_price(repair) for repair in repairs],
                "Why": [repair.reason for repair in repairs],
            }
        ),
        hide_index=True,
        column_config={
            "Video": st.column_config.TextColumn(width=90),
            "What": st.column_config.TextColumn(width=90),
            "Credits": st.column_config.TextColumn(width=70),
            "Why": st.column_config.TextColumn(width=640),
        },
        alt="What would be done to each video",
    )


def _price(repair: Repair) -> str:
    if repair.kind not in BY_ITSELF:
        return "–"
    return f"{repair.credits}" if repair.credits else "free"


def _start(repairs: Sequence[Repair]) -> None:
    opened, run = services(), Bulk(repairs)
    work = partial(_carry_out, opened)
    opened.jobs.start(f"bulk-{uuid4().hex}", partial(run.run, work))
    st.session_state[_RUN] = run


def _carry_out(opened: Services, repair: Repair) -> str:
    return carry_out(opened.database, opened.runway, opened.journal, repair, opened.settings.operator)


def _run() -> Bulk | None:
    """The run of this session that is still going on."""
    run: Bulk | None = st.session_state.get(_RUN)
    return run if run and len(run.results) < len(run.repairs) and not run.is_stopped else None


def bulk_progress() -> None:
    if _run() is not None:
        _running()
    elif _RUN in st.session_state:
        _results(st.session_state[_RUN])


@st.fragment(run_every=1)
def _running() -> None:
    run = _run()
    if run is None:  # it has ended since the page was drawn
        loaders.forget()
        st.rerun()
    done = len(run.results)
    st.progress(done / len(run.repairs), text=f"{done} of {count(len(run.repairs), 'video')} repaired …")
    st.button("Stop after this one", icon=":material/stop_circle:", on_click=run.stop, key="stop-many")


def _results(run: Bulk) -> None:
    done, failed = len(run.results), len(run.failed)
    left = f", {len(run.repairs) - done} left as they were" if run.is_stopped else ""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            icon = ":material/warning:" if failed else ":material/check_circle:"
            st.markdown(f"{icon} **{done - failed} of {count(done, 'video')} repaired**{left}")
            st.button("Close", type="tertiary", icon=":material/close:", on_click=_forget_run)
        st.dataframe(
            pd.DataFrame(
                {
                    "Video": [short_id(video_id) for video_id in run.results],
                    "Result": list(run.results.values()),
                }
            ),
            hide_index=True,
            column_config={"Result": st.column_config.TextColumn(width="large")},
            alt="What became of each video",
        )


def _forget_run() -> None:
    st.session_state.pop(_RUN, None)

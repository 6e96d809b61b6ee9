"""Teaching Dailies the lines of another app: proposed from logs, corrected by people, saved for everybody."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, BinaryIO

import pandas as pd
import streamlit as st

from lib.data.flows import StoredFlow
from lib.domain.flow import Means
from lib.domain.trace import time_of
from lib.operations.flows import lines_of, propose_flow, remove_flow, runs_of, save_flow
from lib.traces.check import CheckedRun, check_runs
from lib.traces.flows import flow_of, problems_of
from lib.traces.learn import Lines
from lib.traces.template import PLACEHOLDERS, pattern_from, readable
from lib.ui.kit import loaders
from lib.ui.kit.acting import act
from lib.ui.kit.dashboard import running_app
from lib.ui.kit.format import count, plain
from lib.ui.kit.notices import narrated

_RUNS, _DRAFT, _DRAFTS = "flow-runs", "flow-draft", "flow-drafts"
_SHOWN = 200  # lines of a run


def teach() -> None:
    saved = loaders.saved_flows()
    with st.expander("Learn a flow from lines", icon=":material/school:", key="teach"):
        st.caption(
            "For an app with words of its own: give the logs of at least three videos that were made without"
            " trouble, in any form that is read above. Nothing is stored before you save."
        )
        files = st.file_uploader("Logs of runs that worked", accept_multiple_files=True, key="flow-files")
        pasted = st.text_area("Or paste their lines", height=140, key="flow-lines", max_chars=2_000_000)
        given: list[tuple[str, BinaryIO]] = [(file.name, file) for file in files]
        given += [("The text", io.BytesIO(pasted.encode()))] if pasted else []
        if st.button("Propose a flow", icon=":material/auto_fix_high:", disabled=not given, key="propose"):
            with narrated(), st.spinner("Reading …"):
                _propose(given)
        if _DRAFT in st.session_state:
            with narrated():
                _correct()
        _list_saved(saved)


def _propose(given: list[tuple[str, BinaryIO]]) -> None:
    st.session_state.pop(_DRAFT, None)
    runs = runs_of(running_app(), lines_of(given))
    st.session_state[_RUNS] = runs
    _edit(propose_flow(runs, "learned"))


def _edit(content: dict[str, Any]) -> None:
    """Puts a flow into the table: the widgets of an earlier one are not its. It may be one that is broken."""
    found = content.get("stages")
    stages = [stage for stage in found if isinstance(stage, dict)] if isinstance(found, list) else []
    st.session_state[_DRAFT] = content | {"stages": stages}
    st.session_state[_DRAFTS] = st.session_state.get(_DRAFTS, 0) + 1


def _correct() -> None:
    draft, number = st.session_state[_DRAFT], st.session_state[_DRAFTS]
    with st.container(horizontal=True, gap="small"):
        key = st.text_input("Key", draft["flow"], key=f"flow-key-{number}")
        title = st.text_input("Title", draft.get("title", ""), key=f"flow-title-{number}")
    st.caption(
        "Correct what each line means: *sent* is the last one before the request leaves for Runway, and"
        " decides what may be paid for without asking. In a line "
        + ", ".join(f"`{{{each}}}`" for each in PLACEHOLDERS)
        + " stand for what changes, and … for any end; between slashes stands a regular expression."
    )
    rows = st.data_editor(
        pd.DataFrame(
            {
                "Stage": [stage.get("stage") for stage in draft["stages"]],
                "Line": [readable(_text(stage.get("pattern"))) for stage in draft["stages"]],
                "Means": [stage.get("means") for stage in draft["stages"]],
            }
        ),
        column_config={
            "Stage": st.column_config.TextColumn(width="medium", required=True),
            "Line": st.column_config.TextColumn(width="large", required=True),
            "Means": st.column_config.SelectboxColumn(options=list(Means), width="small"),
        },
        num_rows="dynamic",
        hide_index=True,
        key=f"flow-table-{number}",
    )
    content = _content(draft, key, title, rows.to_dict("records"))
    problems = list(problems_of(content))
    for problem in problems:
        st.text(f"• {problem}")
    if not problems:
        _check(content, st.session_state.get(_RUNS, []))
    act(
        "Save the flow for everybody",
        icon=":material/save:",
        type="primary",
        disabled=bool(problems),
        key="save-flow",
        help="Every page and worker of this database uses it from then on. Logs that were read before have to"
        " be read again, to be told by it.",
        on_click=_save,
        args=(content,),
    )


def _content(draft: dict[str, Any], key: str, title: str, rows: list[dict[Any, Any]]) -> dict[str, Any]:
    """What the table says, as the content of a flow's file. A line that nobody touched keeps its pattern."""
    written = [_text(stage.get("pattern")) for stage in draft["stages"]]
    patterns = {readable(pattern): pattern for pattern in written if pattern}
    titles = {stage.get("stage"): stage["title"] for stage in draft["stages"] if "title" in stage}
    stages = []
    for row in rows:
        name, line, means = (_text(row[column]) for column in ("Stage", "Line", "Means"))
        if name or line:
            stage = {"stage": name, "pattern": patterns.get(line) or pattern_from(line)}
            titled = {"title": titles[name]} if name in titles else {}
            stages.append(stage | titled | ({"means": means} if means else {}))
    others = {name: draft[name] for name in ("signs", "asides") if draft.get(name)}
    return {"flow": key.strip(), "title": title.strip() or key.strip(), "stages": stages} | others


def _text(cell: Any) -> str:
    """A cell of the table; an empty one is no text."""
    return cell.strip() if isinstance(cell, str) else ""


def _check(content: dict[str, Any], runs: list[Lines]) -> None:
    """What the flow recognises in the lines that were given."""
    checked = check_runs(runs, flow_of(content, "This"))
    if not checked:
        return
    whole = sum(not run.missing for run in checked)
    st.markdown(f"**{whole:,} of {count(len(checked), 'run')}** complete.")
    names = {f"{number}": _label(run) for number, run in enumerate(checked)}
    chosen = st.selectbox("Run", list(names), format_func=lambda number: names[number], key="flow-run")
    if chosen is not None:
        _lines(checked[int(chosen)])


def _label(run: CheckedRun) -> str:
    missing = f"misses {', '.join(map(plain, run.missing))}" if run.missing else "complete"
    return f"{plain(run.name)}: {missing}"


def _lines(run: CheckedRun) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "Time": [f"{time_of(entry.at_ms):%H:%M:%S.%f}"[:-3] for entry, _ in run.lines[:_SHOWN]],
                "Stage": [stage or "·" for _, stage in run.lines[:_SHOWN]],
                "Line": [re.sub(r"\s+", " ", entry.message)[:300] for entry, _ in run.lines[:_SHOWN]],
            }
        ),
        hide_index=True,
        alt="The lines of the run, each with its stage",
    )


def _save(content: dict[str, Any]) -> None:
    flow = save_flow(running_app(), content)
    st.session_state.pop(_DRAFT, None)
    st.toast(f"Flow {plain(flow.key)} is saved.", icon=":material/check:")
    loaders.changed()


def _list_saved(flows: Sequence[StoredFlow]) -> None:
    """Each to be corrected or taken away."""
    for flow in flows:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.text(f"{flow.key}, saved by {flow.operator}")
            if st.button("Correct it", icon=":material/edit:", type="tertiary", key=f"edit-flow-{flow.key}"):
                _edit(flow.content | {"flow": flow.key})
                st.rerun()
            act(
                "Remove it",
                icon=":material/delete:",
                type="tertiary",
                key=f"remove-flow-{flow.key}",
                on_click=_remove,
                args=(flow.key,),
            )


def _remove(key: str) -> None:
    remove_flow(running_app(), key)
    loaders.changed()

"""The way in for log files, and the report of what each held."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO

import pandas as pd
import streamlit as st

from lib.domain.diagnosis.verdict import Verdict
from lib.domain.video import parse_time
from lib.logs.report import ImportReport
from lib.operations.import_logs import import_logs
from lib.operations.pasted_logs import verdicts_of
from lib.ui.kit import loaders
from lib.ui.kit.acting import act
from lib.ui.kit.components import evidence
from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.format import cause_of, clock, count, plain, short_id, words
from lib.ui.kit.notices import narrated
from lib.ui.kit.router import page
from lib.ui.kit.stage_list import stage_list
from lib.ui.kit.window import covering
from lib.ui.kit.window_control import show_window

_REPORTS = "import-reports"
LONGEST = 200_000  # characters of a paste; more is a file
MOST_SHOWN = 5


def upload() -> None:
    with st.expander("Read exported logs", icon=":material/upload_file:", key="upload"):
        st.caption(
            "Vercel's dashboard export (CSV, JSON), a log drain's body, `vercel logs --json`, or pasted text."
            " Keys, tokens and e-mail addresses are removed before anything is stored; what was read before"
            " is not stored twice. Larger files: `python -m lib import-logs FILE`."
        )
        files = st.file_uploader(
            "Log files", accept_multiple_files=True, key="log-files", label_visibility="collapsed"
        )
        if act("Read them", icon=":material/upload:", type="primary", disabled=not files, key="read-logs"):
            st.session_state[_REPORTS] = []
            for file in files:
                with narrated(), st.spinner("Reading …"):
                    _read(file.name, file)
            loaders.forget()
        _paste()
        for name, report in st.session_state.get(_REPORTS, ()):
            show_report(name, report)


def _paste() -> None:
    """Says at once what pasted lines show; storing them is another click."""
    with st.form("paste-logs", border=False):
        text = st.text_area("Or paste log text", height=120, max_chars=LONGEST, key="pasted-logs") or ""
        st.form_submit_button("See what it shows", icon=":material/content_paste_search:", key="read-pasted")
    if not text.strip():
        return
    with narrated():
        verdicts = verdicts_of(running_app(), text)
        if not verdicts:
            st.caption("These lines name no video.")
        for verdict in verdicts[:MOST_SHOWN]:
            _shown(verdict)
        if len(verdicts) > MOST_SHOWN:
            st.caption(f"The latest {MOST_SHOWN} of {len(verdicts)} videos. Stored, all of them are listed.")
    if act("Store it as well", icon=":material/upload:", key="store-pasted"):
        st.session_state[_REPORTS] = []
        with narrated():
            _read("pasted text", BytesIO(text.encode()))
        loaders.forget()


def _shown(verdict: Verdict) -> None:
    row, now = verdict.as_row(), datetime.now(UTC)
    with st.container(border=True):
        missing = row.get("first_missing")
        where = f", first missing stage **{words(missing)}**" if missing else ", no stage is missing"
        st.markdown(f"`{short_id(verdict.video_id)}` **{cause_of(verdict.cause).title}**{where}")
        st.caption("As if these lines were all that was logged, and the row still processing.")
        evidence(row["evidence"], now)
        stage_list(row["stages"], now, waits=False)


def _read(name: str, file: BinaryIO) -> None:
    report = import_logs(running_app(), file, name=name)
    st.session_state[_REPORTS].append((name, report))
    dashboard().wake()


def show_report(name: str, report: ImportReport) -> None:
    """Everything the file held is accounted for."""
    with st.container(border=True):
        icon = ":material/warning:" if report.unusable else ":material/check_circle:"
        st.markdown(f"{icon} **{plain(name)}**: {plain(report.format)}")
        st.table(_figures(report), border="horizontal", alt="What the file held")
        _ways_to_its_time(name, report)
        for note in report.notes:
            st.text(f"• {note}")
        if report.offences:
            st.dataframe(
                pd.DataFrame(report.offences, columns=["Line", "Why it was not used", "Its text"]),
                hide_index=True,
                alt="The first records that could not be used",
            )


def _ways_to_its_time(file: str, report: ImportReport) -> None:
    first, last = parse_time(report.first_at), parse_time(report.last_at)
    if first is None or last is None:
        return
    window = covering(first, last)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(  # a link to the page one is on leads nowhere
            "Stages of this time",
            icon=":material/account_tree:",
            type="tertiary",
            key=f"show-time-{file}",
            on_click=show_window,
            args=(window,),
        )
        for name in ("overview", "videos"):
            target = page(name)
            st.page_link(
                target,
                label=f"{target.title} of this time",
                icon=":material/arrow_forward:",
                query_params=window.query,
                width="content",
            )


def _figures(report: ImportReport) -> dict[str, str]:
    now = datetime.now(UTC)
    span = f"{clock(report.first_at, now)} to {clock(report.last_at, now)}" if report.first_at else "none"
    return {
        "Records": f"{count(report.records, 'record')}: {report.used:,} used, {report.repeated:,} repeated,"
        f" {report.unusable:,} unusable",
        "Log entries": f"{report.entries:,} in {count(report.requests, 'request')},"
        f" {report.already_stored:,} of them stored before",
        "Time": span,
    }

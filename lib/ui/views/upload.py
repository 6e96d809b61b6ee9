"""The way in for log files, and the report of what each held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO

import pandas as pd
import streamlit as st

from lib.domain.diagnosis.verdict import Verdict
from lib.domain.video import parse_time
from lib.logs.report import ImportReport
from lib.operations.import_logs import import_logs
from lib.operations.judge import judge_dirty
from lib.operations.pasted_logs import verdicts_of
from lib.ui.kit import loaders
from lib.ui.kit.acting import act, why_not
from lib.ui.kit.components import evidence
from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.format import cause_of, clock, count, plain, short_id, words
from lib.ui.kit.notices import narrated
from lib.ui.kit.router import link, page
from lib.ui.kit.stage_list import stage_list
from lib.ui.kit.window import covering
from lib.ui.kit.window_control import show_window

_PASTED, _REPORTS = "pasted-logs", "import-reports"
LONGEST = 200_000  # characters of a paste; more is a file
MOST_SHOWN = 5
JUDGED_AT_ONCE = 500  # videos; the worker judges the rest


def upload() -> None:
    """One way in: pasted lines are looked at at once, and stored by another click; files are stored."""
    with st.container(key="upload", gap="small"):
        given = st.chat_input(
            "Paste log lines, or attach exported logs",
            key="logs",
            accept_file="multiple" if why_not() is None else False,
            max_chars=LONGEST,
        )
        st.caption(
            "Vercel's dashboard export (CSV, JSON), a log drain's body, `vercel logs --json`, or plain text."
            " Keys, tokens and e-mail addresses are removed before anything is stored; what was read before"
            " is not stored twice. Larger files: `python -m lib import-logs FILE`."
        )
        if isinstance(given, str):
            st.session_state[_PASTED] = given
        elif given:
            st.session_state[_PASTED] = given.text
            _store([(file.name, file) for file in given.files])
        if text := st.session_state.get(_PASTED, "").strip():
            _look_at(text)
        if reports := st.session_state.get(_REPORTS):
            for name, report in reports:
                show_report(name, report)
        if text or reports:
            st.button("Close", icon=":material/close:", type="tertiary", key="close-logs", on_click=_close)


def _close() -> None:
    for key in (_PASTED, _REPORTS):
        st.session_state.pop(key, None)


def _look_at(text: str) -> None:
    """Says at once what pasted lines show."""
    with narrated() as told:
        verdicts = verdicts_of(running_app(), text)
        if not verdicts:
            st.caption("These lines name no video.")
        for verdict in verdicts[:MOST_SHOWN]:
            _shown(verdict)
        if len(verdicts) > MOST_SHOWN:
            st.caption(f"The latest {MOST_SHOWN} of {len(verdicts)} videos. Stored, all of them are listed.")
    if not told.error and act("Store it as well", icon=":material/upload:", key="store-pasted"):
        _close()
        _store([("pasted text", BytesIO(text.encode()))])


def _store(files: Sequence[tuple[str, BinaryIO]]) -> None:
    """And shows the page for the time that they cover, once the first of their videos are judged."""
    reports = []
    for name, file in files:
        with narrated(), st.spinner("Reading …"):
            reports.append((name, import_logs(running_app(), file, name=name)))
    if not reports:
        return
    st.session_state[_REPORTS] = reports
    with narrated():
        judge_dirty(running_app(), JUDGED_AT_ONCE)
    dashboard().wake()
    loaders.forget()
    ends = (parse_time(at) for _, report in reports for at in (report.first_at, report.last_at))
    times = [at for at in ends if at]
    if times and len(reports) == len(files):
        show_window(covering(min(times), max(times)))
        st.rerun()


def _shown(verdict: Verdict) -> None:
    row, now = verdict.as_row(), datetime.now(UTC)
    with st.container(border=True):
        missing = row.get("first_missing")
        where = f", first missing stage **{words(missing)}**" if missing else ", no stage is missing"
        st.markdown(f"`{short_id(verdict.video_id)}` **{cause_of(verdict.cause).title}**{where}")
        st.caption("As if these lines were all that was logged, and the row still processing.")
        evidence(row["evidence"], now)
        stage_list(row["stages"], now, waits=False)


def show_report(name: str, report: ImportReport) -> None:
    """Everything the file held is accounted for."""
    with st.container(border=True):
        icon = ":material/warning:" if report.unusable else ":material/check_circle:"
        st.markdown(f"{icon} **{plain(name)}**: {plain(report.format)}")
        st.table(_figures(report), border="horizontal", alt="What the file held")
        _ways_to_its_time(report)
        for note in report.notes:
            st.text(f"• {note}")
        if report.offences:
            st.dataframe(
                pd.DataFrame(report.offences, columns=["Line", "Why it was not used", "Its text"]),
                hide_index=True,
                alt="The first records that could not be used",
            )


def _ways_to_its_time(report: ImportReport) -> None:
    first, last = parse_time(report.first_at), parse_time(report.last_at)
    if first is None or last is None:
        return
    window = covering(first, last)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for name in ("overview", "videos"):
            link(name, f"{page(name).title} of this time", window.query)


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

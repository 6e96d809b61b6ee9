"""What repairs are about, in credits: rescued, at risk, paid for nothing, and what may still be spent."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.data.credits import Budget, Ledger
from lib.ui.kit import loaders
from lib.ui.kit.format import count, dollars
from lib.ui.kit.window import Window

WINDOW = Window("30d")


def ledger_line() -> None:
    found, binding = loaders.ledger(WINDOW), loaders.budget()
    rescued, risk, lost, left = st.columns(4, gap="small")
    _figure(
        rescued,
        "Rescued",
        found.rescued,
        f"{count(found.rescued_videos, 'video')} recovered, not paid again",
        "In the past 30 days.",
    )
    _figure(
        risk,
        "At risk now",
        found.at_risk,
        f"{count(found.at_risk_attempts, 'attempt')} of unknown outcome",
        "Tasks that may exist. Look for their ids before paying again.",
    )
    _figure(
        lost, "Paid for nothing", found.undelivered + found.written_off, _lost(found), "In the past 30 days."
    )
    if binding:
        _figure(left, "Budget left", binding.left, _limits(binding), "`python -m lib budget` sets it.")


def _lost(found: Ledger) -> str:
    accepted = f", {count(found.written_off_attempts, 'risk')} accepted" if found.written_off_attempts else ""
    return f"{count(found.undelivered_tasks, 'task')} without a video{accepted}"


def _limits(budget: Budget) -> str:
    return f"now; {dollars(budget.per_hour)} an hour, {dollars(budget.per_day)} a day"


def _figure(column: DeltaGenerator, title: str, credits: float, words: str, hint: str) -> None:
    column.metric(
        title,
        dollars(credits),
        words,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=hint,
    )

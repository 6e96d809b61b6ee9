"""What repairs are about, in credits: rescued, at risk, paid for nothing, and what may still be spent."""

from __future__ import annotations

from lib.data.credits import Budget, Ledger
from lib.ui.kit import loaders
from lib.ui.kit.figures import Figure, figures
from lib.ui.kit.format import count, dollars
from lib.ui.kit.window import Window

WINDOW = Window("30d")


def ledger_line() -> None:
    found, binding = loaders.ledger(WINDOW), loaders.budget()
    recovered = f"{count(found.rescued_videos, 'video')} recovered in the past 30 days, not paid again"
    open_ones = found.at_risk_attempts
    their = "its id" if open_ones == 1 else "their ids"
    risk = (
        f"{count(open_ones, 'attempt')} of unknown outcome{f'; look for {their} first' if open_ones else ''}"
    )
    shown = [
        Figure("Rescued", dollars(found.rescued), recovered),
        Figure("At risk now", dollars(found.at_risk), risk),
        Figure("Paid for nothing", dollars(found.undelivered + found.written_off), _lost(found)),
    ]
    if binding:
        shown.append(Figure("Budget left", dollars(binding.left), _limits(binding)))
    figures("Credits", shown)


def _lost(found: Ledger) -> str:
    accepted = f", {count(found.written_off_attempts, 'risk')} accepted" if found.written_off_attempts else ""
    return f"{count(found.undelivered_tasks, 'task')} without a video in the past 30 days{accepted}"


def _limits(budget: Budget) -> str:
    most = f"{dollars(budget.per_hour)} an hour, {dollars(budget.per_day)} a day"
    return f"now; {most}, set by python -m lib budget"

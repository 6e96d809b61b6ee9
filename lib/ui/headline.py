"""The answer above the fold: one sentence that says whether generation is healthy. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lib.data.health import Incident, Totals
from lib.ui.format import cause_of, count, percent, plain, since

Level = Literal["healthy", "degraded", "broken", "quiet", "judging"]
BACKLOG = 20  # fewer are judged before anybody has read the sentence


@dataclass(frozen=True, slots=True)
class Headline:
    level: Level
    title: str
    detail: str


def headline(
    totals: Totals, incidents: Sequence[Incident], window: str, now: datetime, *, unjudged: int = 0
) -> Headline:
    """`window` in words, e.g. `24 hours`; `unjudged` videos wait for a verdict.

    Both texts hold only our own words and identifiers.
    """
    total, stuck = totals["total"], totals["stuck_now"]
    if not total and not stuck:
        return Headline(
            "quiet", f"No video in the last {window}", "Nothing was requested, so nothing can be stuck."
        )
    rate = totals["success_rate"]
    rest = f"{count(total, 'video')} in the last {window}, {percent(rate)} of the finished ones succeeded."
    if stuck:
        verb = "is" if stuck == 1 else "are"
        return Headline("broken", f"{count(stuck, 'video')} {verb} stuck{_why(incidents, now)}", rest)
    if unjudged > BACKLOG:
        waiting = f"{count(unjudged, 'video')} wait to be judged"
        return Headline("judging", waiting, f"What is stuck, and why, is known once they are. {rest}")
    if rate is not None and rate < 0.9:
        return Headline("degraded", f"Nothing is stuck, but only {percent(rate)} succeeded", rest)
    return Headline("healthy", "Generation is healthy", rest)


def _why(incidents: Sequence[Incident], now: datetime) -> str:
    """The latest incident, when there is one."""
    if not incidents:
        return ""
    latest = max(incidents, key=lambda row: str(row["last_at"]))
    return f": {incident_text(latest, now)}"


def incident_text(row: Incident, now: datetime) -> str:
    """`since 14:05 API key missing in dpl_abc`."""
    where = f" in {plain(row['deployment_id'])}" if row["deployment_id"] else ""
    return f"since {since(row['first_at'], now)} {cause_of(row['cause']).title}{where}"

"""The answer above the fold: one sentence that says whether generation is healthy. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lib.data.health import Incident, Totals
from lib.data.videos import VideoRow
from lib.ui.format import cause_of, count, deployment, percent, since

Level = Literal["healthy", "degraded", "broken", "quiet", "judging"]
BACKLOG = 20  # fewer are judged before anybody has read the sentence


@dataclass(frozen=True, slots=True)
class Headline:
    level: Level
    title: str
    detail: str


def headline(
    totals: Totals,
    stuck_rows: Sequence[VideoRow],
    incidents: Sequence[Incident],
    window: str,
    now: datetime,
    *,
    unjudged: int = 0,
) -> Headline:
    """`stuck_rows`: the newest stuck videos; `window` in words (`24 hours`); `unjudged`: videos that wait.

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
        return Headline(
            "broken", f"{count(stuck, 'video')} {verb} stuck{_why(stuck_rows, incidents, now)}", rest
        )
    if unjudged > BACKLOG:
        waiting = f"{count(unjudged, 'video')} wait to be judged"
        return Headline("judging", waiting, f"What is stuck, and why, is known once they are. {rest}")
    if rate is not None and rate < 0.9:
        return Headline("degraded", f"Nothing is stuck, but only {percent(rate)} succeeded", rest)
    return Headline("healthy", "Generation is healthy", rest)


def _why(rows: Sequence[VideoRow], incidents: Sequence[Incident], now: datetime) -> str:
    """The cause most of them share; with the incident that it is, when it is one."""
    causes = Counter(row["cause"] for row in rows if row["cause"])
    if not causes:
        return ""
    cause, number = causes.most_common(1)[0]
    share = f"{number} of them " if number < len(rows) else ""
    for incident in incidents:
        if incident["cause"] == cause:
            where = f"{cause_of(cause).title} in {deployment(incident['deployment_id'])}"
            return f": {share}since {since(incident['first_at'], now)}, {where}"
    return f": {share}{cause_of(cause).title}"

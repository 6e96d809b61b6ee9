"""The answer above the fold: one sentence that says whether generation is healthy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import streamlit as st

from lib.data.overview import Totals
from lib.data.videos import VideoRow
from lib.ui.kit.format import cause_of, count, deployment, percent, since
from lib.ui.kit.window import Window

Level = Literal["healthy", "degraded", "broken", "quiet", "judging"]
BACKLOG = 20  # fewer are judged before anybody has read the sentence


@dataclass(frozen=True, slots=True)
class Headline:
    level: Level
    title: str
    detail: str


_ANSWER = {
    "healthy": (st.success, ":material/check_circle:"),
    "degraded": (st.warning, ":material/warning:"),
    "broken": (st.error, ":material/error:"),
    "quiet": (st.info, ":material/bedtime:"),
    "judging": (st.info, ":material/hourglass_top:"),
}


def answer(said: Headline) -> None:
    show, icon = _ANSWER[said.level]
    show(f"**{said.title}.** {said.detail}", icon=icon)


def headline(
    totals: Totals,
    stuck_rows: Sequence[VideoRow],
    window: Window,
    now: datetime,
    *,
    unjudged: int = 0,
) -> Headline:
    """`stuck_rows`: the newest stuck videos of the window; `unjudged`: videos that wait. What got stuck
    before the window says nothing about now: it is counted apart.

    Both texts hold only our own words and identifiers.
    """
    total, stuck = totals["total"], totals["stuck"]
    older = "" if window.until else _older(totals["stuck_now"] - stuck)
    if not total:
        return Headline("quiet", f"No video {window.said}", f"Nothing was requested.{older}")
    rate = totals["success_rate"]
    rest = f"{count(total, 'video')} {window.said}, {percent(rate)} of the finished ones succeeded.{older}"
    if stuck:
        verb = "is" if stuck == 1 else "are"
        return Headline("broken", f"{count(stuck, 'video')} {verb} stuck{_why(stuck_rows, stuck, now)}", rest)
    if unjudged > BACKLOG:
        waiting = f"{count(unjudged, 'video')} wait to be judged"
        return Headline("judging", waiting, f"What is stuck, and why, is known once they are. {rest}")
    if rate is not None and rate < 0.9:
        return Headline("degraded", f"Nothing got stuck, but only {percent(rate)} succeeded", rest)
    return Headline("healthy", "Generation is healthy", rest)


def _older(number: int) -> str:
    return (
        f" {number:,} older {'one waits' if number == 1 else 'ones wait'} for repair." if number > 0 else ""
    )


def _why(rows: Sequence[VideoRow], stuck: int, now: datetime) -> str:
    """The cause most of them share: of how many, since when, and where if it is one deployment."""
    causes = Counter(row["cause"] for row in rows if row["cause"])
    if not causes:
        return ""
    cause, number = causes.most_common(1)[0]
    hit = [row for row in rows if row["cause"] == cause]
    deployments = {row["deployment_id"] for row in hit}
    where = f" in {deployment(hit[0]['deployment_id'])}" if len(deployments) == 1 else ""
    share = "" if number == stuck else f"{number} of them " if len(rows) == stuck else "many of them "
    began = since(min(row["created_at"] for row in hit), now)
    return f": {share}since {began}, {cause_of(cause).title}{where}"

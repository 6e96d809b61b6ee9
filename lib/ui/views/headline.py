"""The answer above the fold: one sentence that says whether generation is healthy, and where it leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Literal

import streamlit as st

from lib.data.overview import Overview, Pulse, Totals
from lib.data.videos import VideoRow
from lib.domain.video import parse_time
from lib.ui.kit import loaders
from lib.ui.kit.format import cause_of, count, deployment, percent, since
from lib.ui.kit.frame import Frame
from lib.ui.kit.router import link
from lib.ui.kit.window import ALL, MINUTE, Window

Level = Literal["healthy", "degraded", "broken", "quiet", "judging"]
BACKLOG = 20  # fewer are judged before anybody has read the sentence
GOOD = 0.9  # of the ended videos succeed: less is never called healthy


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


def say(data: Overview, frame: Frame) -> None:
    """Of now, whatever the length of the window; of a window that is over, how that went."""
    if frame.window.until:
        _answer(headline_then(data["totals"], frame.window))
        return
    pulse = loaders.pulse(frame.window.own)
    began = parse_time(pulse.since) or frame.now
    stuck = loaders.stuck_since(began, frame.window.own) if pulse.stuck else []
    _answer(headline_now(pulse, stuck, frame.now, unjudged=data["freshness"]["dirty"]))
    _stuck_links(pulse, began, frame.window)


def _answer(said: Headline) -> None:
    show, icon = _ANSWER[said.level]
    show(f"**{said.title}.** {said.detail}", icon=icon)


def headline_now(
    pulse: Pulse, stuck_rows: Sequence[VideoRow], now: datetime, *, unjudged: int = 0
) -> Headline:
    """How the last hour went, against a usual one. `stuck_rows`: its newest stuck videos; `unjudged`: videos
    that wait. What got stuck before says nothing about now.

    Both texts hold only our own words and identifiers.
    """
    if not pulse.videos:
        return Headline("quiet", "No video was requested in the last hour", _usual_number(pulse))
    detail = f"{_last_hour(pulse)} {_usual_rate(pulse)}"
    if unjudged > BACKLOG:
        waiting = f"{count(unjudged, 'video')} are waiting to be judged"
        if not pulse.stuck:
            then = f"Which of them are stuck, and why, will be known then. {detail}"
            return Headline("judging", waiting, then)
        detail = f"{detail} {waiting}."
    unusual = is_unusual(pulse)
    half = pulse.ended and pulse.succeeded / pulse.ended < (pulse.usual_rate or 1) / 2
    if pulse.stuck:
        verb = "is" if pulse.stuck == 1 else "are"
        title = f"{count(pulse.stuck, 'video')} from the last hour {verb} stuck"
        return Headline(
            "broken" if unusual else "degraded", title + _why(stuck_rows, pulse.stuck, now), detail
        )
    if unusual:
        return Headline("broken" if half else "degraded", "Fewer videos are succeeding than usual", detail)
    many = pulse.ended and pulse.succeeded / pulse.ended < GOOD
    if many and pulse.usual_rate is not None and pulse.usual_rate < GOOD:
        return Headline("degraded", "No more videos are failing than usual, but that is a lot", detail)
    return Headline("healthy", "Generation is healthy", detail)


def is_unusual(pulse: Pulse) -> bool:
    """Whether more went wrong than chance explains: two standard deviations above what is usual. One video
    alone proves nothing, unless it is all there is."""
    usual = pulse.usual_rate if pulse.usual_rate is not None else GOOD
    bad = pulse.ended - pulse.succeeded
    expected = pulse.ended * (1 - usual)
    return bad > expected + 2 * sqrt(expected * usual) and (bad > 1 or bad == pulse.ended)


def headline_then(totals: Totals, window: Window) -> Headline:
    """How a window that is over went."""
    if not totals["total"]:
        return Headline("quiet", f"No video {window.said}", "Nothing was requested.")
    rate, stuck = totals["success_rate"], totals["stuck"]
    left = f" {count(stuck, 'video')} {'is' if stuck == 1 else 'are'} still stuck." if stuck else ""
    title = f"{percent(rate)} of the finished videos succeeded" if rate is not None else "No video finished"
    level: Level = "healthy" if not stuck and (rate or 0) >= GOOD else "degraded"
    return Headline(level, title, f"{count(totals['total'], 'video')} {window.said}.{left}")


def _stuck_links(pulse: Pulse, began: datetime, window: Window) -> None:
    """Every stuck video is behind one of these two, and behind one only."""
    if not pulse.all_stuck:
        return
    with st.container(horizontal=True, gap="medium", key="stuck-links"):
        if pulse.stuck:
            hour = window.over(began, began + timedelta(hours=1) + MINUTE)
            _stuck_link(f"{pulse.stuck:,} stuck from the last hour", hour)
        if pulse.older_stuck:
            needs = "one still needs" if pulse.older_stuck == 1 else "ones still need"
            _stuck_link(f"{pulse.older_stuck:,} older {needs} repair", Window(ALL, began, window.own))


def _stuck_link(label: str, window: Window) -> None:
    link("videos", label, {"trouble": "stuck", **window.query}, icon=":material/hourglass_disabled:")


def _last_hour(pulse: Pulse) -> str:
    going = pulse.videos - pulse.ended
    if not pulse.ended:
        return f"{count(pulse.videos, 'video')} in the last hour, none finished yet."
    videos, rate = f"{count(pulse.ended, 'video')} from the last hour", percent(pulse.succeeded / pulse.ended)
    if not going and not pulse.stuck:
        return f"{pulse.succeeded:,} of {videos} succeeded ({rate})."
    over = "finished or got stuck" if pulse.stuck else "finished"
    still = f"; {going:,} more {'is' if going == 1 else 'are'} still in progress" if going else ""
    return f"Of {videos} that {over}, {pulse.succeeded:,} succeeded ({rate}){still}."


def _usual_rate(pulse: Pulse) -> str:
    if pulse.usual_rate is None:
        return "There is no usual success rate yet: no video finished in the previous seven days."
    return (
        f"The usual success rate is {percent(pulse.usual_rate)}"
        f" (the median of {count(pulse.usual_hours, 'hour')} in the last seven days)."
    )


def _usual_number(pulse: Pulse) -> str:
    if pulse.usual_videos is None:
        return "Nor were any in the seven days before."
    return f"A typical hour has {pulse.usual_videos:.0f}. {_usual_rate(pulse)}"


def _why(rows: Sequence[VideoRow], stuck: int, now: datetime) -> str:
    """The cause most of them share: of how many, since when, and where if it is one deployment."""
    causes = Counter(row["cause"] for row in rows if row["cause"])
    if not causes:
        return ""
    cause, number = causes.most_common(1)[0]
    hit = [row for row in rows if row["cause"] == cause]
    deployments = {row["deployment_id"] for row in hit}
    where = f" in {deployment(hit[0]['deployment_id'])}" if len(deployments) == 1 else ""
    began = since(min(row["created_at"] for row in hit), now)
    title = cause_of(cause).title
    if number < stuck:
        title = f"{number if len(rows) == stuck else 'many'} with “{title}”"
    return f": {title}{where} since {began}"

"""The parts of the Overview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from lib.data.credits import Ledger
from lib.data.overview import ListedIncident, Overview, Totals
from lib.domain.cause import Side
from lib.domain.video import parse_time
from lib.ui.kit import charts, loaders, series
from lib.ui.kit.components import choose_in, choose_in_time, clicked, section, video_link
from lib.ui.kit.dashboard import dashboard
from lib.ui.kit.figures import Figure, figures
from lib.ui.kit.format import (
    SIDE,
    cause_of,
    count,
    credits_text,
    dollars,
    percent,
    plain,
    seconds_text,
)
from lib.ui.kit.frame import Frame
from lib.ui.kit.notices import empty
from lib.ui.kit.router import link, page
from lib.ui.kit.window import ALL, Window
from lib.ui.kit.window_control import empty_window
from lib.ui.views.incident import address_of, of_what

_OUTAGE_SECONDS = 30


def problems() -> None:
    """What keeps the page from being up to date."""
    loop = dashboard().loop
    for part, problem in dashboard().problems.items():
        st.warning(
            f"**{plain(part)} could not be started.** Environment says what to do.", icon=":material/warning:"
        )
        st.text(problem)
    if loop is None:
        return
    if not loop.is_running:
        st.warning("**Verdicts are no longer updated**: the background loop has ended. Restart Dailies.")
    if dashboard().outage.seconds_ago() < _OUTAGE_SECONDS:  # it is told above, and is why they fail
        return
    steps: dict[str, list[str]] = {}  # most fail for one reason
    for step, problem in loop.problems.copy().items():
        steps.setdefault(problem, []).append(f"**{plain(step)}**")
    for problem, failing in steps.items():
        what = f"{'fails' if len(failing) == 1 else 'fail'} in the background"
        st.warning(
            f"{', '.join(failing)} {what}: what this keeps up to date may be stale.",
            icon=":material/history:",
        )
        st.text(problem)


def metrics(data: Overview, frame: Frame) -> None:
    totals, previous = data["totals"], _previous(data["totals"], frame.window)
    times, series = frame.times, data["series"]
    past = frame.window.until is not None
    found = totals["recoverable" if past else "recoverable_now"]
    shown = (
        Figure(
            "Videos",
            f"{totals['total']:,}",
            _change(totals["total"], previous.get("total")),
            trend=charts.sparkline(series, times),
        ),
        Figure(
            "Success rate",
            percent(totals["success_rate"]),
            _points(totals["success_rate"], previous.get("success_rate")),
            trend=charts.success_rates(series, times),
            is_line=True,
        ),
        Figure(
            "Still stuck" if past else "Stuck now",
            f"{totals['stuck' if past else 'stuck_now']:,}",
            f"{count(found, 'task')} recoverable",
            trend=charts.sparkline(series, times, "queued", "processing"),
        ),
    )
    figures("Figures", shown, _rows(totals, loaders.ledger(frame.window), frame.window))


def _rows(totals: Totals, credits: Ledger, window: Window) -> dict[str, tuple[str, str]]:
    """Cost and times, which have no series of their own."""
    spent, before = totals["credits"], _previous(totals, window).get("credits")
    more = round(spent - before) if before is not None else 0
    change = f", {abs(more):,} {'more' if more > 0 else 'fewer'} than before" if more else ""
    month = dollars(spent * (timedelta(days=30) / window.size))  # at this pace
    each = dollars(spent / totals["succeeded"]) if totals["succeeded"] else "–"  # failures included
    own = f", {credits_text(totals['credits_own'])} more for samples" if totals["credits_own"] else ""
    lost = credits_text(credits.undelivered + credits.written_off)
    return {
        "Spent": (credits_text(spent), change + own),
        "Per delivered video": (each, f", {month} a month at this pace"),
        "Paid for nothing": (lost, f", {dollars(credits.rescued)} rescued"),
        "Time to task id": _spread(totals["seconds_to_id_p50"], totals["seconds_to_id_p95"]),
        "Time to finish": _spread(totals["seconds_to_finish_p50"], totals["seconds_to_finish_p95"]),
        "Not finished": (f"{totals['unfinished']:,}", f" of {count(totals['total'], 'video')}"),
    }


def _previous(totals: Totals, window: Window) -> Mapping[str, Any]:
    """Nothing comes before all time, and nothing is compared to a time in which there was no video."""
    return {} if window.length == ALL or not totals["previous"]["total"] else totals["previous"]


def _change(now: float, before: float | None) -> str:
    """Against the window of the same length before this one."""
    if before is None:
        return ""
    change = round(now - before)
    more = f"▲ {change:,} more" if change > 0 else f"▼ {-change:,} fewer"
    return f"{more} than before" if change else "as many as before"


def _points(now: float | None, before: float | None) -> str:
    if now is None or before is None:
        return ""
    points = round((now - before) * 100, 1)
    up = f"▲ {points:.1f} points better" if points > 0 else f"▼ {-points:.1f} points worse"
    return up if points else "as before"


def _spread(median: float | None, most: float | None) -> tuple[str, str]:
    return seconds_text(median), f" median, {seconds_text(most)} for 95%"


def chart_row(data: Overview, frame: Frame) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        section(
            "Status over time",
            "A click on a bar opens its videos; the box tool at the top right sets the window.",
        )
        if data["series"]:
            figure = charts.status_over_time(data["series"], frame.times)
            title = "Videos over time, by status"
            _open_bar(choose_in_time(figure, "status-over-time", title, frame.window, "overview"), frame)
        else:
            empty_window(
                frame.window, frame.now, f"No video {frame.window.said}", "Choose a longer window above."
            )
    with right, st.container(border=True, height="stretch"):
        section("Causes of trouble", "Of videos that failed or are stuck; the glyph says on whose side.")
        troubles = [row for row in data["causes"] if cause_of(row["cause"]).side is not Side.SETTLED]
        if troubles:
            event = choose_in(
                charts.causes(troubles),
                "causes",
                "Causes of trouble, most frequent first",
            )
            if point := clicked(event):
                query = {"trouble": "any", "cause": point[0], **frame.window.query}
                st.switch_page(page("videos"), query_params=query)
            if more := sorted((row["n"] for row in troubles), reverse=True)[charts.MOST_CAUSES :]:
                st.caption(f"And {count(len(more), 'more cause')}, of {count(sum(more), 'video')}.")
        elif data["totals"]["failed"]:
            empty(
                "Not judged yet",
                "Causes appear once the failed videos are judged.",
                ":material/hourglass_top:",
            )
        else:
            empty(
                "Nothing went wrong", "No video of this window failed or is stuck.", ":material/check_circle:"
            )


def rate_and_cost(data: Overview, frame: Frame) -> None:
    if not data["series"]:
        return
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        section(
            "Success rate",
            "The band is what is usual: the middle 80% of the fourteen days before. A click on a point opens"
            " the videos of its time; a box sets the window.",
        )
        figure = charts.success_over_time(data["series"], frame.times, series.usual_rate(frame.window))
        where = (figure, "success-rate", "Success rate over time", frame.window, "overview")
        if point := choose_in_time(*where):
            bar = frame.window.bar(parse_time(point[1]) or frame.now, frame.now)
            st.switch_page(page("videos"), query_params={"status": charts.FINISHED, **bar.query})
    with right, st.container(border=True, height="stretch"):
        section(
            "Cost per day",
            "What Runway charged for the app's tasks, by model where it is known. A click on a bar opens all"
            " videos of that day, also those that cost nothing.",
        )
        if rows := series.cost(frame.window):
            event = choose_in(charts.cost(rows), "cost", "Credits per day, by model", height=280)
            if point := clicked(event):
                _open_day(point, frame)
        else:
            st.caption(f"Nothing was charged {frame.window.said}.")


def _open_day(point: list[Any], frame: Frame) -> None:
    """Of the model, too, where the task says it."""
    day, model = parse_time(point[2]) or frame.now, {"model": point[3]} if point[3] else {}
    since, until = frame.window.span(frame.now)
    window = frame.window.over(max(day, since), min(day + timedelta(days=1), until))
    st.switch_page(page("videos"), query_params={**model, **window.query})


def _open_bar(point: list[Any] | None, frame: Frame) -> None:
    if point:
        bar = frame.window.bar(parse_time(point[1]) or frame.now, frame.now)
        st.switch_page(page("videos"), query_params={"status": point[0], **bar.query})


def trouble_list(data: Overview, frame: Frame) -> None:
    totals, window = data["totals"], frame.window
    with st.container(border=True, height="stretch", gap="xsmall"):
        section("Newest videos in trouble")
        if not data["trouble"]:
            st.caption(
                f"No video {window.said} is in trouble." if totals["total"] else f"No video {window.said}."
            )
        for row in data["trouble"]:
            video_link(row, frame.now)
        if totals["troubled"]:
            label = f"All {count(totals['troubled'], 'video')} in trouble {window.said}"
            link("videos", label, {"trouble": "any", **window.query})
        if totals["stuck_now"]:
            stuck = {"trouble": "stuck", **Window(ALL, own=window.own).query}
            link("videos", f"All {totals['stuck_now']:,} that are stuck now", stuck)
            link("recover", "Repair the stuck ones")


def incident_list(rows: Sequence[ListedIncident], frame: Frame) -> None:
    """Causes that hit several videos of a deployment, as one incident each."""
    with st.container(border=True, height="stretch", gap="xsmall"):
        section(
            "Incidents",
            "Three videos or more of one deployment with the same cause, each less than six hours after the"
            " one before. An incident is counted as a whole, also what of it lies outside the window. A click"
            " says what changed.",
        )
        if not rows:
            st.caption(f"No cause hit several videos of a deployment {frame.window.said}.")
        for row in rows:
            cause = cause_of(row["cause"])
            label, where = (
                f"**{cause.title}** · {of_what(row, frame.now)}",
                address_of(row, own=frame.window.own),
            )
            link("incident", label, where, icon=SIDE[cause.side].icon, help=cause.explanation)
        if rows and rows[0]["total"] > len(rows):
            st.caption(f"The latest {len(rows)} of {rows[0]['total']:,} are shown.")

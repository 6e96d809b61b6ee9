"""Parts of pages: verdict, evidence, charts and what is chosen in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import streamlit as st

from lib.data.database import Row
from lib.data.videos import VideoRow
from lib.domain.cause import Side
from lib.ui.kit import address, charts, html, series
from lib.ui.kit.format import (
    ACTION,
    SIDE,
    STATUS,
    age,
    cause_of,
    clock,
    deployment,
    exact,
    look,
    plain,
    short_id,
    span,
    without_walls,
    words,
)
from lib.ui.kit.outside import outside_text
from lib.ui.kit.router import link, page
from lib.ui.kit.window import Window
from lib.ui.kit.zone import zone


def section(title: str, hint: str | None = None) -> None:
    st.subheader(title, anchor=False, help=hint)


def video_link(row: VideoRow, now: datetime) -> None:
    """A line that leads to the video: real link, so keyboard and middle click work."""
    cause = cause_of(row["cause"])
    title = cause.title if row["cause"] else "Not judged yet"
    link(
        "video",
        f"`{short_id(row['id'])}` **{title}** · {age(row['created_at'], now)}",
        {"id": row["id"]},
        icon=SIDE[cause.side].icon if row["cause"] else ":material/hourglass_top:",
        help=f"{ACTION[cause.action]} · created {exact(row['created_at'])}",
    )


def status_badge(status: str, waited: float | None = None) -> None:
    """`waited`: the seconds that an unfinished video has been so."""
    shown = look(STATUS, status)
    said = shown.word if waited is None else f"{shown.word} for {span(waited)}"
    st.badge(said, icon=shown.icon, color=shown.color)  # type: ignore[arg-type]


def verdict_facts(verdict: Row, now: datetime) -> None:
    """Cause, how sure, on whose side; then what it means."""
    cause = cause_of(verdict["cause"])
    side = SIDE[cause.side]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(cause.title, icon=side.icon, anchor=False, width="content")
        if verdict.get("confidence"):
            st.badge(plain(verdict["confidence"]), icon=":material/verified:", color="gray")
        if cause.side is not Side.SETTLED:
            st.badge(f"on the side of {side.word}", color=side.color)  # type: ignore[arg-type]
        if verdict.get("stuck"):
            st.badge("stuck", icon=":material/hourglass_disabled:", color="red")
    st.markdown(cause.explanation)
    missing = verdict.get("first_missing")
    html.said(
        f"first missing stage <strong>{words(missing)}</strong>" if missing else "",
        f"flow <strong>{plain(verdict['flow'])}</strong>" if verdict.get("flow") else "",
        f"deployment {deployment(verdict['deployment_id'])}" if verdict.get("deployment_id") else "",
        f"asked for its status {verdict['polls']:,} times" if verdict.get("polls") else "",
        f"judged {html.time(verdict.get('judged_at'), now)}",
    )


def evidence(lines: Sequence[Row], now: datetime) -> None:
    """What proves the verdict, as plain text."""
    if not lines:
        st.caption("No evidence has been seen yet.")
        return
    outside_text("\n".join(evidence_text(line, now) for line in lines), code=True)


def evidence_text(line: Row, now: datetime) -> str:
    at = clock(line["at"], now) if line.get("at") else ""
    return f"{at:<15}  {line['source']:<4}  {' '.join(without_walls(line['text']).split())}"


def choose_in(
    figure: charts.Figure,
    key: str,
    alt: str,
    *,
    height: int = 260,
    by: Sequence[Literal["points", "box"]] = ("points",),
) -> Any:
    """The chart and what was chosen in it."""
    return st.plotly_chart(
        charts.in_zone(charts.titled(figure, alt), zone()),
        height=height,
        key=key,
        alt=alt,
        config=charts.config(_file_name(alt)),
        on_select="rerun",
        selection_mode=by,
    )


def _file_name(alt: str) -> str:
    """`dailies-videos-over-time-by-status`."""
    return "-".join(["dailies", *plain(alt).lower().split()])


def choose_in_time(
    figure: charts.Figure, key: str, alt: str, window: Window, here: str, *, height: int = 280
) -> list[Any] | None:
    """A chart over time with its deployments: a box in it sets the window of the page `here`; what was
    clicked is returned."""
    shown = charts.marked(figure, series.deployments(window), *window.span(datetime.now(UTC)), height)
    with st.container(key=key):  # what was chosen is forgotten with the window
        event = choose_in(shown, f"{key}-{hash(window):x}", alt, height=height, by=("points", "box"))
    if boxes := event["selection"]["box"]:
        drawn = sorted(datetime.fromisoformat(text) for text in boxes[0]["x"])  # times as they are drawn
        times = [at.replace(tzinfo=zone()).astimezone(UTC) for at in drawn]
        st.switch_page(page(here), query_params={**address.query(), **window.over(times[0], times[-1]).query})
    return clicked(event)


def clicked(event: Any) -> list[Any] | None:
    """The `customdata` of the point that was clicked, if one was."""
    points = event["selection"]["points"]
    return points[0].get("customdata") if len(points) == 1 else None

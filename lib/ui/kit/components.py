"""Parts of pages: answer, metrics, verdict, timeline of stages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import pandas as pd
import streamlit as st

from lib.data.database import Row
from lib.data.videos import VideoRow
from lib.domain.cause import Side
from lib.domain.video import parse_time
from lib.ui.kit import address, charts, series
from lib.ui.kit.format import (
    ACTION,
    SIDE,
    STAGE_STATE,
    STATUS,
    age,
    cause_of,
    clock,
    delta_text,
    deployment,
    look,
    plain,
    short_id,
    words,
)
from lib.ui.kit.outside import outside_text
from lib.ui.kit.router import page
from lib.ui.kit.window import Window


def section(title: str, hint: str | None = None) -> None:
    st.subheader(title, anchor=False, help=hint)


def video_link(row: VideoRow, now: datetime) -> None:
    """A line that leads to the video: real link, so keyboard and middle click work."""
    cause = cause_of(row["cause"])
    title = cause.title if row["cause"] else "Not judged yet"
    st.page_link(
        page("video"),
        label=f"`{short_id(row['id'])}` **{title}** · {age(row['created_at'], now)}",
        icon=SIDE[cause.side].icon if row["cause"] else ":material/hourglass_top:",
        query_params={"id": row["id"]},
        help=ACTION[cause.action],
    )


def status_badge(status: str) -> None:
    shown = look(STATUS, status)
    st.badge(shown.word, icon=shown.icon, color=shown.color)  # type: ignore[arg-type]


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
    facts = [
        f"First missing stage **{words(missing)}**" if missing else "",
        f"flow **{plain(verdict['flow'])}**" if verdict.get("flow") else "",
        f"deployment **{deployment(verdict['deployment_id'])}**" if verdict.get("deployment_id") else "",
        f"asked for its status {verdict['polls']:,} times" if verdict.get("polls") else "",
        f"judged {age(verdict.get('judged_at'), now)}",
    ]
    st.caption(" · ".join(fact for fact in facts if fact))


def evidence(lines: Sequence[Row], now: datetime) -> None:
    """What proves the verdict, as plain text."""
    if not lines:
        st.caption("No evidence has been seen yet.")
        return
    outside_text("\n".join(evidence_text(line, now) for line in lines), code=True)


def evidence_text(line: Row, now: datetime) -> str:
    at = clock(line["at"], now) if line.get("at") else ""
    return f"{at:<15}  {line['source']:<4}  {' '.join(line['text'].split())}"


def timeline(stages: Sequence[Row], now: datetime) -> None:
    """The expected stages in order: icon, word, time, and how long after the one before."""
    rows: dict[str, list[str]] = {"Stage": [], "State": [], "Time": [], "After": []}
    earlier: datetime | None = None
    for stage in stages:
        shown = look(STAGE_STATE, stage["state"])
        at = parse_time(stage.get("at"))
        rows["Stage"].append(f":{shown.color}[{shown.icon}] {words(stage['stage'])}")
        rows["State"].append(f":{shown.color}[{shown.word}]")
        rows["Time"].append(clock(at, now) if at else "")
        rows["After"].append(delta_text(earlier, at))
        earlier = at or earlier
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Stages of the flow, in order")


def draw(figure: charts.Figure, key: str, alt: str, *, height: int = 260) -> None:
    shown = charts.titled(figure, alt)
    st.plotly_chart(shown, height=height, key=key, alt=alt, config=charts.config(_file_name(alt)))


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
        charts.titled(figure, alt),
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
    shown = charts.marked(figure, series.deployments(window))
    event = choose_in(shown, f"{key}-{hash(window):x}", alt, height=height, by=("points", "box"))
    if boxes := event["selection"]["box"]:
        times = sorted(at for text in boxes[0]["x"] if (at := parse_time(text)))
        st.switch_page(page(here), query_params={**address.query(), **window.over(times[0], times[-1]).query})
    return clicked(event)


def clicked(event: Any) -> list[Any] | None:
    """The `customdata` of the point that was clicked, if one was."""
    points = event["selection"]["points"]
    return points[0].get("customdata") if len(points) == 1 else None

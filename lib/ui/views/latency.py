"""Times to the task id and to the video: how they spread and change, of two deployments if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from lib.data.database import Row
from lib.domain.video import parse_time
from lib.ui.kit import address, charts, series
from lib.ui.kit.components import choose_in, choose_in_time, clicked, section
from lib.ui.kit.format import count, deployment, seconds_text
from lib.ui.kit.frame import Frame
from lib.ui.kit.router import page
from lib.ui.kit.window import Window
from lib.ui.kit.window_control import empty_window

MEASURES = {"id": "Time to the task id", "video": "Time to the video"}


def latency_page(frame: Frame) -> None:
    chosen = _deployments(frame)
    whose = {_name(one): one for one in chosen}
    times = {_name(one): series.latency(frame.window, one) for one in chosen}
    spread = {_name(one): series.histogram(frame.window, one) for one in chosen}
    if not any(times.values()):
        empty_window(
            frame.window,
            frame.now,
            f"No video was measured {frame.window.said}",
            "The times come from logs: import those of the app on the page Stages.",
            ":material/timer:",
        )
        return
    for measure, title in MEASURES.items():
        with st.container(border=True):
            section(
                title,
                "From the video's creation. A click on a bar opens the videos that took so long, one on a"
                " point those of its time; a box in the chart over time sets the window.",
            )
            own = {name: _of(rows, measure) for name, rows in times.items()}
            for name, rows in own.items():
                for row in rows:
                    if row["at"] is None:
                        st.markdown(_sentence(name, row))
            left, right = st.columns(2, gap="medium")
            key = f"{measure}-{hash(tuple(chosen)):x}"
            with left:
                figure = charts.histogram({name: _of(rows, measure) for name, rows in spread.items()})
                event = choose_in(
                    figure, f"spread-{key}-{hash(frame.window):x}", f"{title}, how it spreads", height=280
                )
                if point := clicked(event):
                    _open({"took": f"{measure}:{point[0]}"}, whose[point[1]], frame.window)
            with right:
                lines = {name: [row for row in rows if row["at"]] for name, rows in own.items()}
                figure = charts.percentiles(lines)
                if point := choose_in_time(
                    figure, f"times-{key}", f"{title}, over time", frame.window, "latency"
                ):
                    bar = frame.window.bar(parse_time(point[0]) or frame.now, frame.now)
                    _open({}, whose[point[1]], bar)


def _open(query: dict[str, str], deployment_id: str | None, window: Window) -> None:
    """The videos behind a mark, of one deployment if that is what was looked at."""
    of = {"deployment": deployment_id} if deployment_id else {}
    st.switch_page(page("videos"), query_params={**query, **of, **window.query})


def _deployments(frame: Frame) -> list[str | None]:
    """Two to compare, one, or all of them together."""
    began = [row["deployment_id"] for row in series.deployments(frame.window)]
    look: dict[str, Any] = {"format_func": deployment, "width": 260}
    with st.container(horizontal=True, gap="small", key="filters"):
        first = address.choice("All deployments", "deployment", began, **look)
        second = address.choice("Compare with …", "with", began, **look)
        _latest_two(frame)
    return [first, second] if first and second and first != second else [first or second]


def _latest_two(frame: Frame) -> None:
    """One click, whatever the window: it becomes one that holds both."""
    until = frame.window.until
    latest = series.deployments(Window("30d", until))[:2]
    if len(latest) < 2:
        return
    both = frame.window.over(parse_time(latest[1]["first_at"]) or frame.now, until or frame.now)
    names = {name: [row["deployment_id"]] for name, row in zip(("deployment", "with"), latest, strict=True)}
    st.button(
        "Compare the latest two",
        icon=":material/compare_arrows:",
        type="tertiary",
        key="compare-latest",
        on_click=address.put,
        args=({**names, **{name: [value] for name, value in replace(both, until=until).query.items()}},),
    )


def _name(one: str | None) -> str:
    return deployment(one) if one else ""


def _of(rows: Sequence[Row], measure: str) -> list[Row]:
    return [row for row in rows if row["measure"] == measure]


def _sentence(name: str, row: Row) -> str:
    whose = f"`{name}`: " if name else ""
    return (
        f"{whose}**{seconds_text(row['p50'])}** median, {seconds_text(row['p95'])} for 95%"
        f" of {count(row['n'], 'video')}{'' if row['is_exact'] else ', within 2%'}"
    )

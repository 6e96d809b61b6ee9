"""Charts as ECharts options: plain values, tested without a browser. Colours hold in light and in dark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lib.data.database import Row
from lib.data.overview import FunnelStage
from lib.data.videos import VideoRow
from lib.domain.cause import Side
from lib.domain.video import parse_time
from lib.ui.kit.format import SIDE, STAGE_STATE, STATUS, Look, cause_of, look, words

Option = dict[str, Any]
_GRID = {"left": 8, "right": 12, "top": 34, "bottom": 4, "containLabel": True}
_LEGEND = {"top": 0, "left": 0, "itemWidth": 10, "itemHeight": 10, "itemGap": 14, "icon": "roundRect"}


def buckets(start: datetime, end: datetime, seconds: int) -> list[datetime]:
    """The starts of all buckets between two times, also those in which nothing happened."""
    first = int(start.timestamp()) // seconds * seconds
    return [datetime.fromtimestamp(at, UTC) for at in range(first, int(end.timestamp()) + 1, seconds)]


def bucket_label(at: datetime, seconds: int) -> str:
    return at.strftime("%H:%M" if seconds < 6 * 3600 else "%d %b %H:%M" if seconds < 86400 else "%d %b")


def counts_by_status(series: Sequence[Row], times: Sequence[datetime]) -> dict[str, list[int]]:
    """`[{at, status, n}]` as one list of counts a status, in the order of STATUS, gaps filled with 0."""
    place = {at: index for index, at in enumerate(times)}
    counts: dict[str, list[int]] = {status: [0] * len(times) for status in STATUS}
    for row in series:
        at = parse_time(row["at"])
        if at in place:
            counts.setdefault(row["status"], [0] * len(times))[place[at]] += row["n"]
    return {status: values for status, values in counts.items() if any(values)}


def status_over_time(series: Sequence[Row], times: Sequence[datetime], seconds: int) -> Option:
    counts = counts_by_status(series, times)
    return {
        "grid": _GRID,
        "legend": _LEGEND,
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {
            "type": "category",
            "data": [bucket_label(at, seconds) for at in times],
            "axisTick": {"show": False},
            "axisLabel": {"hideOverlap": True, "alignMinLabel": "left", "alignMaxLabel": "right"},
        },
        "yAxis": {"type": "value", "minInterval": 1, "splitNumber": 4},
        "series": [
            {
                "name": f"{look(STATUS, status).glyph} {look(STATUS, status).word}",
                "type": "bar",
                "stack": "status",
                "barCategoryGap": "18%",
                "itemStyle": {"color": look(STATUS, status).hex},
                "data": values,
            }
            for status, values in counts.items()
        ],
    }


def causes(rows: Sequence[Row], most: int = 10) -> Option:
    """Horizontal bars, most frequent first; whose side it is stands in the legend and as a glyph."""
    shown = sorted(rows, key=lambda row: -row["n"])[:most][::-1]  # ECharts draws from below
    names = [f"{cause_of(row['cause']).title} {SIDE[cause_of(row['cause']).side].glyph}" for row in shown]
    sides = [side for side in Side if any(cause_of(row["cause"]).side == side for row in shown)]
    return {
        "grid": _GRID | {"right": 40},
        "legend": _LEGEND,
        "tooltip": {"trigger": "item"},
        "xAxis": {"type": "value", "minInterval": 1, "splitNumber": 4, "show": False},
        "yAxis": {
            "type": "category",
            "data": names,
            "axisTick": {"show": False},
            "axisLine": {"show": False},
        },
        "series": [
            {
                "name": f"{SIDE[side].glyph} {SIDE[side].word}",
                "type": "bar",
                "stack": "side",
                "barCategoryGap": "30%",
                "itemStyle": {"color": SIDE[side].hex, "borderRadius": 3},
                "label": {"show": True, "position": "right"},
                "data": [row["n"] if cause_of(row["cause"]).side == side else None for row in shown],
            }
            for side in sides
        ],
    }


def funnel(rows: Sequence[FunnelStage]) -> Option:
    """Per stage of one flow, in its order: how many videos it was seen for, missing, not reached."""
    stages = [words(row["stage"]) for row in rows][::-1]
    return {
        "grid": _GRID,
        "legend": _LEGEND,
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": stages, "axisTick": {"show": False}},
        "series": [
            {
                "name": f"{state.glyph} {state.word}",
                "type": "bar",
                "stack": "state",
                "barCategoryGap": "25%",
                "itemStyle": {"color": state.hex, "opacity": 0.45 if key == "not_reached" else 1},
                "data": [dict(row)[key] for row in rows][::-1],
            }
            for key, state in STAGE_STATE.items()
            if any(dict(row)[key] for row in rows)
        ],
    }


def matrix(videos: Sequence[VideoRow], stages: Sequence[str]) -> Option:
    """Videos × stages, a glyph in each cell."""
    cells: dict[str, list[Option]] = {key: [] for key in STAGE_STATE}
    for y, video in enumerate(reversed(videos)):
        states = {stage["stage"]: stage["state"] for stage in video["stages"] or ()}
        for x, stage in enumerate(stages):
            if (state := states.get(stage)) in cells:
                cells[state].append({"value": [x, y, STAGE_STATE[state].glyph]})
    return {
        "grid": {"left": 8, "right": 64, "top": 36, "bottom": 8, "containLabel": True},
        "legend": _LEGEND | {"data": [_plain_legend(state) for state in STAGE_STATE.values()]},
        "tooltip": {"show": False},
        "xAxis": {
            "type": "category",
            "position": "top",
            "data": [words(stage) for stage in stages],
            "axisLabel": {"rotate": -35, "interval": 0, "align": "left"},
            "axisTick": {"show": False},
            "axisLine": {"show": False},
        },
        "yAxis": {
            "type": "category",
            "data": [f"{cause_of(v['cause']).title}  {v['id'][:8]}" for v in reversed(videos)],
            "axisTick": {"show": False},
            "axisLine": {"show": False},
            "axisLabel": {"interval": 0},
        },
        "series": [_matrix_series(key, values) for key, values in cells.items()],
    }


def _plain_legend(shown: Look) -> Option:
    """The full colour, which the cells have faintly."""
    return {"name": f"{shown.glyph} {shown.word}", "itemStyle": {"color": shown.hex}}


def _matrix_series(state: str, values: list[Option]) -> Option:
    """What is missing stands out; the rest stays faint."""
    shown, strong = STAGE_STATE[state], state == "missing"
    return {
        "name": f"{shown.glyph} {shown.word}",
        "type": "scatter",  # ECharts colours a heatmap by number only
        "symbol": "roundRect",
        "symbolSize": [30, 17],
        "itemStyle": {"color": shown.hex + ("" if strong else "38")},
        "label": {"show": True, "formatter": shown.glyph, "color": "#ffffff" if strong else shown.hex},
        "selectedMode": "single",
        "data": values,
    }


def sparkline(series: Sequence[Row], times: Sequence[datetime], *statuses: str) -> list[int]:
    """Counts per bucket of some statuses; of all of them when none is named."""
    counts = counts_by_status(series, times)
    chosen = [values for status, values in counts.items() if not statuses or status in statuses]
    return [sum(column) for column in zip(*chosen, strict=True)] or [0] * len(times)


def success_rates(series: Sequence[Row], times: Sequence[datetime]) -> list[float]:
    """Percent of the finished videos that succeeded, per bucket; one in which none finished is left out."""
    done = sparkline(series, times, "succeeded")
    finished = sparkline(series, times, "succeeded", "failed", "cancelled")
    return [100 * good / all_ for good, all_ in zip(done, finished, strict=True) if all_]

"""Charts as Plotly figures in plain values, tested without a browser. Colours hold in light and in dark.

Each point carries in `customdata` what a click on it means. Plotly reads tags in its texts: what comes from
rows is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from html import escape as escape_html
from math import log
from typing import Any
from zlib import crc32

from lib.data.database import Row
from lib.data.errors import ErrorPoint
from lib.data.overview import FunnelStage
from lib.data.series import STEP
from lib.domain.cause import CAUSES, Side
from lib.domain.video import parse_time
from lib.ui.kit.format import (
    AMBER,
    BLUE,
    GRAY,
    GREEN,
    RED,
    SIDE,
    STAGE_STATE,
    STATUS,
    VIOLET,
    WEEKDAYS,
    Look,
    cause_of,
    clock,
    count,
    deployment,
    look,
    words,
)

escape = partial(escape_html, quote=False)  # to Plotly quotes mean nothing, and `&quot;` is no quote

Figure = dict[str, Any]
_LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"}
_MARGIN = {"l": 8, "r": 8, "t": 56, "b": 8}
_TONES = (RED, AMBER, VIOLET, BLUE, GREEN, "#0f9bb3", "#b5527f")  # where a key has no look of its own
_LINES = (BLUE, AMBER)
_TIME = {  # whose title says that what is drawn on it are times
    "title": {"text": "Created (UTC)"},
    "tickformatstops": [  # as pages write them; the line below stands where it changes
        {"dtickrange": [None, 59_999], "value": "%H:%M:%S\n%-d %b %Y"},
        {"dtickrange": [60_000, 86_399_999], "value": "%H:%M\n%-d %b %Y"},
        {"dtickrange": [86_400_000, "M1"], "value": "%-d %b\n%Y"},
        {"dtickrange": ["M1", None], "value": "%b\n%Y"},
    ],
}
_AT = "%{x|%-d %b %H:%M}: "  # what a mark over time says first
_ZOOMED = {"dragmode": False, "selectdirection": "h", "hovermode": "closest", "xaxis": _TIME}


_FEW = 5
_FROM_ZERO = {"rangemode": "tozero"}
_LYING = {"orientation": "h"}
_STACKED = {"barmode": "stack", "dragmode": False}


def _counted(title: str, most: float) -> Figure:
    """A scale of whole numbers up to `most`: of a few, Plotly would write 1 at the half as well."""
    ticks: Figure = {"dtick": 1} if most <= _FEW else {"nticks": 5}
    return {"title": {"text": title}, "tickformat": ",d", **ticks}


def _figure(traces: list[Figure], **layout: Any) -> Figure:
    layout = {"legend": _LEGEND, "margin": _MARGIN, "clickmode": "event+select", **layout}
    return {"data": traces, "layout": layout}


def _counted_in_words(numbers: Iterable[int]) -> list[str]:
    """`1 video`, `1,204 videos`: what a template calls `%{hovertext}`."""
    return [count(n, "video") for n in numbers]


def _bars(
    name: str,
    color: str,
    said: str,
    *,
    x: Sequence[Any],
    y: Sequence[Any],
    points: Sequence[Any],
    counts: Iterable[int],
) -> Figure:
    """`said` of each, in Plotly's template; `points`: what a click on each means; `counts`: its videos."""
    place = {"x": x, "y": y, "customdata": points, "hovertext": _counted_in_words(counts)}
    said = said if said.endswith("</extra>") else f"{said}<extra>%{{fullData.name}}</extra>"
    return {"type": "bar", "name": name, "marker": {"color": color}, "hovertemplate": said, **place}


def _in_order(names: Sequence[str]) -> Figure:
    """An axis with these from above."""
    return {"categoryorder": "array", "categoryarray": names[::-1], "automargin": True}


def titled(figure: Figure, title: str) -> Figure:
    """With a title inside, so that a picture of it says what it shows."""
    place = {"x": 0, "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 8}}
    text = {"text": escape(title), "font": {"size": 13}, **place}
    return figure | {"layout": figure["layout"] | {"title": text}}


_APART = 0.24  # of the width: nearer names would write over each other, on a phone
_TOLD_APART = 0.015  # of the width: nearer lines would be one
_NAMES, _AROUND = 18, 110  # pixels: for their names, above all that is drawn, and around it


def marked(
    figure: Figure, deployments: Sequence[Row], since: datetime, until: datetime, height: int = 280
) -> Figure:
    """With a line where each deployment served its first video; the later of near ones is named, the others
    when pointed at, where there is no name. Of those that would be one line the latest stands."""
    near, same = (until - since) * _APART, (until - since) * _TOLD_APART
    drawn: list[tuple[datetime, Row]] = []
    rooms: dict[datetime, tuple[datetime, datetime]] = {}  # of the names
    earliest: datetime | None = None
    for row in sorted(deployments, key=lambda row: str(row["first_at"]), reverse=True):
        began = parse_time(row["first_at"]) or since
        if drawn and drawn[-1][0] - began < same:
            continue
        drawn.append((began, row))
        room = (began - near, began) if until - began < near else (began, began + near)
        if earliest is None or room[1] <= earliest:
            rooms[began], earliest = room, room[0]
    if not drawn:
        return figure
    below_names = 1 - _NAMES / (height - _AROUND)
    lines, names = [], []
    for began, row in drawn:
        place = {"yref": "paper", "y0": 0, "y1": 1 if began in rooms else below_names}
        style = {"color": GRAY, "width": 1, "dash": "dot"}
        lines.append({"type": "line", "x0": row["first_at"], "x1": row["first_at"], "line": style, **place})
        if began in rooms:
            is_last = rooms[began][1] == began  # its name reaches to the left
            names.append(
                _named(row, escape(deployment(row["deployment_id"])), "right" if is_last else "left")
            )
        elif not any(left < began < right for left, right in rooms.values()):
            names.append(_named(row, "▾", "center"))
    layout = figure["layout"]
    more = {
        "shapes": [*layout.get("shapes", ()), *lines],
        "annotations": names,
        "yaxis": layout.get("yaxis", {}) | {"domain": [0, below_names]},
    }
    return figure | {"layout": layout | more}


def _named(row: Row, text: str, side: str) -> Figure:
    told = f"{escape(deployment(row['deployment_id']))}: first video {clock(row['first_at'])}"
    place = {"x": row["first_at"], "y": 1, "yref": "paper", "xanchor": side, "yanchor": "top"}
    return {
        **place,
        "text": text,
        "hovertext": told,
        "showarrow": False,
        "borderpad": 0,
        "font": {"size": 10},
    }


def in_zone(figure: Figure, zone: tzinfo) -> Figure:
    """With its times in another zone than UTC: Plotly draws what is written, whatever its offset."""
    layout = figure["layout"]
    axis = layout.get("xaxis", {})
    if zone is UTC or axis.get("title") != _TIME["title"]:
        return figure

    def moved(at: str | datetime) -> str:
        found = parse_time(at)
        assert found is not None
        return found.astimezone(zone).replace(tzinfo=None).isoformat()

    axis = axis | {"title": {"text": f"Created ({zone})"}}
    if "range" in axis:
        axis["range"] = [moved(at) for at in axis["range"]]
    shapes = [
        shape if shape.get("xref") == "paper" else shape | {end: moved(shape[end]) for end in ("x0", "x1")}
        for shape in layout.get("shapes", ())
    ]
    data = [trace | {"x": [moved(at) for at in trace["x"]]} for trace in figure["data"]]
    names = [name | {"x": moved(name["x"])} for name in layout.get("annotations", ())]
    return {"data": data, "layout": layout | {"xaxis": axis, "shapes": shapes, "annotations": names}}


def config(file_name: str) -> dict[str, Any]:
    """Few tools, and a picture with a name."""
    return {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
        "toImageButtonOptions": {"filename": file_name, "scale": 2},
    }


def _name(shown: Look) -> str:
    return f"{shown.glyph} {escape(shown.word)}"


def buckets(start: datetime, end: datetime, seconds: int) -> list[datetime]:
    """The starts of all buckets between two times, also those in which nothing happened."""
    first = int(start.timestamp()) // seconds * seconds
    return [datetime.fromtimestamp(at, UTC) for at in range(first, int(end.timestamp()) + 1, seconds)]


def counts_by_status(series: Sequence[Row], times: Sequence[datetime]) -> dict[str, list[int]]:
    """`[{at, status, n}]` as one list of counts a status, in the order of STATUS, gaps filled with 0."""
    place = {at: index for index, at in enumerate(times)}
    counts: dict[str, list[int]] = {status: [0] * len(times) for status in STATUS}
    for row in series:
        at = parse_time(row["at"])
        if at in place:
            counts.setdefault(row["status"], [0] * len(times))[place[at]] += row["n"]
    return {status: values for status, values in counts.items() if any(values)}


def status_over_time(series: Sequence[Row], times: Sequence[datetime]) -> Figure:
    """A click on a bar means its status and the start of its bucket."""
    counts = counts_by_status(series, times)
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    traces = []
    for status, values in counts.items():
        shares = [100 * n / total if total else 0 for n, total in zip(values, totals, strict=True)]
        points = [[status, at.isoformat(), share] for at, share in zip(times, shares, strict=True)]
        shown, said = look(STATUS, status), f"{_AT}%{{hovertext}}, %{{customdata[2]:.0f}}% of all"
        traces.append(
            _bars(_name(shown), shown.hex, said, x=list(times), y=values, points=points, counts=values)
        )
    yaxis = _counted("Videos", max(totals, default=0)) | _FROM_ZERO
    return _figure(traces, **_ZOOMED, barmode="stack", bargap=0.18, yaxis=yaxis)


_PARTS = (RED, BLUE, AMBER, VIOLET, GREEN, "#c2559d", "#178fa8", "#8c7a1f", "#b0603a", "#6b9a1f")
_OTHERS = "{}"  # the part of all that have no part of their own


def part_colors(parts: Collection[str]) -> dict[str, str]:
    """A colour for each part (JSON), by what it is: its rank changes while somebody looks. Where two want the
    same one, one of them keeps it, and the other takes the next that nobody wants; beyond ten they share."""
    places = {part: _place(json.loads(part)) for part in parts}
    in_order = sorted(places, key=lambda part: (places[part], part))
    given: dict[int, str] = {}
    for part in in_order:
        given.setdefault(places[part] % len(_PARTS), part)
    colors = {part: _PARTS[number] for number, part in given.items()}
    free = [number for number in range(len(_PARTS)) if number not in given]
    for part in in_order:
        if part not in colors:
            wanted = places[part] % len(_PARTS)
            number = min(free, key=lambda number: (number - wanted) % len(_PARTS), default=wanted)
            colors[part] = _PARTS[number]
            free = [other for other in free if other != number]
    return colors


def _place(part: Mapping[str, str]) -> int:
    """A cause's in the table of causes, so that neighbours differ; of anything else a number that every
    process finds for it."""
    if part.keys() == {"cause"} and part["cause"] in CAUSES:
        return list(CAUSES).index(part["cause"])
    return crc32(json.dumps(part, sort_keys=True).encode())


def parts_over_time(
    points: Sequence[ErrorPoint], times: Sequence[datetime], name: Callable[[dict[str, str]], str]
) -> Figure:
    """Stacked bars, a colour a part. A click on one means its part, as JSON, and the start of its bucket."""
    place = {at: index for index, at in enumerate(times)}
    counts: dict[str, list[int]] = {}
    for point in points:
        values = counts.setdefault(json.dumps(point["part"]), [0] * len(times))
        if (at := parse_time(point["at"])) in place:
            values[place[at]] += point["n"]
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    width = times[1] - times[0] if len(times) > 1 else timedelta(hours=1)
    traces = []
    colors = part_colors(counts.keys() - {_OTHERS}) | {_OTHERS: GRAY}
    for part, values in counts.items():
        drawn = [(at, n, total) for at, n, total in zip(times, values, totals, strict=True) if n]
        meant = [[part, at.isoformat(), 100 * n / total] for at, n, total in drawn]
        title, color = escape(name(json.loads(part))), colors[part]
        said = f"{_AT}%{{hovertext}}, %{{customdata[2]:.0f}}% of all"
        starts, numbers = [at for at, _, _ in drawn], [n for _, n, _ in drawn]
        bars = _bars(title, color, said, x=starts, y=numbers, points=meant, counts=numbers)
        # a trace with a single bar has no other scale
        traces.append(bars | {"width": 820 * width.total_seconds()})
    return _figure(
        traces,
        **_ZOOMED | {"xaxis": {**_TIME, "range": [times[0] - width / 2, times[-1] + width / 2]}},
        barmode="stack",
        showlegend=True,
        legend=_LEGEND | {"y": 0, "yref": "container", "yanchor": "bottom"},  # the axis takes what is left
        margin=_MARGIN | {"t": 30},
        yaxis=_counted("Videos", max(totals, default=0)) | _FROM_ZERO,
    )


_CELL = 0.86  # of the room of an hour, and of a day
_FAINT_TO_STRONG = [[0, "rgba(217,67,75,0.25)"], [1, RED]]


def hours_of_the_week(points: Sequence[ErrorPoint]) -> Figure:
    """Weekdays x hours, the redder the more videos. A click on a cell means its hour of the week."""
    hours = [int(point["part"]["hour"]) for point in points]
    counts = [point["n"] for point in points]
    total, most = sum(counts), max(counts, default=1)
    trace = {
        "type": "bar",  # Plotly reports no selection in a heat map
        "x": [hour % 24 for hour in hours],
        "y": [_CELL] * len(hours),
        "base": [hour // 24 - _CELL / 2 for hour in hours],
        "width": _CELL,
        "customdata": [
            [str(hour), 100 * n / total, WEEKDAYS[hour // 24]] for hour, n in zip(hours, counts, strict=True)
        ],
        "marker": {
            "color": counts,
            "cmin": 0,
            "cmax": most,
            "colorscale": _FAINT_TO_STRONG,
            "colorbar": _counted("Videos", most) | {"thickness": 10},
        },
        "hovertext": _counted_in_words(counts),
        "hovertemplate": "%{customdata[2]} %{x}:00: %{hovertext}, %{customdata[1]:.0f}%<extra></extra>",
    }
    return _figure(
        [trace],
        barmode="overlay",
        dragmode=False,
        hovermode="closest",
        margin=_MARGIN | {"t": 34},
        xaxis={"title": {"text": "Hour (UTC)"}, "range": [-0.7, 23.7], "dtick": 3, "zeroline": False},
        yaxis={
            "tickvals": list(range(len(WEEKDAYS))),
            "ticktext": WEEKDAYS,
            "range": [6.6, -0.6],
            "zeroline": False,
            "automargin": True,
        },
    )


MOST_CAUSES = 10


def causes(rows: Sequence[Row]) -> Figure:
    """Horizontal bars of the most frequent; whose side it is stands in the legend and as a glyph. A click on
    one means its cause."""
    shown = sorted(rows, key=lambda row: -row["n"])[:MOST_CAUSES]
    total = sum(row["n"] for row in rows)
    sides = [side for side in Side if any(cause_of(row["cause"]).side == side for row in shown)]
    traces = []
    for side in sides:
        own = [row for row in shown if cause_of(row["cause"]).side == side]
        names = [_cause_name(row["cause"]) for row in own]
        points = [[row["cause"], 100 * row["n"] / total] for row in own]
        said = "%{y}: %{hovertext}, %{customdata[1]:.0f}%<extra></extra>"
        numbers = [row["n"] for row in own]
        bars = _bars(
            _name(SIDE[side]), SIDE[side].hex, said, x=numbers, y=names, points=points, counts=numbers
        )
        text = {"text": [f"{n:,}" for n in numbers], "textposition": "outside", "cliponaxis": False}
        traces.append(bars | text | _LYING)
    return _figure(
        traces,
        **_STACKED,
        margin=_MARGIN | {"r": 40, "t": 76},  # the legend takes two lines
        xaxis={"visible": False},
        yaxis=_in_order([_cause_name(row["cause"]) for row in shown]),
    )


def _cause_name(cause: str | None) -> str:
    return f"{escape(cause_of(cause).title)} {SIDE[cause_of(cause).side].glyph}"


def funnel(rows: Sequence[FunnelStage]) -> Figure:
    """Per stage of one flow, in its order: the part of the videos it was seen for, missing, not reached. A
    click on one means its stage and the state."""
    names = [escape(words(row["stage"])) for row in rows]
    states: list[Row] = [dict(row) for row in rows]
    totals = [max(1, sum(row[key] for key in STAGE_STATE)) for row in states]
    traces = []
    for key, state in STAGE_STATE.items():
        values = [row[key] for row in states]
        if any(values):
            shares = [100 * n / total for n, total in zip(values, totals, strict=True)]
            points = [[row["stage"], key, n] for row, n in zip(states, values, strict=True)]
            said = "%{y}: %{hovertext}, %{x:.0f}%"
            bars = (
                _bars(_name(state), state.hex, said, x=shares, y=names, points=points, counts=values) | _LYING
            )
            bars["marker"]["opacity"] = 0.45 if key == "not_reached" else 1
            traces.append(bars)
    return _figure(
        traces,
        **_STACKED,
        hovermode="closest",
        xaxis={"title": {"text": "Videos (%)"}, "range": [0, 102]},  # leaves room for the last label
        yaxis=_in_order(names),
    )


def percentiles(lines: Mapping[str, Sequence[Row]]) -> Figure:
    """Per name the median and the 95th percentile over time, from `[{at, n, p50, p95}]`, in seconds."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": escape(f"{name} {said}".strip()),
            "x": [row["at"] for row in rows],
            "y": [row[key] for row in rows],
            "customdata": [[row["at"], name] for row in rows],
            "hovertext": _counted_in_words(row["n"] for row in rows),
            "line": {"color": _LINES[number % len(_LINES)], "dash": dash},
            "marker": {"size": 5},
            "hovertemplate": _AT + "%{y:.3~r} s, of %{hovertext}<extra>%{fullData.name}</extra>",
        }
        for number, (name, rows) in enumerate(lines.items())
        for key, said, dash in (("p50", "median", "solid"), ("p95", "95%", "dot"))
    ]
    yaxis = {"title": {"text": "Seconds"}, "tickformat": ",~r"} | _FROM_ZERO
    return _figure(traces, **_ZOOMED, yaxis=yaxis)


def part_of(low: float) -> int:
    """Which part of a histogram begins at so many seconds."""
    return round(log(low) / log(STEP))


def histogram(lines: Mapping[str, Sequence[Row]]) -> Figure:
    """Per name the part of its videos that took so long, from `[{low, n}]`; each step is STEP times as long
    as the one before, and one that no video took has its place. A click on a bar means its step and name."""
    parts = {name: {part_of(row["low"]): row["n"] for row in rows} for name, rows in lines.items()}
    there = [part for own in parts.values() for part in own]
    steps = range(min(there, default=0), max(there, default=-1) + 1)
    names = [steps_text(n) for n in steps]
    traces = []
    for number, (name, own) in enumerate(parts.items()):
        total = max(1, sum(own.values()))
        shares = [100 * own.get(n, 0) / total for n in steps]
        color, points = _LINES[number % len(_LINES)], [[n, name] for n in steps]
        said, counts = "%{x} s: %{hovertext}, %{y:.0f}%", [own.get(n, 0) for n in steps]
        traces.append(_bars(escape(name), color, said, x=names, y=shares, points=points, counts=counts))
    order = {"type": "category", "categoryorder": "array", "categoryarray": names}
    return _figure(
        traces,
        barmode="group",
        dragmode=False,
        showlegend=len(lines) > 1,
        xaxis={"title": {"text": "Seconds"}, **order},
        yaxis={"title": {"text": "Videos (%)"}} | _FROM_ZERO,
    )


def steps_text(part: int) -> str:
    """`2.2–3.2`: the seconds of a part of a histogram."""
    return f"{_seconds(STEP**part)}–{_seconds(STEP ** (part + 1))}"


def _seconds(value: float) -> str:
    """Two digits that count, never as a power of ten."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


_AT_ONCE = 0.002  # seconds: less has no place on this scale


def stage_times(rows: Sequence[Row]) -> Figure:
    """The median and the 95th percentile of each stage, from `[{stage, n, p50, p95}]`, in seconds."""
    names = [escape(words(row["stage"])) for row in rows]
    said = "%{y}: %{customdata[1]:.3~r} s, of %{hovertext}"
    counts = [row["n"] for row in rows]
    traces = []
    for key, name, color in (("p50", "median", BLUE), ("p95", "95%", AMBER)):
        points = [[row["stage"], row[key]] for row in rows]
        long = [max(row[key], _AT_ONCE) for row in rows]
        traces.append(_bars(name, color, said, x=long, y=names, points=points, counts=counts) | _LYING)
    return _figure(
        traces,
        barmode="group",
        dragmode=False,
        hovermode="closest",
        xaxis={"title": {"text": "Seconds since the stage before"}, "type": "log", "tickformat": ",~r"},
        yaxis=_in_order(names),
    )


FINISHED = ("succeeded", "failed", "cancelled")


def success_over_time(series: Sequence[Row], times: Sequence[datetime], usual: Row | None) -> Figure:
    """Percent of the finished videos that succeeded, with a band of what is usual (`low`, `high`: 0 to 1)."""
    done = sparkline(series, times, "succeeded")
    finished = sparkline(series, times, *FINISHED)
    parts = [(at, good, n) for at, good, n in zip(times, done, finished, strict=True) if n]
    band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "line": {"width": 0}}
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [at for at, _, _ in parts],
        "y": [100 * good / n for _, good, n in parts],
        "customdata": [[good, at.isoformat()] for at, good, _ in parts],
        "hovertext": _counted_in_words(n for _, _, n in parts),
        "line": {"color": GREEN},
        "marker": {"size": 5},
        "hovertemplate": _AT + "%{y:.0f}%, %{customdata[0]} of %{hovertext}<extra></extra>",
    }
    shapes = []
    if usual:
        height = {"y0": 100 * usual["low"], "y1": 100 * usual["high"]}
        shapes = [band | height | {"fillcolor": GREEN, "opacity": 0.15}]
    yaxis = {"title": {"text": "Succeeded (%)"}, "range": [0, 105]}
    return _figure([trace], **_ZOOMED, yaxis=yaxis, shapes=shapes)


_FEW_DAYS = 8


def cost(rows: Sequence[Row]) -> Figure:
    """Credits a day by model, from `[{day, model, credits, tasks, delivered}]`. A click on a bar means its
    day and model."""
    traces = []
    for number, model in enumerate(sorted({row["model"] for row in rows})):
        own = [row for row in rows if row["model"] == model]
        days, credits = [row["day"][:10] for row in own], [row["credits"] for row in own]
        points = [[count(row["tasks"], "task"), row["delivered"], row["day"], model] for row in own]
        name, color = escape(model or "model unknown"), _TONES[(number + 3) % len(_TONES)]
        said = "%{x|%-d %b}: %{y:,} credits for %{customdata[0]}, %{customdata[1]} delivered"
        traces.append(_bars(name, color, said, x=days, y=credits, points=points, counts=()))
    few = len({row["day"][:10] for row in rows}) <= _FEW_DAYS  # a tick for each, else a day may have two
    ticks = {"type": "date", "tickformat": "%-d %b", **({"dtick": 86_400_000} if few else {"nticks": 8})}
    return _figure(
        traces,
        **_STACKED,
        showlegend=True,
        xaxis={"title": {"text": "Day (UTC)"}, **ticks},
        yaxis=_counted("Credits ($0.01 each)", max((row["credits"] for row in rows), default=0)) | _FROM_ZERO,
    )


def sparkline(series: Sequence[Row], times: Sequence[datetime], *statuses: str) -> list[int]:
    """Counts per bucket of some statuses; of all of them when none is named."""
    counts = counts_by_status(series, times)
    chosen = [values for status, values in counts.items() if not statuses or status in statuses]
    return [sum(column) for column in zip(*chosen, strict=True)] or [0] * len(times)


def success_rates(series: Sequence[Row], times: Sequence[datetime]) -> list[float]:
    """Percent of the finished videos that succeeded, per bucket; one in which none finished is left out."""
    done = sparkline(series, times, "succeeded")
    finished = sparkline(series, times, *FINISHED)
    return [100 * good / all_ for good, all_ in zip(done, finished, strict=True) if all_]

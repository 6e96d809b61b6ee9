"""Stages over many videos: where flows die, and which videos miss what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from urllib.parse import urlencode

import streamlit as st

from lib.data.overview import FunnelStage
from lib.data.videos import Filters, VideoRow
from lib.domain.video import parse_time
from lib.ui.kit import address, charts, html, loaders, series
from lib.ui.kit.components import choose_in, choose_in_time, clicked, section
from lib.ui.kit.format import STAGE_STATE, at_least, clock, count, deployment, plain, short_id, words
from lib.ui.kit.frame import Frame
from lib.ui.kit.listing import COLUMNS
from lib.ui.kit.notices import empty
from lib.ui.kit.router import page
from lib.ui.kit.window_control import empty_window

SHOWN, MOST_TASKS = 40, 50


def nobodys(frame: Frame) -> None:
    """Tasks that were paid for, and of which no line tells whose they are."""
    tasks = loaders.nobodys(frame.window, MOST_TASKS + 1)
    if not tasks:
        return
    number = at_least(len(tasks), MOST_TASKS, "task").capitalize()
    with st.expander(f"{number} of nobody's, the latest first", icon=":material/person_off:"):
        st.caption(
            "Each was paid for, and no log line says for which video. Where rows waited then, it may be of"
            " one of them: look at those before anything is paid anew."
        )
        for task in tasks[:MOST_TASKS]:
            with st.container(border=True):
                known = f"**{plain(task.status)}** at Runway" if task.status else "not looked up"
                st.markdown(f"`{plain(task.task_id)}` · {clock(task.at, frame.now)} · {known}")
                st.text(task.message)
                _candidates(task.candidates)


def _candidates(videos: Sequence[str]) -> None:
    if not videos:
        st.caption("No row waited for a task then.")
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("May be that of", width="content")
        for video in videos:
            st.page_link(
                page("video"), label=f"`{short_id(video)}`", query_params={"id": video}, width="content"
            )


def choose_flow(rows: Sequence[FunnelStage], frame: Frame) -> str | None:
    """The flow to look at: the most frequent one unless another is chosen."""
    seen: dict[str, int] = {}
    for row in rows:
        total = row["seen"] + row["missing"] + row["not_reached"] + row["not_observable"]
        seen[row["flow"]] = max(seen.get(row["flow"], 0), total)
    if not seen:
        empty_window(
            frame.window,
            frame.now,
            f"No flow {frame.window.said}",
            "Import the logs of the production app above.",
            ":material/account_tree:",
        )
        return None
    flows = sorted(seen, key=lambda flow: -seen[flow])
    labels = {flow: f"{plain(flow)} ({count(seen[flow], 'video')})" for flow in flows}
    return address.segments("Flow", "flow", labels)


def deaths(rows: Sequence[FunnelStage], frame: Frame) -> None:
    """Where the flow ends for videos that do not reach its end."""
    with st.container(border=True):
        section(
            "Where flows die",
            "A click on what is missing opens the videos that miss it first, on any other part"
            " the videos of which the stage is so.",
        )
        worst = max(rows, key=lambda row: row["missing"])
        if worst["missing"]:
            st.markdown(
                f"Most flows that break, break at **{words(worst['stage'])}**:"
                f" it is missing for {count(worst['missing'], 'video')}."
            )
        else:
            st.markdown("No stage is missing in this window.")
        event = choose_in(
            charts.funnel(rows),
            f"funnel-{hash(frame.window):x}-{plain(rows[0]['flow'])}",
            "Videos per stage, by state of the stage",
            height=130 + 24 * len(rows),
        )
        if point := clicked(event):
            stage, state, _ = point
            where = {"stage": stage} if state == "missing" else {"state": f"{stage}:{state}"}
            _to_videos({**where, "flow": rows[0]["flow"]}, frame)


def _to_videos(query: dict[str, str], frame: Frame) -> None:
    st.switch_page(page("videos"), query_params={**query, **frame.window.query})


def times(flow: str, frame: Frame) -> None:
    """How long each stage takes, and how that changed."""
    rows = series.stage_latency(frame.window, flow)
    whole, parts = [row for row in rows if not row["at"]], [row for row in rows if row["at"]]
    if not whole:
        return
    shown = parts[0]["stage"]
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        section(
            "How long stages take",
            "Beside it, the slowest over time. A click opens the videos that the stage was seen of.",
        )
        key = f"stage-times-{hash((frame.window, flow)):x}"
        event = choose_in(charts.stage_times(whole), key, "Time of each stage", height=130 + 28 * len(whole))
        if point := clicked(event):
            _to_videos({"state": f"{point[0]}:seen", "flow": flow}, frame)
    with right, st.container(border=True, height="stretch"):
        section(f"Over time: {words(shown)}")
        title = f"Time of {words(shown)}, over time"
        height = 130 + 28 * len(whole)
        name = f"stage-{plain(shown)}"
        figure = charts.percentiles({"": parts})
        if point := choose_in_time(figure, name, title, frame.window, "stages", height=height):
            bar = frame.window.bar(parse_time(point[0]) or frame.now, frame.now)
            state = {"state": f"{shown}:seen", "flow": flow}
            st.switch_page(page("videos"), query_params={**state, **bar.query})


def missing_by_deployment(flow: str, stages: Sequence[str], frame: Frame) -> None:
    found = {
        (row["deployment_id"], row["stage"]): row["n"]
        for row in series.first_missing(frame.window, flow)
        if row["stage"] in stages
    }
    if not found:
        return
    deployments = list(dict.fromkeys(one for one, _ in found))
    columns = [stage for stage in stages if any(stage == other for _, other in found)]
    most = max(found.values())

    def cell(one: str | None, stage: str) -> str:
        n = found.get((one, stage), 0)
        if not n:
            return ""
        query = {"stage": stage, "flow": flow, "deployment": one or "none", **frame.window.query}
        where = escape(f"videos?{urlencode(query)}")
        return f'<a href="{where}" style="--share:{100 * n // most}%">{n:,}</a>'

    with st.container(border=True):
        section("First missing stage by deployment", "The latest twelve. A number opens its videos.")
        heads = [f"<th>{escape(head)}</th>" for head in ("Deployment", *map(words, columns))]
        lines = [[escape(deployment(one)), *(cell(one, stage) for stage in columns)] for one in deployments]
        html.table("First missing stage by deployment", heads, lines, "dailies-numbers")


def matrix(flow: str, stages: Sequence[str], frame: Frame) -> None:
    with st.container(border=True):
        section("Newest videos, stage by stage", "A click on a row opens its video.")
        only = address.toggle("Only videos with a missing stage", "missing")
        chosen = Filters(flow=flow, first_missing="any" if only else None)
        rows = loaders.videos(frame.window, chosen, limit=SHOWN)
        if not rows:
            empty(f"No such video {frame.window.said}", "Choose a longer window above.")
            return
        html.said(*(escape(f"{state.glyph} {state.word}") for state in STAGE_STATE.values()))
        turned = "".join(f"<th><span>{escape(words(stage))}</span></th>" for stage in stages)
        heads = ["<th>Video</th>", "<th>Cause</th>", turned]
        lines = [matrix_line(row, stages, frame.now) for row in rows]
        html.table("Stages of the newest videos", heads, lines, "dailies-matrix")


def matrix_line(video: VideoRow, stages: Sequence[str], now: datetime) -> list[str]:
    """The cells, as HTML: what is missing stands out."""
    states = {stage["stage"]: stage["state"] for stage in video["stages"] or ()}
    named = [COLUMNS[name].cell(video, now) for name in ("video", "cause")]
    return [*named, *(_cell(stage, states.get(stage)) for stage in stages)]


def _cell(stage: str, state: str | None) -> str:
    if state not in STAGE_STATE:
        return ""
    shown, mark = STAGE_STATE[state], "b" if state == "missing" else "span"
    said = escape(f"{words(stage)}: {shown.word}")
    return f'<{mark} title="{said}" style="--tone:{shown.hex}">{shown.glyph}</{mark}>'

"""One video: its verdict first, then what the verdict rests on."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from lib.data.videos import VideoDetails
from lib.domain.link import links_out
from lib.domain.video import Video, parse_time
from lib.ui.kit import address, html, loaders
from lib.ui.kit.components import evidence, section, status_badge, verdict_facts
from lib.ui.kit.dashboard import running_app
from lib.ui.kit.format import age, clock, plain, short_id, without_walls
from lib.ui.kit.listing import place_of
from lib.ui.kit.notices import empty
from lib.ui.kit.outside import beginning, outside_text
from lib.ui.kit.player import copied_output, player
from lib.ui.kit.records import log_line, log_table, tries
from lib.ui.kit.router import go_to_video, link
from lib.ui.kit.stage_list import stage_list
from lib.ui.views.audit import audit_table
from lib.ui.views.repair import repair_panel


def chosen_video() -> str:
    """The video of the address; without one, a search that ends the run."""
    asked = (st.query_params.get("id") or "").strip()
    found = loaders.find(asked) if asked else []
    if len(found) != 1:
        if asked:
            _say_not_found(asked, found)
        _search()
        st.stop()
    return found[0]


def _search() -> None:
    with st.form("find-video", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input("Id of the video, its first four characters, or its task id", width=420)
        if st.form_submit_button("Open", icon=":material/search:") and text.strip():
            go_to_video(text.strip())


def _say_not_found(asked: str, found: list[str]) -> None:
    if not found:
        empty(
            "There is no such video",
            "Check the id, or look for it in the list of videos.",
            ":material/search_off:",
        )
        st.code(asked[:200], language=None)
        return
    st.markdown(f"{len(found)} videos begin with this id:")
    for video_id in found[:20]:
        link("video", f"`{short_id(video_id)}`", {"id": video_id}, icon=None)


def follow(video_id: str, now: datetime) -> VideoDetails:
    """The video with all that is known of it; drawn anew by itself while news are to be expected."""
    row = loaders.video(video_id)
    video = Video.from_mapped(row["video"])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        waited = None if video.is_finished else (now - video.created_at).total_seconds()
        status_badge(video.status, waited)
        st.code(video.id, language=None, width="content")
        html.said(
            f"created {html.time(video.created_at, now)}", f"changed {html.time(video.updated_at, now)}"
        )
        with st.popover("Link", icon=":material/link:", type="tertiary"):
            st.code(f"{(st.context.url or 'video').partition('?')[0]}?id={video.id}", language=None)
        link(
            "generate",
            "Make a variation",
            {"from": video.id},
            icon=":material/auto_awesome:",
            help="Leads to Generate with this video's image and prompt; nothing is paid yet.",
        )
        _neighbours(video.id)
    if is_moving(row):
        _watch(video_id, _version(row))
    return row


def _neighbours(video_id: str) -> None:
    """The way along the list that one came from."""
    place = place_of(video_id)
    if place is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="neighbours"):
        for label, icon, other in (
            ("Previous", ":material/chevron_left:", place.before),
            ("Next", ":material/chevron_right:", place.after),
        ):
            if other:
                link("video", label, {"id": other}, icon=icon)
        st.caption(f"{place.number} of {place.of}", width="content")
        link("videos", "The list", place.address, icon=":material/list:")


def is_moving(row: VideoDetails) -> bool:
    """Whether news are to be expected: the video is unfinished, or changed since it was judged."""
    video, judged_at = Video.from_mapped(row["video"]), parse_time((row["verdict"] or {}).get("judged_at"))
    if not video.is_finished or judged_at is None:
        return True
    return video.updated_at is not None and video.updated_at > judged_at


def _version(row: VideoDetails) -> tuple[object, ...]:
    """Changes whenever something is worth drawing again."""
    video, verdict, task = row["video"], row["verdict"] or {}, row["task"] or {}
    return video["status"], video.get("updated_at"), verdict.get("judged_at"), task.get("status")


@st.fragment(run_every=3)
def _watch(video_id: str, shown: tuple[object, ...]) -> None:
    """Looks for news; only news draw the page again."""
    if _version(loaders.video(video_id)) != shown:
        st.rerun()


def verdict(row: VideoDetails, now: datetime) -> None:
    with st.container(border=True, key="verdict"):
        judged = row.get("verdict")
        if not judged:
            st.markdown(":material/hourglass_top: **Not judged yet**")
            st.caption("The background loop judges new and changed videos within seconds.")
            return
        verdict_facts(judged, now)
        evidence(judged.get("evidence") or (), now)
        repair_panel(row)


def stages(row: VideoDetails, now: datetime) -> None:
    section(
        "Stages",
        "Missing: a later stage was seen, or the flow ended here. Not observable: no log could exist.",
    )
    found = (row["verdict"] or {}).get("stages") or ()
    if found:
        stage_list(found, now, waits=not Video.from_mapped(row["video"]).is_finished)
    else:
        empty("No log entry of this video", "Import its logs on the page Stages.", ":material/article:")


def preview(row: VideoDetails, now: datetime) -> None:
    video, task = Video.from_mapped(row["video"]), row.get("task") or {}
    if copied := copied_output(video.runway_video_id):
        st.video(copied[0], alt="The generated video")
        st.caption(f"A copy of {(copied[1].bytes or 0) / 2**20:.1f} MB, {age(copied[1].copied_at, now)}.")
        return
    output = (task.get("output") or [None])[0] or video.video_url
    if player(output):
        st.caption("Runway's addresses expire after 24 to 48 hours.")


def facts(row: VideoDetails) -> None:
    section("Row and task")
    video = Video.from_mapped(row["video"])
    task = row.get("task") or {}
    known = {
        "Prompt": video.prompt,
        "Error": video.error_message,
        "Runway id": video.runway_video_id,
        "Image": without_walls(video.input_image_url),
        "Created": clock(video.created_at),
        "Changed": clock(video.updated_at),
        "Task": task.get("status"),
        "Failure": " ".join(str(task[k]) for k in ("failure_code", "failure") if task.get(k)),
        "Credits": task.get("credits"),
        "Looked up": clock(task.get("checked_at")),
    }
    shown = {label: str(value) for label, value in known.items() if value not in (None, "", "–")}
    long = {label: value for label, value in shown.items() if beginning(value) != value}
    with st.container(gap="xsmall"):
        for label, value in long.items():
            st.caption(label)
            outside_text(value)
        html.facts({label: value for label, value in shown.items() if label not in long})
        _links_out(row)


def _links_out(row: VideoDetails) -> None:
    """To where the video, its task and its request are at home, by the templates of DAILIES_LINKS."""
    video, verdict, requests = Video.from_mapped(row["video"]), row["verdict"] or {}, row["requests"]
    known = {
        "video_id": video.id,
        "task_id": video.runway_video_id,
        "request_id": requests[0]["request_id"] if requests else None,
        "deployment_id": verdict.get("deployment_id"),
    }
    found = links_out(running_app().settings.links, known)
    with st.container(horizontal=True, gap="small", key="links-out"):
        for name, leads_to in found.items():
            st.link_button(plain(name), leads_to, icon=":material/open_in_new:", type="tertiary")


def details(video_id: str, row: VideoDetails, now: datetime) -> None:
    """The rest, one part at a time: only the open tab is read and drawn."""
    attempts, audit = row.get("attempts") or [], row.get("audit") or []
    names = ("Log", f"Attempts ({len(attempts)})", "Row as JSON", f"Audit ({len(audit)})")
    log, tried, raw, audited = st.tabs(names, on_change="rerun", key="details")
    if log.open:
        with log:
            stages = (row.get("verdict") or {}).get("stages") or []
            _log(video_id, was_seen=any(stage["state"] == "seen" for stage in stages))
    if tried.open:
        with tried:
            if attempts:
                tries(attempts, Video.from_mapped(row["video"]), now)
            else:
                st.caption("Dailies has made no attempt for this video.")
    if raw.open:
        with raw:
            st.json(without_walls({key: row.get(key) for key in ("video", "task", "verdict")}), expanded=2)
    if audited.open:
        with audited:
            audit_table(audit, now) if audit else st.caption("Nobody has changed this video through Dailies.")


def _log(video_id: str, *, was_seen: bool) -> None:
    entries = loaders.video_log(video_id)
    if not entries:
        dropped = "Its logs have been dropped. What they showed stands above."
        never = "No log entry names this video. Import its logs on the page Stages."
        st.caption(dropped if was_seen else never)
        return
    levels = {level: level for level in dict.fromkeys(entry["level"] for entry in entries)}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = address.many("Levels", "level", levels, placeholder="Every level", width=260)
        whole = address.toggle("Whole lines", "whole")
    shown = [entry for entry in entries if not chosen or entry["level"] in chosen]
    if whole:
        st.code("\n".join(map(log_line, shown)), language=None, wrap_lines=True, height=560)
    else:
        log_table(shown)

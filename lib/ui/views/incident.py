"""One incident: what happened, what changed when it began, and what to do."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from lib.data.overview import Incident, IncidentDetails
from lib.domain.cause import Side
from lib.domain.video import parse_time
from lib.logs.redact import redact
from lib.ui.kit import loaders
from lib.ui.kit.components import evidence, section
from lib.ui.kit.figures import Figure, figures
from lib.ui.kit.format import ACTION, SIDE, cause_of, count, deployment, percent, short_id, since, span
from lib.ui.kit.notices import empty
from lib.ui.kit.outside import outside_text
from lib.ui.kit.router import link, page
from lib.ui.kit.window import Window, covering, parse_until
from lib.ui.kit.window_control import samples_count

SOON = timedelta(minutes=15)  # what begins this soon after a deployment came with it


def address_of(row: Incident, *, own: bool = False) -> dict[str, str]:
    """The query of its page: `id=missing_api_key@dpl_1@2025-11-13T14:05:12Z`."""
    first = f"{_at(row['first_at']):%Y-%m-%dT%H:%M:%S}Z"
    name = "@".join((row["cause"], row["deployment_id"] or "", first))
    return {"id": name, **({"own": "yes"} if own else {})}


def of_what(row: Incident, now: datetime) -> str:
    """`6 of 8 videos of `dpl_1` between 10:02 and 10:40`, in markdown of our own."""
    where = f"of `{deployment(row['deployment_id'])}`" if row["deployment_id"] else "that name no deployment"
    return (
        f"**{row['n']:,} of {count(row['videos'], 'video')}** {where}"
        f" between {since(row['first_at'], now)} and {since(row['last_at'], now)}"
    )


def _at(text: str) -> datetime:
    at = parse_time(text)
    assert at is not None
    return at


def chosen_incident() -> IncidentDetails:
    """The incident of the address; without one, the run ends."""
    cause, _, rest = (st.query_params.get("id") or "").partition("@")
    where, _, text = rest.rpartition("@")
    at = parse_until(text)
    if at is None:
        empty("No incident is named", "Choose one on the Overview.", ":material/search_off:")
        st.page_link(page("overview"), icon=":material/arrow_back:")
        st.stop()
    return loaders.incident(cause, at, where or None, samples_count())


def what_happened(row: IncidentDetails, now: datetime) -> None:
    cause = cause_of(row["cause"])
    with st.container(border=True, key="incident", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.header(cause.title, icon=SIDE[cause.side].icon, anchor=False, width="content")
            if cause.side is not Side.UNKNOWN:
                st.badge(f"on the side of {SIDE[cause.side].word}", color=SIDE[cause.side].color)  # type: ignore[arg-type]
        st.markdown(f"{of_what(row, now)}. {cause.explanation}")
        st.markdown(f":material/difference: **What changed:** {what_changed(row, now)}")
        st.markdown(f":material/arrow_forward: **What to do:** {cause.remedy or ACTION[cause.action]}")
        _links(row)


def what_changed(row: IncidentDetails, now: datetime) -> str:
    """The likeliest answer, from what is known of deployments and of the time before. Our own words."""
    where = deployment(row["deployment_id"])
    if row["deployment_at"] is None:
        return f"unknown: these videos name no deployment. In the hour before, {_hour(row)}"
    began, first = _at(row["deployment_at"]), _at(row["first_at"])
    before = row["previous_deployment_id"]
    if first - began > SOON:
        if met := row["cause_before_at"]:
            without = (
                f"had met it before, last at {since(met, now)}: {count(row['clean_videos'], 'video')} since"
            )
        else:
            without = f"had served for {span((first - began).total_seconds())} without it"
        return f"not the deployment. `{where}` {without}; in the hour before, {_hour(row)}"
    if before is None:
        return f"unknown: `{where}` is the first deployment Dailies knows, and it began with it."
    return (
        f"the deployment. `{where}` took over from `{deployment(before)}`"
        f" at {since(row['deployment_at'], now)};"
        f" of the last {count(row['previous_videos'], 'video')} of that,"
        f" {_share(row['previous_failed'], row['previous_videos'])} were in trouble."
    )


def _hour(row: IncidentDetails) -> str:
    if not row["hour_videos"]:
        return "no video was requested."
    return (
        f"{_share(row['hour_failed'], row['hour_videos'])} of {count(row['hour_videos'], 'video')}"
        " were in trouble."
    )


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({percent(part / whole)})" if whole else "none"


def _links(row: IncidentDetails) -> None:
    first, last = _at(row["first_at"]), _at(row["last_at"])
    these = {"cause": row["cause"], "deployment": row["deployment_id"] or "none"}
    exactly = Window(own=samples_count()).over(first, last + timedelta(microseconds=1))
    with st.container(horizontal=True, gap="small", key="incident-links"):
        link("videos", f"All {row['n']:,} of them", these | exactly.query, icon=":material/video_library:")
        link("overview", "Overview of this time", covering(first, last).query, icon=":material/monitoring:")
        stuck = {"cause": row["cause"]}
        link("recover", "Repair what this cause left stuck", stuck, icon=":material/healing:")


def before_and_during(row: IncidentDetails) -> None:
    """The share of videos in trouble, of whatever cause."""
    previous = row["previous_deployment_id"]
    earlier = f"The last 24 hours of {deployment(previous)}" if previous else "In a deployment before"
    shares = (
        (earlier, row["previous_failed"], row["previous_videos"]),
        ("In the hour before", row["hour_failed"], row["hour_videos"]),
        (f"Then, in {deployment(row['deployment_id'])}", row["failed"], row["videos"]),
    )
    figures(
        "In trouble, before and during",
        [
            Figure(
                label,
                percent(part / whole) if whole else "–",
                f"{part:,} of {count(whole, 'video')}" if whole else "no video",
            )
            for label, part, whole in shares
        ],
    )


def first_video(row: IncidentDetails, now: datetime) -> None:
    section("The first video it hit")
    label = f"`{short_id(row['first_video_id'])}` · {since(row['first_at'], now)}"
    link("video", label, {"id": row["first_video_id"]}, icon=":material/movie_info:")
    if row["error_message"]:
        outside_text(redact(row["error_message"]), code=True)
    evidence(row["evidence"] or (), now)

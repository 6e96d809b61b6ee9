"""The way in, where nothing is there yet."""

from __future__ import annotations

import streamlit as st

from lib.data.overview import Overview
from lib.seed.write import may_be_seeded, seed_sample
from lib.settings import Settings
from lib.ui.kit import loaders
from lib.ui.kit.acting import act
from lib.ui.kit.components import section
from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.kept import look_again
from lib.ui.kit.notices import failure
from lib.ui.kit.router import link

_JOB = "sample-history"


def first_steps(data: Overview) -> bool:
    """Whether they are shown: this database holds neither a video nor a line of a log."""
    fresh = data["freshness"]
    if fresh["last_video_at"] or fresh["last_log_at"]:
        return False
    settings = running_app().settings
    with st.container(border=True, key="first-steps"):
        section("First steps")
        st.markdown("Nothing is here yet. In any order:")
        _videos(settings)
        _logs(settings)
        _runway(settings)
        if may_be_seeded(settings):
            _sample_history()
    look_again(2 if dashboard().jobs.is_running(_JOB) else 10)
    return True


def _step(title: str, text: str, leads_to: str, label: str, *, done: bool) -> None:
    icon = ":green[:material/check_circle:]" if done else ":material/radio_button_unchecked:"
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="center"):
        st.markdown(f"{icon} **{title}** {text}", width="stretch")
        link(leads_to, label)


def _videos(settings: Settings) -> None:
    done = settings.database_kind != "embedded"
    text = (
        "The app's database is connected: a video is here as soon as the app has made one."
        if done
        else "Name its database: `SUPABASE_URL` and `SUPABASE_SERVICE_ROLE_KEY`, or `DATABASE_URL`, and run"
        " `python -m lib migrate`. Or bring exported rows: `python -m lib import-videos FILE`."
    )
    _step("The app's videos.", text, "environment", "See the checks", done=done)


def _logs(settings: Settings) -> None:
    done = bool(settings.log_drain_secret or settings.vercel_token)
    text = (
        "A way for them is set up: the first will be here within minutes of the next request."
        if done
        else "Upload or paste what Vercel exports; or let them come by themselves, with a log drain"
        " (`DAILIES_LOG_DRAIN_SECRET`) or a token (`VERCEL_TOKEN`)."
    )
    _step("The app's logs.", text, "stages", "Read logs", done=done)


def _runway(settings: Settings) -> None:
    done = settings.runway_kind == "runway"
    text = (
        "Tasks are looked up and videos repaired at Runway."
        if done
        else "Set `RUNWAY_API_KEY` to look tasks up and repair videos. Until then a simulator stands in."
    )
    _step("A Runway key.", text, "generate", "Make a sample", done=done)


def _sample_history() -> None:
    jobs = dashboard().jobs
    if jobs.is_running(_JOB):
        st.status("Writing a history to look at …", state="running")
        return
    if problem := jobs.problem(_JOB):
        failure(problem)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(":material/radio_button_unchecked: **Or look first.** Two weeks of an imagined app.")
        act("Write the sample history", icon=":material/history:", key="seed", on_click=_seed)


def _seed() -> None:
    app = running_app()

    def work() -> None:
        seed_sample(app.db, app.settings)
        loaders.forget()

    dashboard().jobs.start(_JOB, work)

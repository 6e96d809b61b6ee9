"""The pages and the way to them."""

from __future__ import annotations

from pathlib import Path
from time import sleep
from typing import Any

import streamlit as st
from streamlit.navigation.page import Page
from streamlit.runtime.state.query_params import QueryParamsInput

from lib.errors import DatabaseUnavailable
from lib.settings import ROOT
from lib.ui.kit.dashboard import ENTERED
from lib.ui.kit.kept import come_back
from lib.ui.kit.notices import narrated

# A file of ours: Streamlit fetches a material icon for the browser's tab from fonts.gstatic.com.
_ICON = ROOT / "lib" / "ui" / "static" / "icon.svg"
_ONWARDS = ":material/arrow_forward:"
_OPENED = "opened"
AHEAD_SECONDS = 0.03
_STYLE = Path(__file__).with_name("style.css")
PAGES = (
    ("overview", "Overview", "monitoring", "Is generation healthy right now, and what does it cost?"),
    ("videos", "Videos", "video_library", "Which videos are in trouble?"),
    ("stages", "Stages", "account_tree", "Where do flows die? Also: read exported logs."),
    ("errors", "Errors", "report", "Which errors occur, how often, since when?"),
    ("latency", "Latency", "timer", "How long does it take, and since when?"),
    ("recover", "Recover", "healing", "Repair stuck videos without paying twice."),
    ("audit", "Audit", "history_edu", "Who did what to which video, when, and what did it cost?"),
    ("generate", "Generate", "movie", "Make a sample video now, with its cost shown before."),
    ("environment", "Environment", "settings_input_component", "Is everything configured correctly?"),
    ("incident", "Incident", "emergency_home", "What changed when this incident began?"),
    ("video", "Video", "movie_info", "Why is this video stuck, and what to do."),
)

# The elements of each page at first sight, by the names of Streamlit's scripts (a browser test compares).
_FRAME = ("Html", "Button", "TextInput")
_WINDOW = (*_FRAME, "ButtonGroup", "Checkbox")
SHOWN = {
    "overview": (*_WINDOW, "PlotlyChart", "PageLink", "MenuButton"),
    "videos": (*_WINDOW, "Multiselect", "DownloadButton"),
    "stages": (*_WINDOW, "ChatInput", "FileUploader", "TextArea", "PlotlyChart"),
    "errors": (*_WINDOW, "PlotlyChart"),
    "latency": (*_WINDOW, "Selectbox", "PlotlyChart"),
    "recover": (*_WINDOW, "Multiselect", "DataFrame"),
    "audit": (*_FRAME, "Selectbox", "DataFrame"),
    "generate": (*_WINDOW, "Selectbox", "ImageList", "TextArea", "Slider", "NumberInput", "Table"),
    "environment": (*_FRAME, "ChatInput", "DataFrame", "StreamlitSyntaxHighlighter"),
    "incident": (*_FRAME, "StreamlitSyntaxHighlighter", "PageLink"),
    "video": (*_FRAME, "StreamlitSyntaxHighlighter", "PageLink", "Checkbox", "Multiselect"),
}
SHOWN[""] = SHOWN["overview"]  # where the bare address leads


def page(name: str) -> Page:
    """The page `name`, to link or switch to."""
    title, icon, question = next(rest for key, *rest in PAGES if key == name)
    return st.Page(
        ROOT / "pages" / f"{name}.py",
        title=title,
        icon=f":material/{icon}:",
        url_path=name,
        visibility="hidden" if name in ("video", "incident") else "visible",
        help=question,
    )


def link(
    name: str, label: str, query: QueryParamsInput | None = None, *, icon: str | None = _ONWARDS, **look: Any
) -> None:
    """Leads to a page: a real link, so that keyboard and middle click work."""
    st.page_link(page(name), label=label, icon=icon, query_params=query, **look)


def run() -> None:
    """One run of the app: every page is reached through here, and only through here."""
    st.set_page_config(page_title="Dailies", page_icon=_ICON, layout="wide")
    st.html(_STYLE)
    _wait_for_the_browser()
    # The default page has no address but `/`: this one leads to the Overview, which has one like the rest.
    home = st.Page(_home, title="Dailies", url_path="home", default=True, visibility="hidden")
    current = st.navigation([home, *(page(name) for name, *_ in PAGES)], position="top")
    token = ENTERED.set(True)
    try:
        with narrated() as shown:
            current.run()
        if isinstance(shown.error, DatabaseUnavailable):
            come_back()
    finally:
        ENTERED.reset(token)


def _wait_for_the_browser() -> None:
    """Once a session. What needs a script that has not run yet, React shows 300 ms after its place: so the
    style goes ahead, and the rest of HTML, which is what people came for, comes when its script has run."""
    if _OPENED not in st.session_state:
        st.session_state[_OPENED] = True
        sleep(AHEAD_SECONDS)


def _home() -> None:
    st.switch_page(page("overview"), query_params=st.query_params.to_dict())


def go_to_video(video_id: str) -> None:
    st.switch_page(page("video"), query_params={"id": video_id})

"""Plays what Runway made. A row may name any address: looking at a page must not make the browser ask it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TypeGuard
from urllib.parse import urlsplit

import streamlit as st

from lib.data import outputs
from lib.data.outputs import Copy
from lib.domain.address import is_domain_name
from lib.errors import DailiesError
from lib.operations.outputs import NotCopied, fetch
from lib.ui.kit.dashboard import running_app

_ALLOWED = "hosts-played-from"


def player(address: str | None) -> bool:
    """Whether there is something to show. From hosts of DAILIES_OUTPUT_HOSTS, and the simulator, at once;
    from others once somebody has said so."""
    if may_be_played(address):
        return play(address)
    host = web_host(address or "")
    if host is None:
        return False
    st.caption("The row names a video on a host that is not in DAILIES_OUTPUT_HOSTS.")
    st.button(f"Play it from `{host}`", icon=":material/play_circle:", on_click=_allow, args=(host,))
    return True


def may_be_played(address: str | None) -> TypeGuard[str]:
    """Whether looking at it may make somebody ask that host."""
    if not address:
        return False
    allowed = {each.strip().lower() for each in running_app().settings.output_hosts.split(",")}
    return _is_simulators(address) or web_host(address) in allowed | st.session_state.get(_ALLOWED, set())


def play(address: str) -> bool:
    """Whether it is still there."""
    content = _from_simulator(address) if _is_simulators(address) else address
    if content:
        st.video(content, alt="The generated video")
    return bool(content)


def _allow(host: str) -> None:
    st.session_state[_ALLOWED] = {*st.session_state.get(_ALLOWED, ()), host}


def web_host(address: str) -> str | None:
    """The host of an address on the web. None for anything else, which Streamlit would read as a path of this
    machine, and for what is in a private network."""
    try:
        parts = urlsplit(address)
        is_plain = parts.scheme == "https" and parts.port in (None, 443) and parts.username is None
    except ValueError:
        return None
    return parts.hostname if is_plain and is_domain_name(parts.hostname) else None


def _is_simulators(address: str) -> bool:
    app = running_app()
    if app.settings.runway_kind != "simulator" or app.client is None:
        return False
    return address.startswith(app.client.base_url.rstrip("/") + "/")


@st.cache_data(ttl=600, max_entries=32, show_spinner=False)
def _from_simulator(address: str) -> bytes | None:
    """Read by this process, so that it is seen on other machines too, which the simulator does not serve."""
    with tempfile.NamedTemporaryFile(prefix="dailies-preview-") as file:
        try:
            fetch(address, Path(file.name), running_app().runway.base_url, most_bytes=64 << 20)
        except NotCopied:
            return None
        return Path(file.name).read_bytes()


def copied_output(task_id: str | None) -> tuple[str, Copy] | None:
    """Where to watch the copy; None without one, or while its place cannot be asked."""
    if not task_id or not running_app().settings.outputs:
        return None
    copy = outputs.of_task(running_app().db, task_id)
    if copy is None or copy.path is None or copy.place is None:
        return None
    address = _address(copy.place, copy.path)
    return (address, copy) if address else None


@st.cache_data(ttl=600, max_entries=256, show_spinner=False)
def _address(place: str, path: str) -> str | None:
    try:
        storage = running_app().storage
        return storage.address(path) if storage and storage.name == place else None
    except DailiesError:  # then Runway's own address is shown
        return None

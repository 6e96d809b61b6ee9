"""The copy of a video's output, for the preview."""

from __future__ import annotations

import streamlit as st

from lib.data import outputs
from lib.data.outputs import Copy
from lib.errors import DailiesError
from lib.ui.kit.dashboard import running_app


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

"""Plays what Runway made, from where it is on the web."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

_THIS_MACHINE = ("127.0.0.1", "localhost")  # where the simulator serves


def player(address: str | None) -> bool:
    """Whether it can be shown. Only from the web: Streamlit reads anything else as a path of this machine."""
    if not address or not is_web(address):
        return False
    st.video(address, alt="The generated video")
    return True


def is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
    )

"""Repairs from the pages."""

from __future__ import annotations

import streamlit as st

from lib.data.videos import VideoDetails
from lib.ui.format import ACTION, cause_of


def action_button(row: VideoDetails) -> None:
    """The one action of the verdict."""
    verdict = row["verdict"] or {}
    action = cause_of(verdict.get("cause")).action
    st.button(ACTION[action], type="primary")

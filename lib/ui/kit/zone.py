"""In which zone times are shown: UTC, as logs have them, or the browser's. The address says which."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_PARAMETER, _BROWSERS = "zone", "browser"
_KEPT = "kept-zone"


def zone() -> tzinfo:
    """Outside a page it is UTC."""
    if get_script_run_ctx(suppress_warning=True) is None or st.query_params.get(_PARAMETER) != _BROWSERS:
        return UTC
    return _of_browser()


def zone_name() -> str:
    """`UTC`, `Europe/Berlin`."""
    return str(zone())


def _of_browser() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a browser may say what it likes
        return UTC


def keep_zone() -> None:
    """What was chosen holds on the next page too."""
    if st.session_state.get(_KEPT) and _PARAMETER not in st.query_params:
        st.query_params[_PARAMETER] = _BROWSERS
    st.session_state[_KEPT] = st.query_params.get(_PARAMETER) == _BROWSERS


def choose_zone() -> None:
    """One click changes it."""
    st.button(
        zone_name(),
        icon=":material/schedule:",
        type="tertiary",
        key="zone-button",
        on_click=_change,
        help=f"Times are in {zone_name()}. A click shows them in "
        + (f"your browser's zone, {_of_browser()}." if zone() is UTC else "UTC, as in logs."),
    )


def _change() -> None:
    st.session_state[_KEPT] = _PARAMETER not in st.query_params
    if st.session_state[_KEPT]:
        st.query_params[_PARAMETER] = _BROWSERS
    else:
        del st.query_params[_PARAMETER]

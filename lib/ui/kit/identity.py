"""Who Streamlit says is here: its sign-in through OpenID Connect, read on pages and before them.

What is read before any page runs is not part of Streamlit's public interface: its version is pinned, and
tests sign in for real.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.auth_util import encode_provider_token
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

from lib.domain.access import Claims
from lib.settings import Settings


def claims() -> Claims | None:
    """Of the page that runs now; None where nobody is signed in."""
    user = st.user.to_dict()
    return user if user.get("is_logged_in") is True else None


def claims_of(cookies: Mapping[str, str]) -> Claims | None:
    """Of a request, by the signature of its cookie."""
    signed = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    if not signed:
        return None
    try:
        found: dict[str, Any] = json.loads(signed)
    except ValueError:
        return None
    return found if found.get("is_logged_in") is True else None


def ways_in(settings: Settings) -> dict[str, str]:
    """Each provider's name and the address that leads to it; the address is good for a few minutes."""
    auth = settings.auth or {}
    named = [name for name, value in auth.items() if isinstance(value, dict) and "client_id" in value]
    providers = (["default"] if "client_id" in auth else []) + named
    return {name: f"/auth/login?provider={encode_provider_token(name)}" for name in providers}


def streamlit_secrets(settings: Settings) -> dict[str, Any]:
    """What Streamlit's sign-in needs to be told; nothing without one."""
    if not settings.auth:
        return {}
    back = f"{(settings.address or '').rstrip('/')}/oauth2callback"
    return {"auth": {"redirect_uri": back, **settings.auth}}

"""Older and newer pages of a list that is paged by key."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st

PAGE = 50
Key = TypeVar("Key")


def turn_pages(what: str, trail: list[Key], shown: int, last: Key | None, *, more: bool) -> None:
    """`trail` holds the key of the last row of each page before, so that `Newer` goes back exactly."""
    first = len(trail) * PAGE + 1
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        st.caption(f"{what} {first:,} to {first + shown - 1:,}, newest first", width="content")
        st.button("Newer", icon=":material/chevron_left:", disabled=not trail, on_click=_back, args=(trail,))
        st.button(
            "Older",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=not more,
            on_click=trail.append,
            args=(last,),
        )


def _back(trail: list[Key]) -> None:
    if trail:  # a button can be clicked twice before it is disabled
        trail.pop()

"""Older and newer pages of a list that is paged by key. Which page it is stands in the address."""

from __future__ import annotations

import streamlit as st

from lib.ui.kit import address

PAGE = 50
_WAY = "pages-before"  # after -> what `after` was on the page before: Newer goes back exactly


def place() -> tuple[int, str | None]:
    """How many rows come before this page, and the key of the last of them."""
    skipped, _, key = st.query_params.get(address.PAGE, "").partition("~")
    return (int(skipped), key) if skipped.isdecimal() and len(skipped) < 10 and key else (0, None)


def turn_pages(
    what: str,
    shown: int,
    last: str | None,
    *,
    more: bool,
    of: str = "",
    order: str = ", newest first",
    ways: tuple[str, str] = ("Newer", "Older"),
) -> None:
    """`last`: the key of the last row shown; `of`: how many there are on all pages, where that is known."""
    skipped, _ = place()
    total = f" of {of}" if of else ""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        st.caption(f"{what} {skipped + 1:,} to {skipped + shown:,}{total}{order}", width="content")
        st.button(ways[0], icon=":material/chevron_left:", disabled=not skipped, on_click=_newer)
        st.button(
            ways[1],
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=not more,
            on_click=_older,
            args=(f"{skipped + shown}~{last}",),
        )


def _older(after: str) -> None:
    st.session_state.setdefault(_WAY, {})[after] = st.query_params.get(address.PAGE, "")
    address.put({address.PAGE: [after]})


def _newer() -> None:
    """To the first page where nobody came through the one before."""
    before = st.session_state.get(_WAY, {}).get(st.query_params.get(address.PAGE, ""), "")
    address.put({address.PAGE: [before] if before else []})

"""Text of others on a page: plain, and never so long that it is the page."""

from __future__ import annotations

import streamlit as st

CHARACTERS, LINES = 500, 12  # shown at once
EVIDENCE = 3_000, 40  # of lines of evidence, which people read one beside the other
_WHOLE = 320  # pixels of the rest, which scrolls


def outside_text(text: str, *, code: bool = False) -> None:
    """All of it where it is short, else its beginning and a way to the whole."""
    start = beginning(text, *(EVIDENCE if code else (CHARACTERS, LINES)))
    if len(start) == len(text):
        _draw(text, code=code)
        return
    with st.container(gap="xsmall"):
        _draw(f"{start}…", code=code)
        with st.expander(f"Show all {len(text):,} characters", icon=":material/unfold_more:"):
            st.code(text, language=None, wrap_lines=True, height=_WHOLE)


def beginning(text: str, characters: int = CHARACTERS, lines: int = LINES) -> str:
    """What is shown of it at once."""
    return "\n".join(text[: characters + 1].split("\n")[:lines])[:characters]


def _draw(text: str, *, code: bool) -> None:
    if code:
        st.code(text, language=None, wrap_lines=True)
    else:
        st.text(text)

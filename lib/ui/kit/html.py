"""Tables as HTML, for what Streamlit's own cannot show: real links, times to hover over, bars.

Everything from outside is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

import streamlit as st

from lib.domain.video import parse_time
from lib.ui.kit.format import age, exact

LONGEST = 160  # characters of a cell
LONGEST_PROSE = 2000
_CODE = re.compile("`([^`]{1,200})`")
# They turn the writing around, and with it what stands beside: shown as signs that do nothing.
_INERT = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")


def tone(text: str, color: str) -> str:
    return f'<b style="--tone:{color}">{escape(text)}</b>'


def text(value: str | None) -> str:
    """Cut; whole on hover."""
    shown = " ".join((value or "")[: 2 * LONGEST].translate(_INERT).split())
    return f'<span title="{escape(shown)}">{escape(shown[:LONGEST])}</span>' if shown else ""


def prose(value: str) -> str:
    """Sentences, of which others may have written a part; what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(value[:LONGEST_PROSE].translate(_INERT)))


def video(video_id: str | None) -> str:
    """A real link to its page."""
    return f'<a href="video?id={escape(video_id)}">{escape(video_id[:8])}</a>' if video_id else ""


def time(at: str | datetime | None, now: datetime) -> str:
    """How long ago; on hover, when exactly."""
    return titled_time(age(at, now), parse_time(at))


def titled_time(said: str, at: datetime | None) -> str:
    return f'<time title="{escape(exact(at))}">{escape(said)}</time>'


def table(label: str, heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> None:
    """`heads` are whole cells, `rows` what is inside of cells; `kind` is one more class of the table."""
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    classes = f"dailies-list {kind}".strip()
    st.html(
        f'<div class="{classes}" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<table><thead><tr>{''.join(heads)}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def facts(known: Mapping[str, str]) -> None:
    """Names and what they are, whole, with its lines."""
    pairs = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value.translate(_INERT))}</dd>" for name, value in known.items()
    )
    st.html(f'<dl class="dailies-facts">{pairs}</dl>')


def said(*parts: str) -> None:
    """A line in small letters."""
    st.html(f'<p class="dailies-said">{" · ".join(filter(None, parts))}</p>', width="content")

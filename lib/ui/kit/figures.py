"""Figures that are read at a glance, each with what it means and how it went.

As HTML: Streamlit's own come with scripts that a page would wait for. A trend is drawn for the eye alone: the
figure says it in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import streamlit as st


class Figure(NamedTuple):
    """`trend`: how the value came to be, in equal steps; bars where it is counted, else a line."""

    label: str
    value: str
    words: str = ""
    trend: Sequence[float] = ()
    is_line: bool = False


def figures(label: str, shown: Sequence[Figure], rows: Mapping[str, tuple[str, str]] | None = None) -> None:
    """Side by side. `rows`: a small table behind them, of each its value and the rest of the sentence."""
    parts = [*map(_figure, shown)]
    if rows:
        lines = (
            f'<tr><th scope="row">{escape(name)}</th>'
            f"<td><strong>{escape(value)}</strong>{escape(rest)}</td></tr>"
            for name, (value, rest) in rows.items()
        )
        parts.append(f'<div class="rows"><table>{"".join(lines)}</table></div>')
    st.html(f'<div class="dailies-figures" role="group" aria-label="{escape(label)}">{"".join(parts)}</div>')


def _figure(figure: Figure) -> str:
    label, value, words, trend, is_line = figure
    drawn = (_line if is_line else bars)(trend) if any(trend) else ""
    return f"<div><span>{escape(label)}</span><b>{escape(value)}</b><span>{escape(words)}</span>{drawn}</div>"


def bars(values: Sequence[float]) -> str:
    """One is more than 0."""
    most = max(values)
    each = "".join(f'<s style="height:{100 * value / most:.1f}%"></s>' for value in values)
    return f'<div class="dailies-bars" aria-hidden="true">{each}</div>'


def _line(values: Sequence[float]) -> str:
    """Drawn there and a little lower back again: a line is an area that is thin."""
    low, high = min(values), max(values)
    step, span = 100 / max(len(values) - 1, 1), (high - low) or 1
    points = [(n * step, 90 * (high - value) / span) for n, value in enumerate(values)]
    back = [(x, y + 10) for x, y in reversed(points)]
    shape = ", ".join(f"{x:.1f}% {y:.1f}%" for x, y in points + back)
    return f'<div class="dailies-line" style="clip-path:polygon({shape})" aria-hidden="true"></div>'

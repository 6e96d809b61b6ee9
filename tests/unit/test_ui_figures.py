"""Figures as HTML: what others wrote is text, a trend stays in its frame, and nobody hears it twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
import streamlit as st

from lib.ui.kit.figures import Figure, figures


def drawn(
    monkeypatch: pytest.MonkeyPatch, *shown: Figure, rows: dict[str, tuple[str, str]] | None = None
) -> str:
    said: list[str] = []
    monkeypatch.setattr(st, "html", said.append)
    figures("Figures", shown, rows)
    return "".join(said)


def test_what_stands_in_a_figure_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = "<img src=x onerror=alert(1)>"
    html = drawn(monkeypatch, Figure(bad, bad, bad), rows={bad: (bad, bad)})
    assert "<img" not in html
    assert html.count("&lt;img") == 6


@pytest.mark.parametrize("is_line", [False, True])
@pytest.mark.parametrize("trend", [[1], [5, 5, 5], [0, 0, 7], [1e9, 1, 0.001], list(range(1, 400))])
def test_a_trend_stays_within_its_frame(
    monkeypatch: pytest.MonkeyPatch, trend: Sequence[float], is_line: bool
) -> None:
    html = drawn(monkeypatch, Figure("Videos", "7", trend=trend, is_line=is_line))
    assert 'aria-hidden="true"' in html
    if is_line:
        points = re.findall(r"([\d.-]+)% ([\d.-]+)%", html)
        assert len(points) == 2 * len(trend)
        assert all(0 <= float(each) <= 100 for point in points for each in point)
    else:
        heights = [float(height) for height in re.findall(r"height:([\d.-]+)%", html)]
        assert len(heights) == len(trend)
        assert min(heights) >= 0
        assert max(heights) == 100


@pytest.mark.parametrize("trend", [[], [0, 0, 0]])
def test_where_nothing_happened_no_trend_is_drawn(
    monkeypatch: pytest.MonkeyPatch, trend: list[float]
) -> None:
    assert "aria-hidden" not in drawn(monkeypatch, Figure("Videos", "0", trend=trend))

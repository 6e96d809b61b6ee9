"""The list of videos follows the clock only while nobody holds a place in it."""

from __future__ import annotations

import pytest

from lib.ui.views.videos import is_live


@pytest.mark.parametrize(
    ("query", "live"),
    [
        ({"window": ["24h"], "trouble": ["stuck"]}, True),
        ({"window": ["24h"], "after": ["50~x"]}, False),
        ({"window": ["24h"], "until": ["2026-01-02T03:04"]}, False),
        ({"sort": ["cause"]}, False),
        ({"q": ["asset"]}, False),
        ({"outputs": ["yes"]}, False),
    ],
)
def test_rows_move_only_on_the_first_page_of_now(query: dict[str, list[str]], live: bool) -> None:
    assert is_live(query) is live

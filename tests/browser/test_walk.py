"""In whatever order people click, write, go back and reload: nothing breaks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.walk import Walker

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]


def test_a_walk_at_random_breaks_nothing(page: Page, own_address: str) -> None:
    """It repairs, resolves and deletes."""
    walker = Walker(page, own_address, seed=20)
    walker.walk(300)
    assert walker.wrong == [], walker.done[-20:]

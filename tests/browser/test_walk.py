"""In whatever order people click, write, go back and reload: nothing breaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import running
from tests.browser.walk import Walker

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]


def test_a_walk_at_random_breaks_nothing(page: Page, tmp_path: Path) -> None:
    """On a history of its own: it repairs, resolves and deletes what other tests look for."""
    with running(tmp_path) as address:
        walker = Walker(page, address, seed=20)
        walker.walk(300)
    assert walker.wrong == [], walker.done[-20:]

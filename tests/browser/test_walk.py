"""In whatever order people click, write, go back and reload: nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import on_history
from tests.browser.walk import Walker

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]


@pytest.fixture(scope="module")
def walked(history: Path, open_folder: Path) -> Iterator[str]:
    """Walks repair, resolve and delete: the next one begins at what the one before has left."""
    with on_history(history, open_folder) as url:
        yield url


@pytest.mark.parametrize("seed", [20, 21, 22])
def test_a_walk_at_random_breaks_nothing(page: Page, walked: str, seed: int) -> None:
    walker = Walker(page, walked, seed)
    walker.walk(100)
    assert walker.wrong == [], walker.done[-20:]

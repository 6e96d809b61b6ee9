"""Everybody can read and reach every page: axe-core finds nothing serious, and the keyboard is enough."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.looking import expect_no_exception, open_page, settle

pytestmark = pytest.mark.browser

PAGES = ("overview", "videos", "stages", "errors", "recover", "audit", "generate", "environment")
WIDTHS = (1280, 420)


def expect_readable(page: Page) -> None:
    """At both widths."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        settle(page)
        found = [
            (rule["id"], node["html"][:200], node["failureSummary"])
            for rule in Axe().run(page).response["violations"]
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]
        assert found == [], f"{page.url} at {width} pixels"
    page.set_viewport_size({"width": WIDTHS[0], "height": 1000})


@pytest.mark.parametrize("name", PAGES)
def test_nothing_serious_is_wrong_with_a_page(page: Page, address: str, name: str) -> None:
    open_page(page, f"{address}/{name}?window=14d")
    expect_readable(page)


@pytest.mark.parametrize("name", ["video", "incident"])
def test_nothing_serious_is_wrong_with_what_the_overview_leads_to(
    page: Page, address: str, name: str
) -> None:
    open_page(page, f"{address}/overview?window=14d")
    page.locator(f'a[href*="{name}?"]').first.click()
    expect(page.get_by_role("heading", name=name.capitalize(), exact=True)).to_be_visible()
    settle(page)
    expect_readable(page)


@pytest.mark.parametrize("theme", ["light"])
def test_keys_lead_everywhere_and_say_so(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=14d")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("the next or the previous video")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)

    page.keyboard.press("j")
    page.keyboard.press("j")
    videos = page.locator('a[href*="video?id="]:visible')
    expect(videos.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(videos.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Video", exact=True)).to_be_visible()
    settle(page)

    page.keyboard.press("g")
    page.keyboard.press("v")
    expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    settle(page)
    assert re.search(r"/videos\?window=14d$", page.url)  # the session goes on
    page.go_back()
    expect(page.get_by_role("heading", name="Video", exact=True)).to_be_visible()
    settle(page)
    expect_no_exception(page)


@pytest.mark.parametrize("theme", ["light"])
def test_whoever_types_a_word_is_not_taken_elsewhere(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d")
    page.locator(".st-key-q input").fill("")
    page.locator(".st-key-q input").press_sequentially("jog?")
    assert page.locator(".st-key-q input").input_value() == "jog?"
    expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)

"""Everybody can reach every page: the keyboard is enough, and takes nobody where they did not want to go."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import expect_no_exception, open_page, settle

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["light"])
def test_keys_lead_everywhere_and_say_so(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=14d")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("the next or the previous video")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)

    page.keyboard.press(":")
    page.keyboard.type("late")
    expect(page.get_by_role("dialog", name="Commands").get_by_role("button")).to_have_text(["Latency"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Latency", exact=True)).to_be_visible()
    settle(page)
    page.go_back()
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    settle(page)

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

"""The list of videos: searched in words, sorted as a whole, kept as a view, opened by real links."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import cell, expect_no_exception, listed, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]


def search(page: Page, text: str) -> None:
    page.locator(".st-key-q input").fill(text)
    page.keyboard.press("Enter")
    settle(page)


def test_a_search_in_words_fills_the_filters_and_is_counted(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d")
    search(page, "status:failed cause:moderated window:all flagged")
    assert page.url.endswith("/videos?window=all&q=flagged&status=failed&cause=moderated")
    expect(page.locator(".st-key-q input")).to_have_value("flagged")
    expect(page.get_by_text(re.compile(r"Videos 1 to \d+ of \d+, newest first"))).to_be_visible()
    assert "Moderated" in cell(page, 0, 3)
    search(page, "status:faild")
    expect(page.get_by_text("status:faild is unknown. Possible: failed")).to_be_visible()
    expect_no_exception(page)


def test_a_heading_sorts_all_pages_of_the_list(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d")
    page.get_by_role("link", name="Status").click()
    expect(page.get_by_role("columnheader", name="Status ↑")).to_be_visible()
    settle(page)
    first = cell(page, 0, 2)
    page.get_by_role("link", name="Status ↑").click()
    expect(page.get_by_role("columnheader", name="Status ↓")).to_be_visible()
    settle(page)
    assert page.url.endswith("sort=-status")
    assert cell(page, 0, 2) != first
    page.go_back()
    expect(page.get_by_role("columnheader", name="Status ↑")).to_be_visible()
    settle(page)
    assert cell(page, 0, 2) == first


def test_an_id_is_a_link_that_a_new_tab_can_open(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d")
    link = listed(page).nth(2).get_by_role("link")
    with page.context.expect_page() as opened:
        link.click(button="middle")
    expect(opened.value.get_by_role("heading", name="Video", exact=True)).to_be_visible()
    assert "/videos" in page.url


def test_a_list_is_read_on_from_video_to_video(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d&trouble=failed")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = cell(page, 1, 0)
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of ", exact=False).first).to_be_visible()
    settle(page)
    assert second in page.url
    page.locator(".st-key-neighbours").get_by_role("link", name="Next").first.click()
    expect(page.get_by_text("3 of ", exact=False).first).to_be_visible()
    settle(page)
    page.locator(".st-key-neighbours").get_by_role("link", name="The list").first.click()
    expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    settle(page)
    assert page.url.endswith("/videos?window=14d&trouble=failed")
    expect_no_exception(page)


def test_a_view_brings_a_list_back_for_everybody(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d&trouble=failed&sort=cause")
    page.locator(".st-key-views button").first.click()
    page.get_by_label("Name of this view").fill("Failed by cause")
    page.get_by_role("button", name="Save this view").click()
    settle(page)
    open_page(page, f"{address}/videos?window=1h")
    page.locator(".st-key-views button").first.click()
    page.get_by_role("button", name="Failed by cause").click()
    settle(page)
    assert page.url.endswith("/videos?window=14d&trouble=failed&sort=cause")
    expect_no_exception(page)

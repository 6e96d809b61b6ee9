"""The job Dailies exists for: a stuck video found, understood and repaired, by hand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import cell, click_row, expect_no_exception, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]
SUCCEEDS = 120_000  # milliseconds a video may take


def test_a_stuck_video_is_found_read_retried_and_succeeds(page: Page, address: str) -> None:
    open_page(page, address)
    page.get_by_role("link", name="Videos", exact=False).first.click()
    settle(page)
    page.locator(".st-key-window").get_by_text("14d").click()
    page.locator(".st-key-trouble").get_by_text("Stuck").click()
    settle(page)
    open_page(page, f"{page.url}&cause=function_terminated")
    short_id = cell(page, 0, 0).split()[-1]
    click_row(page, 0)

    expect(page.get_by_role("heading", name="Function terminated")).to_be_visible()
    settle(page)
    assert short_id in page.url
    verdict = page.locator(".st-key-verdict")
    expect(verdict).to_contain_text("runway_video_id")
    expect(verdict).to_contain_text("Retry")

    page.locator(".st-key-repair button").click()
    expect(page.get_by_role("dialog")).to_contain_text("25 credits")
    page.locator(".st-key-confirm-retry button").click()

    expect(verdict).to_contain_text("created task", timeout=30_000)
    expect(verdict).to_contain_text("Succeeded", timeout=SUCCEEDS)
    expect(page.locator("video")).to_be_visible()
    expect_no_exception(page)


def test_a_new_video_survives_a_double_click_and_a_reload(page: Page, address: str) -> None:
    open_page(page, f"{address}/generate")
    page.locator(".st-key-generate button").dblclick()
    progress = page.locator(".st-key-progress")
    expect(progress).to_be_visible()
    page.reload()
    expect(progress).to_contain_text("succeeded", timeout=SUCCEEDS)
    expect(progress.locator("video")).to_be_visible()
    settle(page)
    progress.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/video"))
    expect(page.get_by_role("tab", name="Attempts (1)")).to_be_visible()
    expect_no_exception(page)


def test_stuck_videos_are_repaired_together_after_their_cost_was_shown(page: Page, address: str) -> None:
    open_page(page, f"{address}/recover?cause=function_terminated")
    click_row(page, 1, x=16)
    click_row(page, 2, x=16)
    settle(page)
    page.locator(".st-key-repair-many button").click()
    expect(page.get_by_role("dialog")).to_contain_text("2 videos: retry")
    page.get_by_role("button", name="Repair 2 videos for 50 credits ($0.50)").click()
    ended = page.locator(".st-key-batch-ended")
    expect(ended).to_contain_text("2 of 2 videos repaired", timeout=60_000)
    page.reload()
    expect(ended).to_contain_text("50 credits ($0.50) spent")
    expect_no_exception(page)


def test_all_that_is_free_is_repaired_with_one_click_and_a_double_click(page: Page, address: str) -> None:
    open_page(page, f"{address}/recover")
    button = page.locator(".st-key-repair-free button").first
    number = re.search(r"Repair the (\d+) free", button.inner_text())
    assert number
    button.dblclick()
    ended = page.locator(".st-key-batch-ended")
    expect(ended).to_contain_text("nothing spent", timeout=120_000)
    expect(ended).to_contain_text(f"of {number[1]} videos repaired")
    expect_no_exception(page)

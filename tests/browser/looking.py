"""How the tests look at a page: what to wait for and where to click."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

IDLE = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
ROW, HEADER = 32, 32  # pixels, as in lib/ui/kit/tables.py


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    settle(page)


def settle(page: Page) -> None:
    """Until the script has run and everything is drawn. A run begins some 100 ms after its click."""
    page.wait_for_timeout(300)
    page.locator(IDLE).wait_for(state="attached")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=30_000)  # a busy machine draws slowly


# Streamlit's own error page, and ours for what nobody foresaw.
BROKEN = '[data-testid="stException"], [class*="st-key-unexpected"]'


def expect_no_exception(page: Page) -> None:
    expect(page.locator(BROKEN)).to_have_count(0)


def listed(page: Page) -> Locator:
    """The rows of the first list of videos."""
    return page.locator(".dailies-list").first.locator("tbody tr")


def cell(page: Page, row: int, column: int) -> str:
    """The text of a cell of the first list or table; that one is drawn on a canvas, with a table to read."""
    if page.locator(".dailies-list:visible").count():
        return listed(page).nth(row).locator("td").nth(column).inner_text()
    return page.get_by_test_id(f"glide-cell-{column}-{row}").first.inner_text()


def click_row(page: Page, row: int, x: int = 50) -> None:
    """A row of the first table, `x` pixels from its left, on a canvas under a scroller; or a list's link."""
    if page.locator(".dailies-list:visible").count():
        listed(page).nth(row).get_by_role("link").first.click()
        return
    page.get_by_test_id("stDataFrame").first.locator("canvas").first.click(
        position={"x": x, "y": HEADER + ROW * row + ROW // 2}, force=True
    )

"""Every page draws itself in both themes: no error, nothing fetched from elsewhere, no script refused."""

from __future__ import annotations

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.browser.looking import expect_no_exception, open_page

PAGES = (
    "overview",
    "videos",
    "stages",
    "errors",
    "recover",
    "audit",
    "audit",
    "generate",
    "environment",
    "video",
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_drawn_without_an_error_and_without_the_internet(
    page: Page, address: str, name: str
) -> None:
    elsewhere: list[str] = []
    refused: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            elsewhere.append(request.url)

    def note_refusal(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    page.on("request", note_request)
    page.on("console", note_refusal)
    open_page(page, f"{address}/{name}")
    expect(page.get_by_role("heading", name=name.capitalize(), exact=True)).to_be_visible()
    expect_no_exception(page)
    assert not elsewhere
    assert not refused


@pytest.mark.parametrize("theme", ["light"])
def test_the_front_door_leads_to_the_overview(page: Page, address: str) -> None:
    open_page(page, address)
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stAlert").first).to_contain_text("stuck")


@pytest.mark.parametrize("theme", ["light"])
def test_a_view_is_shared_by_its_address(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d&trouble=Failed&cause=Moderated")
    expect(page.locator(".st-key-window")).to_contain_text("14d")
    expect(page.locator(".st-key-cause")).to_contain_text("Moderated")


@pytest.mark.parametrize("theme", ["dark"])
@pytest.mark.parametrize("name", ["overview", "videos", "recover"])
def test_on_a_phone_nothing_sticks_out(page: Page, address: str, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, f"{address}/{name}")
    expect_no_exception(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390

"""Every page can be read by everybody, in both themes: no error, nothing serious that axe-core finds, nothing
fetched from elsewhere, no script refused."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request, Response, expect

from tests.browser.looking import cell, expect_no_exception, listed, open_page, settle

PAGES = (
    "overview",
    "videos",
    "stages",
    "errors",
    "latency",
    "recover",
    "audit",
    "generate",
    "environment",
    "video",
)
WIDTHS = (1280, 420)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read_the_page_and_it_needs_no_internet(page: Page, address: str, name: str) -> None:
    elsewhere: list[str] = []
    refused: list[str] = []
    missing: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            elsewhere.append(request.url)

    def note_refusal(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    def note_missing(response: Response) -> None:
        if response.status >= 400:
            missing.append(response.url)

    page.on("request", note_request)
    page.on("response", note_missing)
    page.on("console", note_refusal)
    open_page(page, f"{address}/{name}?window=14d")
    expect(page.get_by_role("heading", name=name.capitalize(), exact=True)).to_be_visible()
    expect_no_exception(page)
    expect_readable(page)
    assert not elsewhere
    assert not refused
    assert not missing


@pytest.mark.parametrize("name", ["video", "incident"])
def test_everybody_can_read_what_the_overview_leads_to(page: Page, address: str, name: str) -> None:
    open_page(page, f"{address}/overview?window=14d")
    page.locator(f'a[href*="{name}?"]').first.click()
    expect(page.get_by_role("heading", name=name.capitalize(), exact=True)).to_be_visible()
    settle(page)
    expect_readable(page)


def expect_readable(page: Page) -> None:
    """At both widths axe-core finds nothing serious, and on a phone nothing sticks out."""
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
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width, (
            f"{page.url} at {width} pixels"
        )


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


@pytest.mark.parametrize("theme", ["light"])
def test_an_incident_answers_what_changed_and_leads_to_its_videos(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=14d")
    page.get_by_role("link", name="Out of credits").first.click()
    incident = page.locator(".st-key-incident")
    expect(incident).to_contain_text("What changed")
    settle(page)
    open_page(page, page.url)  # it is shared by its address
    page.locator(".st-key-incident-links").get_by_role("link", name="of them").click()
    expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    settle(page)
    assert "until=" in page.url
    expect(page.locator(".st-key-cause")).to_contain_text("Out of credits")
    assert "Out of credits" in cell(page, 0, 3)
    expect_no_exception(page)
    page.go_back()
    expect(incident).to_contain_text("What changed")


@pytest.mark.parametrize("theme", ["light"])
def test_on_a_phone_no_link_loses_its_end(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 420, "height": 900})
    open_page(page, f"{address}/errors?window=14d")
    page.locator(".dailies-list td a", has_text="This request was flagged").first.click()
    expect(page.get_by_text("Users of its videos")).to_be_visible()
    settle(page)
    cut = """() => [...document.querySelectorAll('[data-testid="stPageLink-NavLink"] span')]
        .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.innerText)"""
    page.wait_for_function(f"() => ({cut})().length === 0")


@pytest.mark.parametrize("theme", ["light"])
def test_a_window_that_ended_is_shared_kept_and_left_by_back(page: Page, address: str) -> None:
    """Nothing is that old: one click leads to the newest video."""
    open_page(page, f"{address}/videos?window=24h&until=2025-11-13T15:30:05Z")
    end = page.locator(".st-key-window-until button").first
    expect(end).to_contain_text("13 Nov 2025 15:30")
    page.locator(".st-key-show-newest button").click()
    expect(listed(page).first).to_be_visible()
    settle(page)
    there = page.url.split("until=")[1]
    page.get_by_role("link", name="Errors").first.click()
    expect(page.get_by_role("heading", name="Errors", exact=True)).to_be_visible()
    settle(page)
    assert page.url.endswith(there)
    open_page(page, f"{address}/overview")
    page.locator(".st-key-window").get_by_text("14d").click()
    settle(page)
    assert "window=14d" in page.url
    page.go_back()
    settle(page)
    assert "window=24h" in page.url
    expect(end).to_contain_text("Now")


@pytest.mark.parametrize("theme", ["light"])
def test_what_is_found_in_pasted_variables_stays_until_it_is_closed(page: Page, address: str) -> None:
    open_page(page, f"{address}/environment")
    page.wait_for_timeout(4_000)  # what was found is then old, so the page asks again and draws itself anew
    field = page.get_by_test_id("stChatInput").locator("textarea")
    field.fill("RUNWAY_API_KEY=key_of_nobody")
    field.press("Enter")
    pasted = page.locator(".st-key-pasted")
    expect(pasted).to_contain_text("RUNWAY_API_KEY")
    page.wait_for_timeout(4_000)
    settle(page)
    expect(pasted).to_contain_text("RUNWAY_API_KEY")
    assert "key_of_nobody" not in page.content()
    pasted.get_by_role("button", name="Close").click()
    expect(pasted).to_have_count(0)
    expect_no_exception(page)

"""What a page shows stands in its address: Back, Forward, reload and a shared link show the same again."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import cell, click_row, expect_no_exception, listed, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]


def choose(page: Page, control: str, label: str) -> None:
    """A segment of a control."""
    page.locator(f".st-key-{control}").get_by_text(label, exact=True).click()
    settle(page)


def choose_from_list(page: Page, control: str, label: str) -> None:
    page.locator(f".st-key-{control} input").click()
    page.keyboard.type(label)
    page.get_by_role("option", name=label).click()
    page.keyboard.press("Escape")
    settle(page)


def test_videos_are_filtered_first_and_then_looked_at_over_a_longer_time(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos")
    choose(page, "trouble", "Failed")
    choose_from_list(page, "cause", "Moderated")
    page.locator(".st-key-q input").fill("flagged")
    page.keyboard.press("Enter")
    settle(page)
    choose(page, "window", "14d")
    expect_no_exception(page)
    assert page.url.endswith("/videos?window=14d&trouble=failed&cause=moderated&q=flagged")
    assert "Moderated" in cell(page, 0, 3)


def test_stages_are_filtered_first_and_then_looked_at_over_a_longer_time(page: Page, address: str) -> None:
    open_page(page, f"{address}/stages")
    page.locator(".st-key-missing").get_by_text("Only videos with a missing stage").click()
    settle(page)
    choose(page, "window", "14d")
    choose_from = page.locator(".st-key-flow").get_by_text(re.compile("async-fetch"))
    choose_from.click()
    settle(page)
    choose(page, "window", "7d")
    expect_no_exception(page)
    assert page.url.endswith("/stages?window=7d&missing=yes&flow=async-fetch")


@pytest.mark.parametrize(
    ("path", "control", "label", "written"),
    [
        ("videos?window=14d", "trouble", "Stuck", "trouble=stuck"),
        ("recover", "repairable", "Failed", "repairable=failed"),
    ],
)
def test_back_from_a_video_shows_the_list_as_it_was(
    page: Page, address: str, path: str, control: str, label: str, written: str
) -> None:
    open_page(page, f"{address}/{path}")
    choose(page, control, label)
    choose_from_list(page, "cause", "Function timed out" if control == "trouble" else "Moderated")
    before, first = page.url, cell(page, 0, 1 if control == "repairable" else 0)
    assert written in before
    click_row(page, 0)
    expect(page.get_by_role("heading", name="Video", exact=True)).to_be_visible()
    settle(page)
    video = page.url

    page.go_back()
    settle(page)
    assert page.url == before
    assert cell(page, 0, 1 if control == "repairable" else 0) == first
    page.go_forward()
    settle(page)
    assert page.url == video
    page.go_back()
    settle(page)
    page.reload()
    settle(page)
    assert page.url == before
    assert cell(page, 0, 1 if control == "repairable" else 0) == first
    page.go_back()
    settle(page)
    assert "cause=" not in page.url  # one step of Back for one step forward
    assert written in page.url
    expect_no_exception(page)


def test_one_click_is_one_step_for_back(page: Page, address: str) -> None:
    open_page(page, address)
    overview = page.url
    assert overview.endswith("/overview?window=24h")
    choose(page, "window", "7d")
    page.get_by_role("link", name="Videos").first.click()
    expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    settle(page)
    assert page.url.endswith("/videos?window=7d")
    page.go_back()
    settle(page)
    assert page.url.endswith("/overview?window=7d")
    page.go_back()
    settle(page)
    assert page.url == overview
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()


def test_an_older_page_of_a_list_is_left_by_back_and_kept_by_reload(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d")
    first = listed(page).first.locator("td").first
    newest = first.inner_text()
    page.get_by_role("button", name="Older").click()
    expect(first).not_to_have_text(newest)
    second = first.inner_text()
    page.reload()
    expect(first).to_have_text(second)
    settle(page)
    page.get_by_role("button", name="Older").click()
    expect(first).not_to_have_text(second)
    page.go_back()
    expect(first).to_have_text(second)
    settle(page)
    page.get_by_role("button", name="Newer").click()
    expect(first).to_have_text(newest)
    choose(page, "trouble", "Failed")
    assert "after=" not in page.url


def test_two_filters_chosen_at_once_are_both_kept(page: Page, address: str) -> None:
    """The second click comes before the browser has heard of the address the first one made."""
    open_page(page, f"{address}/videos")
    page.locator(".st-key-window").get_by_text("14d").click(no_wait_after=True)
    page.locator(".st-key-trouble").get_by_text("Stuck").click(no_wait_after=True)
    settle(page)
    assert page.url.endswith("/videos?window=14d&trouble=stuck")


def test_a_video_is_found_from_any_page_by_the_beginning_of_its_id(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d&after=&trouble=failed")
    click_row(page, 0)
    expect(page.get_by_role("heading", name="Video", exact=True)).to_be_visible()
    settle(page)
    video = page.url
    video_id = video.partition("id=")[2]

    open_page(page, f"{address}/environment")
    page.keyboard.press("/")
    page.keyboard.type(video_id[:10])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Video", exact=True)).to_be_visible()
    settle(page)
    assert page.url == video

    page.locator(".st-key-find input").fill("no-such-id")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No video has such an id or task")).to_be_visible()
    expect(page.get_by_text("No video of all time holds this text")).to_be_visible()
    settle(page)
    assert page.url == f"{address}/videos?q=no-such-id&window=all"

    page.locator(".st-key-find input").fill(f"videoId: '{video_id}',")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Video", exact=True)).to_be_visible()
    settle(page)
    assert page.url == video


def test_the_search_of_the_list_finds_an_id_beyond_its_window(page: Page, address: str) -> None:
    open_page(page, f"{address}/videos?window=14d&trouble=failed")
    click_row(page, 5)
    settle(page)
    video_id = page.url.partition("id=")[2]
    open_page(page, f"{address}/videos?window=1m")
    page.locator(".st-key-q input").fill(video_id)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Found by id, of all times")).to_be_visible()
    settle(page)
    assert cell(page, 0, 0).endswith(video_id[:8])


def test_an_error_group_opens_as_many_videos_as_it_counts(page: Page, address: str) -> None:
    open_page(page, f"{address}/errors?window=14d")
    click_row(page, 0)
    opener = page.get_by_role("link", name=re.compile(r"^Open its [\d,]+ video"))
    number = int(re.sub(r"\D", "", opener.inner_text()))
    group = page.url
    opener.click()
    expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    settle(page)
    expect_no_exception(page)
    expect(page.get_by_text(f"Videos 1 to {min(number, 50)} of {number}, newest first")).to_be_visible()
    page.go_back()
    settle(page)
    assert page.url == group


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_all_videos_of_a_filter_are_exported_not_the_page_that_is_shown(
    page: Page, address: str, kind: str
) -> None:
    open_page(page, f"{address}/videos?window=14d&trouble=failed")
    with page.expect_download() as started:
        page.locator(f".st-key-export-{kind} button").click()
    content = Path(started.value.path())
    videos = getattr(pd, f"read_{kind}")(content)
    assert len(videos) > 50
    assert set(videos["status"]) == {"failed"}
    assert videos["id"].is_unique
    expect_no_exception(page)

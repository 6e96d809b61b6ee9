"""What figures say: of what, the same everywhere; and a click on them opens exactly what they count."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import click_row, expect_no_exception, open_page, settle
from tests.browser.test_main_job import SUCCEEDS

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]


def metric(page: Page, label: str) -> str:
    found = page.locator(".dailies-figures > div").filter(has=page.get_by_text(label, exact=True))
    return found.locator("b").inner_text()


def opened_videos(page: Page) -> list[dict[str, Any]]:
    """All that the list of the page holds, beyond its first fifty."""
    expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    settle(page)
    expect_no_exception(page)
    with page.expect_download() as started:
        page.locator(".st-key-export-json button").click()
    rows: list[dict[str, Any]] = json.loads(Path(started.value.path()).read_text())
    return rows


def number(text: str) -> int:
    found = re.search(r"\d[\d,]*", text)
    assert found, text
    return int(found[0].replace(",", ""))


def test_what_is_stuck_is_one_number_and_opens_exactly_those(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=24h")
    total = number(metric(page, "Stuck now"))
    links = page.locator(".st-key-stuck-links").get_by_role("link").all()
    assert total == sum(number(link.inner_text()) for link in links)

    page.get_by_role("link", name=re.compile("needs? repair$")).click()
    older = opened_videos(page)
    assert all(row["stuck"] for row in older)
    page.go_back()
    settle(page)
    page.get_by_role("link", name=re.compile("stuck from the last hour$")).click()
    recent = opened_videos(page)
    assert len(older) + len(recent) == total
    page.go_back()
    settle(page)
    page.get_by_role("link", name=f"All {total} that are stuck now").click()
    assert {row["id"] for row in opened_videos(page)} == {row["id"] for row in older + recent}

    health = httpx.get(f"{address}/api/health", trust_env=False).json()["parts"]["videos"]
    assert health["stuck"] == total
    samples = httpx.get(f"{address}/metrics", trust_env=False).text
    assert f"dailies_videos_stuck {total}.0" in samples.splitlines()
    page.get_by_role("link", name="Recover", exact=False).first.click()
    settle(page)
    expect(page.get_by_text(f"{total} stuck", exact=True)).to_be_visible()


def test_whether_it_is_healthy_now_is_answered_from_the_last_hour(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=7d")
    said = page.get_by_test_id("stAlert").first
    expect(said).to_contain_text("from the last hour")
    expect(said).to_contain_text("The usual success rate is")
    expect(said).to_contain_text("median of")
    expect(page.get_by_text("Every video succeeded")).to_have_count(0)


def test_all_in_trouble_opens_as_many_as_it_says(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=14d")
    link = page.get_by_role("link", name=re.compile(r"^\S* ?All [\d,]+ videos in trouble"))
    announced = number(link.inner_text())
    bars = [number(each) for each in page.locator(".st-key-causes .bartext").all_text_contents()]
    rest = page.get_by_text(re.compile(r"^And \d+ more causes?, of")).inner_text()
    assert sum(bars) + number(rest.partition("of")[2]) == announced
    link.click()
    assert len(opened_videos(page)) == announced


@pytest.mark.parametrize("nth", [0, 3, 6])
def test_an_incident_has_the_same_figures_wherever_it_is_told(page: Page, address: str, nth: int) -> None:
    open_page(page, f"{address}/overview?window=14d")
    link = page.get_by_role("link", name=re.compile("videos? of .* between")).nth(nth)
    told = re.search(r"([\d,]+) of ([\d,]+) videos? .* between (.*)", link.inner_text())
    assert told
    link.click()
    expect(page.get_by_role("heading", name="Incident", exact=True)).to_be_visible()
    settle(page)
    figures = page.locator(".st-key-incident")
    expect(figures).to_contain_text(told[0])
    trouble = page.locator(".dailies-figures > div").last  # of whatever cause: this one's among them
    expect(trouble).to_contain_text(f"of {told[2]} video")
    in_trouble = re.search(r"([\d,]+) of", trouble.inner_text())
    assert in_trouble
    assert number(in_trouble[1]) >= number(told[1])
    page.get_by_role("link", name=f"All {told[1]} of them").click()
    assert len(opened_videos(page)) == number(told[1])


def test_an_incident_of_killed_functions_says_what_to_change_in_the_app(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=14d")
    page.get_by_role("link", name=re.compile("Function terminated")).first.click()
    expect(page.get_by_role("heading", name="Incident", exact=True)).to_be_visible()
    settle(page)
    figures = page.locator(".st-key-incident")
    for word in ("before you answer the request", "waitUntil", "maxDuration"):
        expect(figures).to_contain_text(word)


def test_a_sample_counts_nowhere_until_it_is_asked_for(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=1h")
    before = number(metric(page, "Videos"))
    open_page(page, f"{address}/generate")
    page.locator(".st-key-generate button").click()
    progress = page.locator(".st-key-progress")
    expect(progress).to_contain_text("succeeded", timeout=SUCCEEDS)
    settle(page)
    progress.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/video"))
    made = page.url.partition("id=")[2]

    open_page(page, f"{address}/videos?window=1h")
    assert made not in {row["id"] for row in opened_videos(page)}
    page.locator(".st-key-own").get_by_text("Samples").click()
    settle(page)
    assert page.url.endswith("/videos?window=1h&own=yes")
    assert made in {row["id"] for row in opened_videos(page)}
    page.get_by_role("link", name="Overview", exact=False).first.click()
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    settle(page)
    assert "own=yes" in page.url
    with_samples = number(metric(page, "Videos"))
    page.locator(".st-key-own").get_by_text("Samples").click()
    settle(page)
    assert "own=" not in page.url
    assert number(metric(page, "Videos")) < with_samples
    assert number(metric(page, "Videos")) <= before
    page.go_back()
    settle(page)
    assert number(metric(page, "Videos")) == with_samples


def test_after_a_repair_nothing_is_chosen_any_more(page: Page, address: str) -> None:
    open_page(page, f"{address}/recover?repairable=stuck&cause=never_polled")
    rescued = metric(page, "Rescued")
    click_row(page, 0, x=16)
    click_row(page, 1, x=16)
    settle(page)
    page.locator(".st-key-repair-many button").click()
    page.locator(".st-key-confirm-many button").click()
    expect(page.locator(".st-key-batch-ended")).to_contain_text("2 of 2 videos repaired", timeout=60_000)
    settle(page)
    button = page.locator(".st-key-repair-many button")
    expect(button).to_contain_text("Choose videos to repair")
    expect(button).to_be_disabled()
    assert metric(page, "Rescued") != rescued
    expect_no_exception(page)

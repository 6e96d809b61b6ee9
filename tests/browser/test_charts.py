"""What is drawn can be clicked: each mark leads to exactly the videos that it stands for."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looking import expect_no_exception, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]


def click(page: Page, mark: Locator) -> None:
    """In the middle of the mark; Plotly hears of it on a layer above."""
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2 - 1, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.up()


def test_a_cell_of_the_stage_matrix_opens_its_video_and_back_stays_back(page: Page, address: str) -> None:
    open_page(page, f"{address}/stages?window=14d&missing=yes")
    before = page.url
    page.locator(".dailies-matrix tbody b").first.click()
    expect(page.get_by_role("heading", name="Video", exact=True)).to_be_visible()
    settle(page)
    expect_no_exception(page)
    assert re.search(r"/video\?id=[0-9a-f-]{36}$", page.url)

    page.go_back()
    settle(page)
    page.wait_for_timeout(1_000)  # a selection that is remembered would lead away again
    assert page.url == before
    expect(page.get_by_role("heading", name="Stages", exact=True)).to_be_visible()


def test_a_flow_of_long_ago_shows_its_videos_and_a_stage_opens_those_of_this_flow(
    page: Page, address: str
) -> None:
    open_page(page, f"{address}/stages?window=14d")
    page.locator(".st-key-flow").get_by_text(re.compile("async-fetch")).click()
    expect(page).to_have_url(re.compile("flow=async-fetch"))  # its run has begun
    settle(page)
    rows = page.locator(".dailies-matrix tbody tr")
    assert rows.count() == 40
    page.locator(".st-key-missing").get_by_text("Only videos with a missing stage").click()
    expect(page).to_have_url(re.compile("missing=yes"))
    settle(page)
    marked = rows.filter(has=page.locator('b[title$=": missing"]'))
    assert marked.count() == rows.count() > 0
    told = page.get_by_text(re.compile("^Most flows that break, break at .* missing for [0-9,]+ videos?"))
    number = int(re.findall(r"missing for ([\d,]+)", told.inner_text())[0].replace(",", ""))

    bars = page.locator('[class*="st-key-funnel-"] .barlayer .trace').nth(1).locator(".point path")
    widths = [box["width"] if (box := bar.bounding_box()) else 0 for bar in bars.all()]
    click(page, bars.nth(widths.index(max(widths))))
    assert listed(page) == number
    assert "flow=async-fetch" in page.url
    expect_no_exception(page)
    page.go_back()
    settle(page)
    expect(page.get_by_role("heading", name="Stages", exact=True)).to_be_visible()
    assert "missing=yes" in page.url
    assert "flow=async-fetch" in page.url


def test_a_first_missing_stage_of_a_deployment_opens_as_many_videos_as_its_number(
    page: Page, address: str
) -> None:
    open_page(page, f"{address}/stages?window=14d")
    numbers = page.locator(".dailies-numbers td a")
    number = int(numbers.first.inner_text().replace(",", ""))
    numbers.first.click()
    assert listed(page) == number
    expect_no_exception(page)
    page.go_back()
    settle(page)
    numbers.nth(1).focus()
    number = int(numbers.nth(1).inner_text().replace(",", ""))
    page.keyboard.press("Enter")
    assert listed(page) == number


def test_a_cause_opens_as_many_videos_as_its_bar_says(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=14d")
    chart = page.locator(".st-key-causes")
    bars = chart.locator(".barlayer .point")
    expect(bars.first).to_be_visible()
    numbers = [int(text) for text in bars.locator("text").all_text_contents()]
    number = min(numbers)
    smallest = numbers.index(number)
    click(page, bars.nth(smallest).locator("path"))
    expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    settle(page)
    expect_no_exception(page)
    assert "cause=" in page.url
    assert listed(page) == number


def test_a_bar_of_a_status_opens_its_videos_of_that_time(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=14d")
    bars = page.locator(".st-key-status-over-time .barlayer .trace").first.locator(".point path")
    expect(bars.first).to_be_visible()
    click(page, bars.nth(5))
    expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    settle(page)
    expect_no_exception(page)
    assert "status=succeeded" in page.url
    assert "window=720m" in page.url  # a bucket of fourteen days


@pytest.mark.parametrize(
    ("where", "chart"),
    [("overview", "status-over-time"), ("overview", "success-rate"), ("errors", "errors-by-cause")],
)
def test_a_box_in_a_chart_over_time_sets_the_window(page: Page, address: str, where: str, chart: str) -> None:
    open_page(page, f"{address}/{where}?window=14d")
    area = page.locator(f".st-key-{chart} .nsewdrag").first
    expect(area).to_be_visible()
    area.scroll_into_view_if_needed()
    area.hover()
    page.locator(f'.st-key-{chart} [data-title="Box Select"]').click()
    box = area.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=8)
    page.mouse.up()
    page.wait_for_url(re.compile(r"window=\d+m&until="))
    settle(page)
    expect_no_exception(page)
    assert f"/{where}?" in page.url
    minutes, until = re.findall(r"window=(\d+)m&until=([^&]+)", page.url)[0]
    assert 2 * 1440 < int(minutes) < 4 * 1440  # a fifth of fourteen days
    assert datetime.fromisoformat(until.replace("%3A", ":")) < datetime.now()


def listed(page: Page) -> int:
    """How many videos the list says it shows."""
    expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    settle(page)
    expect_no_exception(page)
    said = page.get_by_text(re.compile(r"^Videos 1 to \d+")).inner_text()
    return int(re.findall(r"(\d+), newest first", said.replace(",", "", said.count(",") - 1))[0])


def hovered(page: Page, mark: Locator, words: str) -> int:
    """The number that the hover over a mark tells."""
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box is not None
    for aside in (-1, 0, 1):
        page.mouse.move(box["x"] + box["width"] / 2 + aside, box["y"] + box["height"] / 2)
    text = page.locator(".hoverlayer").get_by_text(re.compile(words)).first.text_content()
    return int(re.findall(rf"(\d+) {words}", text or "")[0])


@pytest.mark.parametrize(
    ("where", "mark", "nth", "named"),
    [
        ("latency", '[class*="st-key-spread-id"] .barlayer .point path', 2, "took=id"),
        ("latency", '[class*="st-key-spread-video"] .barlayer .point path', 2, "took=video"),
        ("stages", '[class*="st-key-funnel-"] .barlayer .trace:nth-child(1) .point path', 5, "seen"),
        ("stages", '[class*="st-key-funnel-"] .barlayer .trace:nth-child(3) .point path', 12, "not_reached"),
        ("overview", ".st-key-success-rate .scatterlayer .point", 9, "status=cancelled"),
    ],
)
def test_a_mark_opens_exactly_the_videos_it_counts(
    page: Page, address: str, where: str, mark: str, nth: int, named: str
) -> None:
    open_page(page, f"{address}/{where}?window=14d")
    chosen = page.locator(mark).nth(nth)
    expect(chosen).to_be_visible()
    number = hovered(page, chosen, "videos?")
    click(page, chosen)
    assert listed(page) == number
    assert named in page.url


def test_a_day_of_costs_opens_its_videos(page: Page, address: str) -> None:
    open_page(page, f"{address}/overview?window=14d")
    bar = page.locator(".st-key-cost .barlayer .point path").nth(5)
    expect(bar).to_be_visible()
    assert hovered(page, bar, "tasks?") > 0
    click(page, bar)
    assert listed(page) > 0
    assert "window=1440m" in page.url


@pytest.mark.parametrize("by", ["cause", "group", "deployment", "model", "ratio", "duration"])
def test_a_bar_of_errors_opens_exactly_its_videos(page: Page, address: str, by: str) -> None:
    open_page(page, f"{address}/errors?window=14d&by={by}")
    bar = page.locator(f".st-key-errors-by-{by} .barlayer .point path").first
    expect(bar).to_be_visible()
    number = hovered(page, bar, "videos?")
    click(page, bar)
    assert listed(page) == number
    page.go_back()
    settle(page)
    assert page.url.startswith(f"{address}/errors?")
    expect(page.get_by_role("heading", name="Errors", exact=True)).to_be_visible()


def test_an_hour_of_the_week_opens_exactly_its_videos(page: Page, address: str) -> None:
    open_page(page, f"{address}/errors?window=14d")
    cell = page.locator(".st-key-errors-by-hour .barlayer .point path").nth(3)
    expect(cell).to_be_visible()
    number = hovered(page, cell, "videos?")
    click(page, cell)
    assert listed(page) == number
    assert "group=any" in page.url
    assert "hour=" in page.url


@pytest.mark.parametrize("width", [420, 1440])
def test_the_title_of_an_axis_stands_clear_of_the_legend_at_any_width(
    page: Page, address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    open_page(page, f"{address}/errors?window=14d")
    # Plotly draws both, and then makes room for the title
    page.wait_for_function("""() => {
        const chart = document.querySelector(".js-plotly-plot");
        const [title, legend] = [".xtitle", ".legend"].map((each) => chart?.querySelector(each));
        return title && legend && title.getBoundingClientRect().bottom < legend.getBoundingClientRect().top;
    }""")

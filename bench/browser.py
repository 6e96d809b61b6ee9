"""What a person waits for in the browser: opening a page, the way between pages, a filter, a search.

    python -m bench.browser              starts a server of its own, in a folder of its own
    python -m bench.browser URL DATA     measures one that runs on the data folder DATA

Beside it a Streamlit app of one page with one table, on the same Streamlit with its own settings. Both are
opened in turns by one headless Chromium: cold in a profile that has never seen them, warm in one that has.

A thing stands in the animation frame that paints it. The clock is the browser's: of an opening from the
start of the navigation, of a switch or filter from its click. `stands` is what the page is opened for
(STANDS); `all`, that the script has ended and every table and chart is painted.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.pages import PAGES, free_port, stuck_video
from tests.browser.chromium import launch
from tests.browser.conftest import running

ROUNDS = 15
BARE = """
import pandas as pd
import streamlit as st

st.title("Videos")
st.dataframe(pd.DataFrame({f"column {n}": [f"{n} of {row}" for row in range(50)] for n in range(7)}))
"""
# What a page is opened for; a table of Streamlit's is a canvas, and stands when there is writing in its rows.
LIST = ".dailies-list tbody tr"
STANDS = {
    "bare": "canvas",
    "videos": LIST,
    "overview": ".dailies-figures",
    "errors": LIST,
    "video": LIST,
}
CLOCK = """(() => {
  const rowsNow = () => document.querySelector(".dailies-list tbody")?.textContent ?? "none";
  const written = (canvas) => {
    if (canvas.width < 300) return false;
    const { data } = canvas.getContext("2d").getImageData(10, 40, 280, 24);
    return data.some((value, at) => at % 4 < 3 && Math.abs(value - data[at % 4]) > 60);
  };
  const shown = (selector) => selector === "canvas"
    ? [...document.querySelectorAll('[data-testid="data-grid-canvas"]')].some(written)
    : document.querySelector(selector)?.checkVisibility() ?? false;
  const idle = () => document.querySelector(
    '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]');
  const seen = (id) => [...document.querySelectorAll(`[data-testid="${id}"]`)]
    .filter((each) => each.checkVisibility());
  const drawn = () => !document.querySelector('[data-testid="stSkeleton"], [data-stale="true"]')
    && seen("stDataFrame").every((each) =>
      [...each.querySelectorAll('[data-testid="data-grid-canvas"]')].some((canvas) => canvas.width > 100))
    && seen("stPlotlyChart").every((each) => each.querySelector(".main-svg"));
  const headed = (title) => [...document.querySelectorAll("h1")].some((each) => each.textContent === title);
  const conditions = {
    stands: ({ stands }) => !stands || shown(stands),
    heading: ({ title }) => !title || headed(title),
    done: ({ title }) => (!title || headed(title)) && idle(),
    all: ({ stands, title }) => (!stands || shown(stands)) && (!title || headed(title)) && idle() && drawn(),
    rows: ({ rows }) => !rows || rowsNow() !== rows,
  };
  window.rowsNow = rowsNow;
  window.timed = (wanted, began = 0) => new Promise((resolve) => {
    const times = {};
    const look = () => {
      for (const [name, holds] of Object.entries(conditions)) {
        if (!(name in times) && holds(wanted)) times[name] = performance.now() - began;
      }
      Object.keys(times).length < 5 ? requestAnimationFrame(look) : resolve(times);
    };
    look();
  });
  window.clicked = (wanted, selector) => {
    const link = [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
    const began = performance.now();
    link.click();
    return window.timed(wanted, began);
  };
  window.entered = (wanted, selector) => {
    const began = performance.now();
    const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true });
    document.querySelector(selector).dispatchEvent(enter);
    return window.timed(wanted, began);
  };
})();"""
SEARCHED = {"a prompt": "tango", "part of an id": "a{hex}c", "an error": "credits", "nowhere": "qzx{hex}qzx"}
Times = dict[str, float]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, bare(Path(folder)) as plain:
        if len(sys.argv) == 3:
            report(sys.argv[1], Path(sys.argv[2]), plain)
            return
        data = Path(folder) / "data"
        data.mkdir()
        with running(data) as url:
            report(url, data, plain)


@contextmanager
def bare(folder: Path) -> Iterator[str]:
    """Where Streamlit serves its page with one table."""
    script, port = folder / "bare.py", free_port()
    script.write_text(BARE)
    options = ["--server.headless=true", f"--server.port={port}", "--browser.gatherUsageStats=false"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 60
        while not _answers(f"http://127.0.0.1:{port}/_stcore/health"):
            if time.monotonic() > ends:
                raise SystemExit("The bare page did not start.")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(60)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def report(url: str, data: Path, plain: str) -> None:
    queries = {"videos": "window=7d", "overview": "window=7d", "errors": "window=7d"}
    addresses = {
        "bare": plain,
        **{page: f"{url}/{page}?{query}" for page, query in queries.items()},
        "video": f"{url}/video?id={stuck_video(data)}",
    }
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        openings(browser, addresses)
        with context(browser) as warm:
            page = warm.new_page()
            page.goto(f"{url}/videos?window=7d")
            page.evaluate("() => timed({stands: '.dailies-list tbody tr'})")
            switches(page)
            filters(page)
            searches(page, url)


@contextmanager
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A profile of its own."""
    profile = browser.new_context(viewport={"width": 1440, "height": 1000})
    profile.set_default_timeout(60_000)
    profile.add_init_script(CLOCK)
    yield profile
    profile.close()


def openings(browser: Browser, addresses: dict[str, str]) -> None:
    cold: dict[str, list[Times]] = {name: [] for name in addresses}
    warm: dict[str, list[Times]] = {name: [] for name in addresses}
    with context(browser) as known:
        for number in range(ROUNDS + 2):  # after two, the browser keeps what it has compiled
            for name, address in addresses.items():
                found = opened(known, name, address)
                if number < 2:
                    continue
                warm[name].append(found)
                with context(browser) as fresh:
                    cold[name].append(opened(fresh, name, address))
    for said, times in (("cold", cold), ("warm", warm)):
        print(f"\nopened {said:<9}{'stands':>8}{'95%':>7}{'of bare':>9}{'all':>8}{'95%':>7}   milliseconds")
        usual = statistics.median(each["stands"] for each in times["bare"])
        for name, each in times.items():
            ratio = statistics.median(one["stands"] for one in each) / usual
            print(f"{name:<16}{_spread(each, 'stands')}{ratio:9.2f}{_spread(each, 'all')}")


def opened(profile: BrowserContext, name: str, address: str) -> Times:
    page = profile.new_page()
    page.goto(address, wait_until="commit")
    times = page.evaluate("(stands) => timed({ stands })", STANDS[name])
    page.close()
    return cast("Times", times)


def switches(page: Page) -> None:
    found: dict[str, list[Times]] = {name: [] for name in (*PAGES, "latency", "video")}
    for number in range(ROUNDS + 1):  # the first round fetches what a page needs
        for name, each in found.items():
            link = f'[data-testid="stTopNavLink"][href*="/{name}"]'
            if name == "video":
                clicked(page, '[data-testid="stTopNavLink"][href*="/videos"]', title="Videos", stands=LIST)
                link = '.dailies-list a[href*="video?id="]'
            times = clicked(page, link, title=name.title())
            if number:
                each.append(times)
    heads = "".join(f"{head:>8}{'95%':>7}" for head in ("heading", "done", "all"))
    print(f"\nswitched to     {heads}   milliseconds")
    every = [times for each in found.values() for times in each]
    for name, each in {**found, "every page": every}.items():
        print(f"{name:<16}{_spread(each, 'heading')}{_spread(each, 'done')}{_spread(each, 'all')}")


def filters(page: Page) -> None:
    clicked(page, '[data-testid="stTopNavLink"][href*="/videos"]', title="Videos", stands=LIST)
    found = []
    for number in range(2 * ROUNDS):
        rows = page.locator(".dailies-list tbody").text_content() or ""
        segment = f".st-key-trouble button:nth-of-type({3 + 2 * (number % 2)})"  # Stuck, Failed
        found.append(clicked(page, segment, rows=rows))
    print(f"\nfilter to rows  {_spread(found, 'rows')}   milliseconds, 95%")


def searches(page: Page, url: str) -> None:
    """Of all times; from Enter until the rows are others, or none."""
    page.goto(f"{url}/videos?window=all")
    page.evaluate("(stands) => timed({ stands })", LIST)
    found: dict[str, list[Times]] = {name: [] for name in SEARCHED}
    for number in range(ROUNDS + 1):
        for name, text in SEARCHED.items():
            rows = page.evaluate("rowsNow()")
            page.locator(".st-key-q input").fill(text.format(hex=f"{number:x}"))
            times = page.evaluate("(wanted) => entered(wanted, '.st-key-q input')", {"rows": rows})
            page.wait_for_timeout(400)
            if number:
                found[name].append(times)
    print("\nsearch to rows                  milliseconds, 95%")
    for name, each in found.items():
        print(f"{name:<16}{_spread(each, 'rows')}")


def clicked(page: Page, selector: str, **wanted: str) -> Times:
    """Times since the click on the first visible match; then the page comes to rest."""
    times = page.evaluate("([wanted, selector]) => clicked(wanted, selector)", [wanted, selector])
    page.wait_for_timeout(400)
    return cast("Times", times)


def _spread(times: Sequence[Times], name: str) -> str:
    values = sorted(each[name] for each in times)
    return f"{statistics.median(values):8.0f}{values[int(len(values) * 0.95)]:7.0f}"


if __name__ == "__main__":
    main()

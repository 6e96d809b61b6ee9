"""The real thing: the server of the README's first command, and a Chromium that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fasteners
import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from lib.settings import ROOT
from tests.browser.chromium import launch

PATIENCE = 30_000  # milliseconds: a busy machine takes long to answer a click, which is no fault of the page
READY_SECONDS = 240.0  # seeding and judging two weeks of history, on a slow machine

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory, open_folder: Path) -> Path:
    """A data folder with its history judged, packed; the first process of a run makes it for all of them."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with fasteners.InterProcessLock(shared / "history.lock"):
        if not (shared / "history.tar").exists():
            folder = new_folder(open_folder)
            with running(folder):
                pass  # it stops once everything is judged
            packed = shutil.make_archive(str(shared / "unfinished"), "tar", folder)
            Path(packed).rename(shared / "history.tar")
    return shared / "history.tar"


def new_folder(open_folder: Path) -> Path:
    """For the data of a server. Everybody may pass through, so that the database's files lie in it, too."""
    folder = Path(tempfile.mkdtemp(prefix="dailies-", dir=open_folder))
    (folder / "postgres").mkdir()
    for part in (folder, folder / "postgres"):
        part.chmod(0o755)
    return folder


@contextmanager
def on_history(history: Path, open_folder: Path) -> Iterator[str]:
    folder = new_folder(open_folder)
    shutil.unpack_archive(history, folder, filter="fully_trusted")  # which keeps the owners of files
    with running(folder) as url:
        yield url


@pytest.fixture(scope="session")
def address(history: Path, open_folder: Path) -> Iterator[str]:
    """Where Dailies answers, with its history judged."""
    with on_history(history, open_folder) as url:
        yield url


@pytest.fixture
def own_address(history: Path, open_folder: Path) -> Iterator[str]:
    """The same for a test that changes what others look for."""
    with on_history(history, open_folder) as url:
        yield url


@contextmanager
def running(folder: Path, *, works: bool = True, **settings: str) -> Iterator[str]:
    """The server on a port of its own, once everything is judged; without `works` it has no worker.

    conftest.py of all tests has taken the settings of whoever runs them out of the environment.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "lib", "run", "--port", str(port), "--data", str(folder)]
    environment = {**os.environ, "DAILIES_AUTO_RETRY": "false", **settings}
    with (folder / "output").open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        _wait_until_judged(f"http://127.0.0.1:{port}", server, folder / "output", works=works)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def _wait_until_judged(url: str, server: subprocess.Popen[bytes], output: Path, *, works: bool) -> None:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends:
        if server.poll() is not None:
            break
        try:
            health = httpx.get(f"{url}/api/health", timeout=5, trust_env=False).json()
        except (httpx.HTTPError, ValueError):
            health = {}
        parts = health.get("parts", {})
        # the worker starts once the history is written
        started = parts.get("workers", {}).get("alive") if works else "judging" in parts
        if started and parts["judging"].get("waiting") == 0:
            return
        time.sleep(0.5)
    pytest.fail(f"The server did not get ready:\n{output.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium, "--process-per-site")
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def tabs(chromium: Browser, address: str) -> Iterator[BrowserContext]:
    """Where all pages are opened. One that stays keeps their process going, and with it every script that is
    compiled already: half of what it takes to open a page. What moves for its looks only does not."""
    tabs = chromium.new_context(reduced_motion="reduce")
    tabs.set_default_timeout(PATIENCE)
    tabs.new_page().goto(f"{address}/favicon.png")
    yield tabs
    tabs.close()


@pytest.fixture
def page(tabs: BrowserContext, theme: str) -> Iterator[Page]:
    """A tab in which nobody has been, in a browser that remembers nothing."""
    tabs.set_storage_state({"cookies": [], "origins": []})
    page = tabs.new_page()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": 1440, "height": 1000})
    yield page
    page.close()

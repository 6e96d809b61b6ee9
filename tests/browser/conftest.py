"""The real thing: the server of the README's first command, and a Chromium that looks at it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from lib.settings import ROOT
from tests.browser.chromium import launch

READY_SECONDS = 240.0  # seeding and judging two weeks of history, on a slow machine

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Dailies answers, with its history judged."""
    with running(tmp_path_factory.mktemp("dailies")) as url:
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
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(chromium: Browser, theme: str) -> Iterator[Page]:
    context = chromium.new_context(color_scheme="dark" if theme == "dark" else "light")
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.set_viewport_size({"width": 1440, "height": 1000})
    yield page
    context.close()

"""From the first command to the first painted page, as a stranger sees it.

    python -m bench.start

Clones the project into an empty folder, types `make run` there and waits in a headless Chromium for the
Overview's figures. pip's cache is what it is: run it twice for the figure with a warm one.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from lib.settings import ROOT
from tests.browser.chromium import launch


def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="dailies start ") as folder:
        Path(folder).chmod(0o755)
        clone = Path(folder) / "dailies"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        began = time.monotonic()
        environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
        with (Path(folder) / "log").open("w") as log:
            server = subprocess.Popen(
                ["make", "run", f"PORT={port}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=clone,
                env=environment,
                start_new_session=True,
            )
        try:
            measure(f"http://127.0.0.1:{port}", clone, began)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(60)


def measure(address: str, clone: Path, began: float) -> None:
    wait_for((clone / ".venv" / "runtime").exists)
    installed = time.monotonic()
    wait_for(lambda: answers(address))
    answered = time.monotonic()
    with sync_playwright() as playwright:
        page = launch(playwright.chromium).new_page()
        page.goto(f"{address}/overview")
        page.locator(".dailies-figures").first.wait_for(timeout=120_000)
    painted = time.monotonic()
    sys.stdout.write(
        f"installed after {installed - began:.1f} s; from there: server answers after "
        f"{answered - installed:.1f} s, Overview with its figures painted after {painted - installed:.1f} s; "
        f"first command to first page {painted - began:.1f} s\n"
    )


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/health/live", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def wait_for(happened: Callable[[], bool], seconds: float = 600) -> None:
    ends = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > ends:
            raise SystemExit("it did not start in time")
        time.sleep(0.1)


if __name__ == "__main__":
    main()

"""A headless Chromium, whichever this machine has."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserType
from playwright.sync_api import Error as PlaywrightError

# The shell first: without windows, a page of its own is there three times as fast.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def launch(kind: BrowserType, *flags: str) -> Browser:
    """Playwright's own where it is installed, else the system's."""
    found = [None, *filter(None, map(shutil.which, NAMES)), *([str(MAC)] if MAC.exists() else [])]
    for path in found:
        try:
            return kind.launch(executable_path=path, args=[*FLAGS, *flags])
        except PlaywrightError as error:
            reason = str(error).splitlines()[0]
    raise AssertionError(f"No Chromium to test with: run `tools/browser`. ({reason})")

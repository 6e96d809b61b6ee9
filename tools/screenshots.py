"""`make screenshots`: every page on the sample history, in both themes, into docs/pictures/.

Starts a Dailies of its own in a temporary folder, looks at it with the browser of the tests, and stops it.
"""

from __future__ import annotations

import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from lib.settings import ROOT
from tests.browser.chromium import launch
from tests.browser.conftest import running
from tests.browser.looking import click_row, expect_no_exception, open_page, settle

PICTURES = ROOT / "docs" / "pictures"
WIDTH, MOST = 1280, 1100  # pixels; what is below is not shown
FIRST_ROW = "the first row of the table"
# The page, where it is looked at, and for pages of one thing what is clicked there.
LOOKED_AT = {
    "overview": ("overview?window=7d", None),
    "videos": ("videos?window=24h&trouble=any", None),
    "video": ("videos?window=14d&cause=task_id_not_saved", ".dailies-list td a"),
    "sample": ("videos?window=24h&status=succeeded", ".dailies-list td a"),
    "stages": ("stages?window=7d", None),
    "errors": ("errors?window=14d", None),
    "group": ("errors?window=14d", FIRST_ROW),
    "incident": ("overview?window=7d", '[data-testid="stMain"] a[href*="incident"]'),
    "latency": ("latency?window=14d", None),
    "recover": ("recover", None),
    "audit": ("audit", None),
    "generate": ("generate", None),
    "environment": ("environment", None),
}


def main() -> int:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dailies-pictures-") as folder, sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        with running(Path(folder)) as address:
            for theme in ("light", "dark"):
                _theme(browser, theme, address)
        browser.close()
    total = sum(picture.stat().st_size for picture in PICTURES.glob("*.webp"))
    print(f"{2 * len(LOOKED_AT)} pictures, {total / 1e6:.1f} MB, in {PICTURES.relative_to(ROOT)}.")  # noqa: T201
    return 0


def _theme(browser: Browser, theme: str, address: str) -> None:
    context = browser.new_context(
        color_scheme="dark" if theme == "dark" else "light", viewport={"width": WIDTH, "height": 900}
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    for name, (path, clicked) in LOOKED_AT.items():
        page.set_viewport_size({"width": WIDTH, "height": 900})
        open_page(page, f"{address}/{path}")
        if clicked == FIRST_ROW:
            click_row(page, 0)
        elif clicked:
            page.locator(clicked).first.click()
        settle(page)
        _keep(page, PICTURES / f"{name}-{theme}.webp")
    context.close()


def _keep(page: Page, file: Path) -> None:
    """As high as the page, so that nothing scrolls."""
    content = page.get_by_test_id("stMainBlockContainer")
    height = int(content.evaluate("each => each.scrollHeight")) + 60
    page.set_viewport_size({"width": WIDTH, "height": min(height, MOST)})
    settle(page)
    page.wait_for_timeout(1_000)  # charts are drawn anew for the new size
    expect_no_exception(page)
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(160).convert("RGB").save(file, "WEBP", lossless=True, method=6)  # letters stay sharp


if __name__ == "__main__":
    sys.exit(main())

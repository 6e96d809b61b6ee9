"""A page that is opened by its address is told in its head of scripts that it shows itself with."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from lib.ui.kit.router import SHOWN
from lib.web.built import streamlit_folder
from tests.browser.looking import open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]

_PARTS = json.loads((streamlit_folder() / "manifest.json").read_bytes())
ELEMENTS = {
    _PARTS[key]["file"]: _PARTS[key]["name"]
    for key in _PARTS["index.html"]["dynamicImports"]
    if key in _PARTS
}
LOADED = "() => performance.getEntriesByType('resource').map((each) => new URL(each.name).pathname.slice(1))"


VISIT = "(to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }"
START = "incident"
# These show what the start names: they are come to from a page that names nothing else of theirs.
STARTS = {"incident": "videos", "environment": "videos"}


def address_of(page: Page, address: str, name: str) -> str:
    """Of an incident, the first that the Overview lists."""
    if name != "incident":
        return f"/{name}?window=14d"
    open_page(page, f"{address}/overview?window=14d")
    first = page.locator("a[href^='incident?']").first.get_attribute("href")
    return f"/{first}"


@pytest.mark.parametrize("name", [name for name in SHOWN if name not in ("", "video")])
def test_a_page_names_no_element_that_it_does_not_show(page: Page, address: str, name: str) -> None:
    """What it fetches when somebody comes from a page that has named nothing of it but the frame."""
    start, where = STARTS.get(name, START), address_of(page, address, name)
    open_page(page, f"{address}/{start}")
    page.evaluate(VISIT, where)
    expect(page.get_by_role("heading", name=name.title(), exact=True)).to_be_visible()
    settle(page)
    shown = {ELEMENTS[file] for file in page.evaluate(LOADED) if file in ELEMENTS}
    assert set(SHOWN[name]) - set(SHOWN[start]) <= shown

"""A page that is opened by its address is told in its head of all the scripts that it shows itself with."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

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
OURS = re.compile(r'<link rel="modulepreload" crossorigin href="[^"]+">(?=<)')  # Streamlit's have a line each
LOADED = "() => performance.getEntriesByType('resource').map((each) => new URL(each.name).pathname.slice(1))"


@pytest.mark.parametrize("name", [name for name in SHOWN if name not in ("", "video")])
def test_a_page_names_the_elements_it_shows_and_no_others(page: Page, address: str, name: str) -> None:
    def without_names(route: Route) -> None:
        answer = route.fetch()
        head = re.sub(
            r'<link rel="modulepreload" crossorigin href="\./static/js/[^"]+">(?=<)', "", answer.text()
        )
        route.fulfill(response=answer, body=head)

    page.route(re.compile(rf"/{name}\?"), without_names)
    open_page(page, f"{address}/{name}?window=14d")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    settle(page)
    shown = {ELEMENTS[file] for file in page.evaluate(LOADED) if file in ELEMENTS}
    assert shown == set(SHOWN[name])

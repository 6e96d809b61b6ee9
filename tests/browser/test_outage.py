"""What is away comes back: the database, while somebody looks; a Runway key that was never there is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from psycopg.conninfo import conninfo_to_dict

from lib.data import videos
from lib.data.postgres import PostgresDatabase
from tests.browser.conftest import running
from tests.browser.looking import expect_no_exception, open_page, settle
from tests.browser.test_figures import metric
from tests.examples import SALSA, TANGO, WALTZ
from tests.faults.proxy import Proxy

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]
CACHED = 11_000  # milliseconds after which pages ask the database again
BACK = 20_000


@pytest.fixture
def wire(own_database_url: str) -> Iterator[Proxy]:
    proxy = Proxy(lambda: int(str(conninfo_to_dict(own_database_url)["port"])))
    yield proxy
    proxy.close()


@pytest.fixture
def elsewhere(wire: Proxy, own_database_url: str, tmp_path: Path) -> Iterator[str]:
    """Dailies on a Postgres of somebody's, without a Runway key."""
    add(own_database_url, TANGO, WALTZ)
    own, away = (f"127.0.0.1:{port}/" for port in (conninfo_to_dict(own_database_url)["port"], wire.port))
    with running(tmp_path, works=False, DATABASE_URL=own_database_url.replace(own, away)) as url:
        yield url


def add(database_url: str, *ids: str, status: str = "succeeded") -> None:
    """Videos of this moment, past the wire."""
    database, now = PostgresDatabase(database_url, label="test"), datetime.now(UTC).isoformat()
    videos.import_videos(
        database, [{"id": one, "status": status, "created_at": now, "updated_at": now} for one in ids]
    )
    database.close()


def test_after_an_outage_pages_come_back_by_themselves(
    page: Page, elsewhere: str, wire: Proxy, own_database_url: str
) -> None:
    open_page(page, f"{elsewhere}/overview?window=24h")
    assert metric(page, "Videos") == "2"
    wire.cut()
    page.wait_for_timeout(CACHED)
    page.reload()
    outage = page.locator(".st-key-outage")
    expect(outage).to_contain_text("The database cannot be reached. What you see was read at")
    assert metric(page, "Videos") == "2"

    page.get_by_role("link", name="Stages").first.click()  # of which nothing was read yet
    expect(page.get_by_text("The database cannot be reached", exact=True)).to_be_visible()
    add(own_database_url, SALSA)
    wire.mend()
    expect(page.get_by_text("The database cannot be reached")).to_have_count(0, timeout=BACK)
    settle(page)
    expect_no_exception(page)

    open_page(page, f"{elsewhere}/overview?window=24h")
    wire.cut()
    page.wait_for_timeout(CACHED)
    page.reload()
    expect(outage).to_be_visible()
    wire.mend()
    expect(outage).to_have_count(0, timeout=BACK)
    settle(page)
    assert metric(page, "Videos") == "3"


def test_a_database_that_hangs_is_told_and_the_rest_of_the_page_is_there(
    page: Page, elsewhere: str, wire: Proxy
) -> None:
    open_page(page, f"{elsewhere}/overview?window=24h")
    wire.freeze()
    page.wait_for_timeout(CACHED)
    page.get_by_role("link", name="Environment").first.click()
    expect(page.locator(".st-key-outage")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("heading", name="Variables")).to_be_visible()
    wire.mend()
    expect(page.get_by_text("The database cannot be reached")).to_have_count(0, timeout=BACK)
    settle(page)
    expect_no_exception(page)


def test_what_watches_by_itself_waits_for_the_database_too(
    page: Page, elsewhere: str, wire: Proxy, own_database_url: str
) -> None:
    add(own_database_url, SALSA, status="processing")
    open_page(page, f"{elsewhere}/generate?video={SALSA}")
    progress = page.locator(".st-key-progress")
    expect(progress).to_contain_text("Calling Runway")
    wire.cut()
    expect(page.get_by_text("The database cannot be reached", exact=True)).to_be_visible()
    expect_no_exception(page)
    wire.mend()
    expect(page.get_by_text("The database cannot be reached")).to_have_count(0, timeout=BACK)
    expect(progress).to_contain_text("Calling Runway")
    expect_no_exception(page)


def test_without_a_runway_key_the_generate_page_says_what_is_missing(page: Page, elsewhere: str) -> None:
    open_page(page, f"{elsewhere}/generate")
    expect(page.get_by_text("Nothing can be generated here")).to_be_visible()
    page.get_by_text("Address", exact=True).first.click()
    settle(page)
    page.get_by_role("textbox", name="Address of the image").fill("https://images.example.com/otter.jpg")
    page.keyboard.press("Enter")
    settle(page)
    expect_no_exception(page)
    expect(page.locator(".st-key-generate button")).to_be_disabled()
    page.get_by_role("link", name="Check the environment").click()
    expect(page.get_by_role("heading", name="Environment", exact=True)).to_be_visible()
    settle(page)
    expect_no_exception(page)

"""Signing in for real: Chromium, Dailies as it is served, and an identity provider of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import orjson
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lib.settings import ROOT
from tests.browser.looking import cell, expect_no_exception, open_page, settle

pytestmark = pytest.mark.browser

PEOPLE = {
    "kim": {"email": "kim@studio.test", "email_verified": True},
    "max": {"email": "max@elsewhere.test", "email_verified": True, "groups": ["night-shift"]},
    "zoe": {"email": "zoe@studio.test", "email_verified": True},
    "eve": {"email": "zoe@studio.test", "email_verified": False},
}


class Served(NamedTuple):
    address: str
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, port = tmp_path_factory.mktemp("signed"), free_port()
    address = f"http://localhost:{port}"
    with provider() as at:
        auth = {
            "client_id": "dailies",
            "client_secret": "not-a-secret",
            "cookie_secret": "0123456789abcdef0123456789abcdef",
            "server_metadata_url": f"{at}/.well-known/openid-configuration",
        }
        environment = os.environ | {
            "DAILIES_AUTH": orjson.dumps(auth).decode(),
            "DAILIES_URL": address,
            "DAILIES_ADMINS": "zoe@studio.test",
            "DAILIES_OPERATORS": "group:night-shift",
            "DAILIES_VIEWERS": "@studio.test",
            "DAILIES_DEMO": "0",
        }
        command = [sys.executable, "-m", "lib", "run", "--port", str(port), "--data", str(folder)]
        with (folder / "output").open("wb") as output:
            server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            wait_for(f"{address}/api/health", server)
            yield Served(address, folder / "output")
        finally:
            server.terminate()
            server.wait(60)


@contextmanager
def provider() -> Iterator[str]:
    """Its address. In a process of its own: what it imports warns of itself."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "oidc_provider_mock", "--port", str(port)])
    try:
        wait_for(f"http://127.0.0.1:{port}/.well-known/openid-configuration", process)
        for name, told in PEOPLE.items():
            httpx.put(f"http://127.0.0.1:{port}/users/{name}", json=told, trust_env=False).raise_for_status()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5, trust_env=False).status_code == 200:
                return
        time.sleep(0.2)
    pytest.fail(f"Nothing answers at {address}.")


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    yield context
    context.close()


def sign_in(context: BrowserContext, served: Served, name: str, path: str = "/environment") -> Page:
    page = context.new_page()
    page.goto(served.address + path)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("textbox").fill(name)
    page.get_by_role("button").first.click()
    page.wait_for_url(f"{served.address}/**")
    return page


def test_nobody_reads_or_opens_anything_before_signing_in(served: Served, context: BrowserContext) -> None:
    page = context.new_page()
    with httpx.Client(base_url=served.address, trust_env=False) as anonymous:
        for path in ("/", "/videos", "/_stcore/health", "/media/1.mp4", "/app/static/Inter.woff2", "/x"):
            assert anonymous.get(path).status_code == 401
            answer = anonymous.get(path, headers={"accept": "text/html"})
            assert answer.status_code == 401
            assert "streamlit" not in answer.text.lower()
        assert anonymous.get("/api/health").status_code == 200
    page.goto(served.address)
    opened = page.evaluate(
        """() => new Promise(done => {
            const socket = new WebSocket(location.origin.replace("http", "ws") + "/_stcore/stream");
            socket.onopen = () => done(true); socket.onerror = () => done(false);
        })"""
    )
    assert opened is False


def test_a_viewer_looks_and_cannot_act(served: Served, context: BrowserContext) -> None:
    page = sign_in(context, served, "kim", "/generate")
    expect(page.get_by_role("heading", name="Generate", exact=True)).to_be_visible()
    settle(page)
    expect_no_exception(page)
    expect(page.get_by_text("read-only").first).to_be_visible()
    expect(page.locator(".st-key-generate button").first).to_be_disabled()


def test_an_operator_generates_and_the_audit_names_them(served: Served, context: BrowserContext) -> None:
    page = sign_in(context, served, "max", "/generate")
    expect(page.get_by_role("heading", name="Generate", exact=True)).to_be_visible()
    settle(page)
    page.locator(".st-key-generate button").click()
    expect(page.locator(".st-key-progress").get_by_role("link")).to_be_visible()
    expect_no_exception(page)
    open_page(page, f"{served.address}/audit")
    assert cell(page, 0, 1) == "max@elsewhere.test"


def test_an_address_that_nobody_verified_gives_no_role(served: Served, context: BrowserContext) -> None:
    page = sign_in(context, served, "eve")
    expect(page.get_by_text("has no role here")).to_be_visible()
    expect(page.get_by_role("link", name="Sign out")).to_be_visible()


def test_signing_out_ends_the_other_tab_and_every_copy_of_the_cookie(
    served: Served, context: BrowserContext, chromium: Browser
) -> None:
    first = sign_in(context, served, "zoe")
    expect(first.get_by_role("heading", name="Environment", exact=True)).to_be_visible()
    settle(first)
    second = context.new_page()
    open_page(second, f"{served.address}/videos")
    copied = context.cookies()
    (cookie,) = (each for each in copied if each["name"] == "_streamlit_user")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert cookie["expires"] - time.time() < 12 * 3600 + 60

    first.get_by_test_id("stPopover").get_by_role("button").first.click()
    expect(first.get_by_text("zoe@studio.test")).to_be_visible()
    first.locator(".st-key-sign-out button").click()
    first.wait_for_url(lambda url: "/environment" not in url)
    second.locator(".st-key-trouble").get_by_text("Stuck").click()
    expect(second.get_by_text("You are not signed in").first).to_be_visible()

    thief = chromium.new_context()
    thief.add_cookies(copied)  # type: ignore[arg-type]  # what Playwright gives it also takes
    stolen = thief.new_page()
    answer = stolen.goto(f"{served.address}/videos")
    assert answer is not None
    assert answer.status == 401
    thief.close()


def test_the_start_says_that_people_sign_in(served: Served) -> None:
    assert "People sign in" in served.log.read_text()

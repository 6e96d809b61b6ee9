"""A page of somebody else's in the same browser: it cannot talk to Dailies, from whatever name or port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import open_page

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("theme", ["light"])]

OPENS = """address => new Promise(done => {
    const socket = new WebSocket(address, ["streamlit"]);
    socket.onopen = () => done("open");
    socket.onerror = () => done("refused");
})"""


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of another page of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def stream(address: str) -> str:
    return address.replace("http://", "ws://") + "/_stcore/stream"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_page_on_another_port_of_this_machine_opens_no_websocket(
    page: Page, address: str, elsewhere: int, name: str
) -> None:
    page.goto(f"http://{name}:{elsewhere}/")
    for ours in (address, address.replace("127.0.0.1", "localhost")):
        assert page.evaluate(OPENS, stream(ours)) == "refused"


def test_a_page_on_another_port_reads_and_embeds_nothing(page: Page, address: str, elsewhere: int) -> None:
    page.goto(f"http://127.0.0.1:{elsewhere}/")
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if address in answer.url else None)
    page.evaluate(
        """async ours => {
            for (const path of ["/metrics", "/api/health", "/overview"])
                await fetch(ours + path, {mode: "no-cors"}).catch(() => {});
            await fetch(ours + "/_stcore/upload_file/a/b", {method: "PUT", body: "x"}).catch(() => {});
        }""",
        address,
    )
    assert answers
    assert set(answers) == {403}


def test_a_host_name_that_was_pointed_at_this_machine_reads_nothing(page: Page, address: str) -> None:
    rebound = address.replace("127.0.0.1", "rebound.localhost")  # every such name leads here
    for path in ("/", "/overview", "/metrics", "/api/health", "/_stcore/health"):
        answer = page.goto(rebound + path)
        assert answer is not None
        assert (answer.status, answer.json()["error"]) == (421, "foreign_host")
    assert page.evaluate(OPENS, stream(rebound)) == "refused"


def test_dailies_own_page_opens_its_websocket(page: Page, address: str) -> None:
    open_page(page, f"{address}/environment")
    expect(page.get_by_role("heading", name="Environment", exact=True)).to_be_visible()
    assert page.evaluate(OPENS, stream(address)) == "open"

"""A path below a page's leads to the page, and what is no page's is left alone."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lib.web.nested import Nested
from tests.web import served

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def _streamlit(_: Request) -> Response:
    return PlainTextResponse("Streamlit's")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    app = Starlette(
        routes=[Route("/{path:path}", _streamlit)], middleware=[Middleware(Nested, ("videos", "video"))]
    )
    with served(app) as http:
        yield http


def leads_to(client: httpx.Client, address: str) -> str:
    """Where a browser goes on to, from the root."""
    answer = client.get(str(client.base_url).rstrip("/") + address, headers=HTML)
    assert answer.status_code == 303
    assert answer.next_request is not None
    assert answer.next_request.url.host == client.base_url.host
    return answer.next_request.url.raw_path.decode()


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/videos/x", "/videos"),
        ("/videos/x/y/", "/videos"),
        ("/videos//x", "/videos"),
        ("/video/x?id=a%2Fb&q=%C3%BC", "/video?id=a%2Fb&q=%C3%BC"),
        ("/videos/%2e%2e%2f?window=7d", "/videos?window=7d"),
        ("/elsewhere/x?window=7d", "/?window=7d"),
        ("//evil.example/x", "/"),
        ("/%5Cevil.example/x", "/"),
    ],
)
def test_a_path_below_a_page_leads_to_the_page_else_to_the_root(
    client: httpx.Client, address: str, page: str
) -> None:
    assert leads_to(client, address) == page


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/videos",
        "/videos/",
        "/videos%2Fx",
        "/static/js/a.js",
        "/app/static/a.png",
        "/media/a.mp4",
        "/component/a/index.html",
        "/auth/login",
        "/api/health/none",
        "/_stcore/health",
        "/videos/_stcore/host-config",
        "/videos/static/js/a.js",
        "/~/+/videos",
    ],
)
def test_a_page_and_what_streamlit_and_dailies_serve_is_left_alone(
    client: httpx.Client, address: str
) -> None:
    assert client.get(address, headers=HTML).text == "Streamlit's"


def test_below_a_folder_that_is_streamlits_it_is_the_same() -> None:
    routes = [Route("/{path:path}", _streamlit)]
    app = Starlette(routes=routes, middleware=[Middleware(Nested, ("videos", "video"), "/a/b/")])
    with served(app) as http:
        assert leads_to(http, "/a/b/videos/x/y?window=7d") == "/a/b/videos?window=7d"
        assert leads_to(http, "/a/b/elsewhere/x") == "/a/b/"
        for address in ("/a/b/videos", "/a/b/", "/a/b", "/videos/x"):
            assert http.get(address, headers=HTML).text == "Streamlit's"


def test_whoever_asks_for_no_page_is_left_alone(client: httpx.Client) -> None:
    assert client.get("/videos/x", headers={"accept": "application/json"}).text == "Streamlit's"
    assert client.post("/videos/x", headers=HTML).status_code == 405

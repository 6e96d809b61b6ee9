"""Our own script is in every page before Streamlit's, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lib.web.own_script import OwnScript
from tests.web import served

PAGE = "<html><head><title>The app</title><script>first()</script></head>" + " " * 2000


async def _page(request: Request) -> Response:
    if request.headers.get("if-none-match") == "old":
        return Response(status_code=304)
    return HTMLResponse(PAGE, headers={"etag": "old", "cache-control": "no-cache"})


async def _rows(_: Request) -> Response:
    return JSONResponse({"text": "<script"})


def _head(page: str) -> bytes:
    return f"<!-- of {page} -->".encode()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    app: ASGIApp = Starlette(
        routes=[Route("/rows", _rows), Route("/{path:path}", _page)],
        middleware=[
            Middleware(OwnScript, lambda page: f"<!-- of {page} -->".encode()),
            Middleware(GZipMiddleware),
        ],
    )
    with served(app) as http:
        yield http


@pytest.mark.parametrize("path", ["/", "/videos"])
def test_the_script_is_loaded_before_any_other(client: httpx.Client, path: str) -> None:
    page = client.get(path, headers={"accept": "text/html"}).text
    assert re.search(r'</title><script src="\./dailies\.js\?\w+"></script><script>first', page)
    assert page.count("dailies.js") == 1


def test_what_a_page_needs_is_named_in_its_head_behind_all_else(client: httpx.Client) -> None:
    page = client.get("/videos", headers={"accept": "text/html"}).text
    assert "first()</script><!-- of videos --></head>" in page


def test_a_page_that_somebody_has_from_before_is_not_called_unchanged(client: httpx.Client) -> None:
    answer = client.get("/", headers={"accept": "text/html", "if-none-match": "old"})
    assert (answer.status_code, "etag" in answer.headers) == (200, False)


def test_the_script_is_served_as_one_and_may_be_kept(client: httpx.Client) -> None:
    page = client.get("/", headers={"accept": "text/html"}).text
    found = re.search(r'src="\.([^"]+)"', page)
    assert found
    script = client.get(found[1])
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert "pushState" in script.text


def test_what_is_no_page_is_left_alone(client: httpx.Client) -> None:
    assert client.get("/rows", headers={"accept": "text/html"}).json() == {"text": "<script"}
    assert client.get("/").text == PAGE  # asked for by a program

"""Scripts of the installed Streamlit are named before they are needed, and sent from memory."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lib.ui.kit.router import SHOWN
from lib.web.built import LARGE, Built, Packed, streamlit_folder
from tests.web import served

FOLDER = streamlit_folder()


@pytest.fixture(scope="module")
def built() -> Built:
    built = Built(FOLDER, SHOWN)
    built.pack()
    return built


@pytest.fixture(scope="module")
def client(built: Built) -> Iterator[httpx.Client]:
    async def streamlit(_: Request) -> Response:
        return PlainTextResponse("Streamlit's")

    app = Starlette(routes=[Route("/{path:path}", streamlit)], middleware=[Middleware(Packed, built)])
    with served(app) as http:
        yield http


@pytest.mark.parametrize("page", SHOWN)
def test_the_installed_streamlit_has_a_script_for_each_element_of_a_page(built: Built, page: str) -> None:
    files = {Path(file).name.partition(".")[0] for file in built.before(page)}
    assert set(SHOWN[page]) <= files


@pytest.mark.parametrize("page", SHOWN)
def test_a_page_names_each_script_once_and_none_that_streamlit_names(built: Built, page: str) -> None:
    links = re.findall(r'href="\./([^"]+)"', built.links(page).decode())
    assert len(links) == len(set(links)) > 20
    assert all((FOLDER / file).is_file() for file in links)
    assert not set(links) & set(re.findall(r'"\./([^"]+)"', (FOLDER / "index.html").read_text()))


def test_a_page_that_nobody_described_names_nothing(built: Built) -> None:
    assert built.links("elsewhere") == b""


@pytest.mark.parametrize("manifest", [None, "{", "[]", '{"index.html": {"file": "a.js"}}'])
def test_without_a_manifest_that_can_be_read_nothing_is_named(tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    built = Built(tmp_path, SHOWN)
    built.pack()
    assert built.links("videos") == b""
    assert built.packed("/static/js/a.js") is None


def test_a_script_is_sent_packed_to_be_kept_and_is_what_streamlit_has(
    built: Built, client: httpx.Client
) -> None:
    file = next(file for file in built.before("videos") if file.endswith(".js"))
    answer = client.get(f"/{file}")
    assert answer.text == (FOLDER / file).read_text()
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert int(answer.headers["content-length"]) < len(answer.content)


@pytest.mark.parametrize("page", SHOWN)
def test_a_large_script_is_not_named_because_what_stands_first_would_wait_for_it(
    built: Built, page: str
) -> None:
    large = {file for file in built.before(page) if (FOLDER / file).stat().st_size > LARGE}
    links = set(re.findall(r'href="\./([^"]+)"', built.links(page).decode()))
    assert links == set(built.before(page)) - large


def test_a_large_script_waits_until_the_page_is_still(built: Built) -> None:
    file = next(file for file in built.before("errors") if "PlotlyChart" in file)
    assert (FOLDER / file).stat().st_size > LARGE
    packed = built.packed(f"/{file}")
    assert packed is not None
    waits, _, rest = gzip.decompress(packed).partition(b"\n")
    assert waits == b"await globalThis.dailiesShown;"
    assert rest == (FOLDER / file).read_bytes()


@pytest.mark.parametrize(
    "headers",
    [
        {"accept-encoding": "identity"},
        {"accept-encoding": ""},
        {"accept-encoding": "br, gzip;q=0"},
        {"accept-encoding": "GZIP ; q=0.000, *"},
        {"accept-encoding": "*;q=0"},
        {"accept-encoding": "gzip", "range": "bytes=0-9"},
    ],
)
def test_whoever_takes_it_otherwise_gets_it_from_streamlit_and_a_cache_learns_that_it_varies(
    built: Built, client: httpx.Client, headers: dict[str, str]
) -> None:
    answer = client.get(f"/{built.before('videos')[0]}", headers=headers)
    assert answer.text == "Streamlit's"
    assert answer.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "gzip; q=1.0", "*", "identity;q=0, *;q=0.1"])
def test_whoever_takes_gzip_gets_it_and_a_cache_learns_that_it_varies(
    built: Built, client: httpx.Client, accepted: str
) -> None:
    answer = client.get(f"/{built.before('videos')[0]}", headers={"accept-encoding": accepted})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "accept-encoding"


def test_what_is_not_packed_is_streamlits(client: httpx.Client) -> None:
    assert client.get("/static/js/none.js").text == "Streamlit's"
    page = client.get("/videos")
    assert (page.text, "vary" in page.headers) == ("Streamlit's", False)

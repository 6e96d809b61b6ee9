"""Nobody else's page reads or does anything here, under whatever name it has reached this machine."""

from __future__ import annotations

from typing import Any

import pytest

from lib.domain.address import host_name
from lib.operations.access import Access
from lib.web.origin import Origins
from lib.web.replies import Refused
from tests.web import settings

OURS = Access(settings(address="https://dailies.studio.test/", hosts="board.studio.test, 192.0.2.7:8501"))
PAGES = ["/", "/videos", "/metrics", "/api/health", "/media/1.mp4", "/_stcore/health", "/no/such/page"]


def outcome(path: str = "/", kind: str = "http", method: str = "GET", **headers: str) -> str | None:
    """The code of the refusal; None where it is let in."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": kind, "path": path, "headers": named, "server": ("198.51.100.4", 8501)}
    try:
        Origins(OURS).refuse_foreign(scope | ({"method": method} if kind == "http" else {}))
    except Refused as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    "host",
    [
        *("localhost:8501", "localhost", "LOCALHOST:80", "127.0.0.1:8501", "127.8.9.10", "[::1]:8501"),
        *("dailies.studio.test", "Dailies.Studio.Test.", "board.studio.test:8501", "192.0.2.7"),
        "198.51.100.4:8501",  # the address that the connection came in on
    ],
)
def test_dailies_answers_under_its_own_names(host: str) -> None:
    assert outcome(host=host) is None


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "host",
    [
        *("rebound.test", "rebound.test:8501", "localhost.rebound.test", "127.0.0.1.rebound.test", "", "a b"),
        *("localhost@rebound.test", "rebound.test#localhost", "198.51.100.5", "[::1", "studio.test"),
        *("dailies.studio.test.rebound.test", "x" * 5000, "localhost:999999"),
    ],
)
def test_a_name_that_somebody_pointed_here_reads_nothing(path: str, host: str) -> None:
    assert outcome(path, host=host) == "foreign_host"
    assert outcome("/_stcore/stream", "websocket", host=host, origin=f"http://{host}") == "foreign_host"


def test_a_request_without_a_host_reads_nothing() -> None:
    assert outcome() == "foreign_host"


@pytest.mark.parametrize(
    "origin",
    [
        *("http://localhost:8502", "http://localhost", "https://evil.test", "null", "", "localhost:8501"),
        *("file://", "http://127.0.0.1:8501", "http://localhost:8501.evil.test", "http://x@localhost:8501"),
        "http://evil.test, http://localhost:8501",
    ],
)
def test_a_page_of_another_origin_opens_no_websocket_and_changes_nothing(origin: str) -> None:
    for kind, method in (("websocket", ""), ("http", "POST"), ("http", "PUT"), ("http", "DELETE")):
        for path in ("/_stcore/stream", "/_stcore/upload_file/1/2", "/api/logs/vercel"):
            refused = outcome(path, kind, method, host="localhost:8501", origin=origin)
            assert refused == "foreign_origin", (kind, path)


def test_without_an_origin_no_websocket_opens_and_nothing_is_uploaded() -> None:
    assert outcome("/_stcore/stream", "websocket", host="localhost:8501") == "no_origin"
    for method in ("POST", "PUT", "PATCH", "DELETE", "BREW"):
        assert outcome("/_stcore/upload_file/1/2", method=method, host="localhost:8501") == "no_origin"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8501", "http://localhost:8501"),
        ("dailies.studio.test", "https://dailies.studio.test"),
        ("dailies.studio.test:443", "https://dailies.studio.test"),
        ("[::1]:8501", "http://[::1]:8501"),
        ("198.51.100.4:8501", "http://198.51.100.4:8501"),
    ],
)
def test_the_pages_own_origin_is_let_in(host: str, origin: str) -> None:
    assert outcome("/_stcore/stream", "websocket", host=host, origin=origin) is None
    assert outcome("/_stcore/upload_file/1/2", method="PUT", host=host, origin=origin) is None


def test_vercels_log_drain_needs_no_origin_because_it_signs() -> None:
    assert outcome("/api/logs/vercel", method="POST", host="dailies.studio.test") is None


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_may_link_to_a_page_and_no_more(site: str) -> None:
    link = {"host": "localhost:8501", "sec_fetch_site": site, "sec_fetch_mode": "navigate"}
    assert outcome("/videos", **link, sec_fetch_dest="document") is None
    for path in ("/api/health", "/metrics", "/auth/logout"):
        assert outcome(path, **link, sec_fetch_dest="document") == "foreign_site"
    for path in PAGES:
        assert outcome(path, **link, sec_fetch_dest="iframe") == "foreign_site"
        embedded = {"host": "localhost:8501", "sec_fetch_site": site, "sec_fetch_mode": "no-cors"}
        assert outcome(path, **embedded, sec_fetch_dest="image") == "foreign_site"


def test_what_our_own_page_loads_is_let_in() -> None:
    for site in ("same-origin", "none"):
        assert outcome("/metrics", host="localhost:8501", sec_fetch_site=site) is None


def test_an_address_has_one_spelling() -> None:
    assert host_name("[0:0:0:0:0:0:0:1]:80") == "::1"
    assert host_name("Example.TEST.:8501") == "example.test"


def test_a_server_that_was_started_for_this_machine_answers_no_other() -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}
    only_here = Origins(Access(settings()))
    only_here.refuse_foreign(scope | {"server": ("127.0.0.1", 8501)})
    with pytest.raises(Refused, match="this machine only"):
        only_here.refuse_foreign(scope | {"server": ("192.0.2.9", 8501)})

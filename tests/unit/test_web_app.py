"""The routes in Streamlit's own server, where every path that nobody claims gets the app's page."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import sys
import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from lib.data.postgres import PostgresDatabase
from lib.operations.access import Access
from lib.web.middleware import Guard
from lib.web.routes import routes
from tests.web import FakeParts, settings

parts = FakeParts(PostgresDatabase("postgresql://nobody@127.0.0.1:1/none", label="none"), settings())
guard = Middleware(Guard, Access(settings()))
app = st.App(sys.argv[1], routes=routes(lambda: parts.app), middleware=[guard])
uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    script = tmp_path_factory.mktemp("app") / "page.py"
    script.write_text("import streamlit as st\nst.text('the page')\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(script), str(port)], env=environment, cwd=script.parent
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            _wait(http, server)
            yield http
    finally:
        server.terminate()
        server.wait()


def _wait(http: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None
        try:
            http.get("/api/health/live")
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not start")


def test_the_app_has_its_pages_with_our_headers(client: httpx.Client) -> None:
    answer = client.get("/videos")
    assert answer.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/logs/vercel", 405),
        ("PUT", "/api/logs/vercel", 405),
        ("POST", "/api/health", 405),
        ("GET", "/api/none", 404),
        ("GET", "/api", 404),
        ("GET", "/_stcore/metrics", 404),
        ("GET", "/_stcore/agent/openapi.json", 404),
        ("GET", "/api/cron/sweep", 401),
        ("POST", "/api/logs/vercel", 403),
        ("GET", "/api/health", 503),
    ],
)
def test_below_our_paths_there_is_never_the_page(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")


def test_streamlits_own_health_check_is_left_alone(client: httpx.Client) -> None:
    assert client.get("/_stcore/health").text == "ok"

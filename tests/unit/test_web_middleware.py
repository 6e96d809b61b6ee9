"""What every answer carries, and that nothing below our paths is ever the app's page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import httpx
import pytest

from lib.data.postgres import PostgresDatabase
from lib.web.middleware import content_policy, inline_scripts
from tests.web import FakeParts, application, served, settings


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    nowhere = PostgresDatabase("postgresql://nobody@127.0.0.1:1/none", label="none")
    with served(application(FakeParts(nowhere, settings()))) as http:
        yield http


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/none", "/_stcore/metrics"])
def test_every_answer_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers  # over plain HTTP it would mean nothing


def test_the_policy_allows_no_script_but_the_pages_own() -> None:
    policy = dict(part.split(" ", 1) for part in content_policy("dailies.example").split("; "))
    assert "unsafe-inline" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
    assert inline_scripts() in policy["script-src"]
    assert policy["connect-src"].endswith("ws://dailies.example wss://dailies.example")


def test_the_hash_is_that_of_streamlits_inline_script() -> None:
    from streamlit.file_util import get_static_dir

    page = httpx.URL(f"file://{get_static_dir()}/index.html").path
    with open(page, encoding="utf-8") as file:  # noqa: PTH123
        scripts = re.findall(r"<script>(.*?)</script>", file.read(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert inline_scripts() == f"'sha256-{digest}'"


@pytest.mark.parametrize("host", ["evil.test; script-src *", "a b", "x'y", ""])
def test_a_host_cannot_write_into_the_policy(host: str) -> None:
    assert content_policy(host) == content_policy("")


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "//_stcore/metrics"])
def test_what_streamlit_leaves_open_is_hidden(client: httpx.Client, path: str) -> None:
    answer = client.get(str(client.base_url).rstrip("/") + path)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/none", "/api/logs", "/api/health/none", "/api/cron"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "BREW"])
def test_an_unknown_path_is_404_and_json(client: httpx.Client, path: str, method: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/logs/vercel", "POST"),
        ("BREW", "/api/logs/vercel", "GET, HEAD, POST"),
        ("POST", "/api/health", "GET, HEAD"),
        ("OPTIONS", "/api/health/live", "GET, HEAD"),
        ("DELETE", "/metrics", "GET, HEAD"),
        ("POST", "/api/cron/sweep", "GET, HEAD"),
        ("POST", "/api/cron/process", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_405_and_json_and_says_the_right_ones(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


def test_other_paths_are_the_apps(client: httpx.Client) -> None:
    assert client.get("/videos").text == "<html>the app</html>"

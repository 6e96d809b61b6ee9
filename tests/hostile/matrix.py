"""Every route and page, asked by everybody who might: generated from the router and the routes themselves.

Before them stand the server's own Guard and Gate. Who somebody is stands in a cookie in clear here; that
Streamlit's signed cookie is read right is tested in tests/browser/test_sign_in.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from starlette.types import Message, Receive, Scope, Send

from lib.domain.access import Claims
from lib.operations.access import Access
from lib.settings import Settings
from lib.ui.kit.router import PAGES
from lib.web.gate import Gate
from lib.web.middleware import BLOCKED, Guard
from lib.web.routes import routes

HOST = "dailies.studio.test"
LET_IN = 299
PEOPLE = ("nobody", "viewer", "operator", "admin")
CALLERS = ("anonymous", *PEOPLE, "wrong origin", "wrong host")  # the last two with an admin's cookie
STREAMLIT = (
    *("/", "/_stcore/health", "/_stcore/host-config", "/_stcore/script-health-check", "/media/0.mp4"),
    *("/component/any/index.html", "/static/js/any.js", "/app/static/Inter.woff2", "/dailies.js", "/no/such"),
)
WAYS_IN = ("/auth/login", "/auth/logout", "/oauth2callback")


class Asked(NamedTuple):
    kind: str  # page, streamlit, upload, websocket, way in, own secret or blocked
    method: str
    path: str


def everything() -> Iterator[Asked]:
    yield from (Asked("page", "GET", f"/{key}") for key, *_ in PAGES)
    yield from (Asked("streamlit", "GET", path) for path in STREAMLIT)
    yield from (Asked("upload", method, "/_stcore/upload_file/s/f") for method in ("PUT", "POST", "DELETE"))
    yield Asked("websocket", "GET", "/_stcore/stream")
    yield from (Asked("way in", "GET", path) for path in WAYS_IN)
    yield from (Asked("blocked", "GET", path) for path in BLOCKED)
    for route in routes(_no_app):
        path = route.path.replace("{path:path}", "no/such")
        if path != "/api":
            yield from (Asked("own secret", method, path) for method in ("GET", "POST"))


def _no_app() -> Any:
    raise AssertionError("No route is to get as far as the app.")


def expected(asked: Asked, caller: str) -> str:
    """`in`: it gets as far as what answers there."""
    if caller == "wrong host":
        return "403" if asked.kind == "websocket" else "421"
    if caller == "wrong origin":  # a browser names the origin of a websocket and of what changes something
        return "403"
    if asked.kind == "blocked":
        return "404"
    if asked.kind in ("way in", "own secret"):
        return "in"
    if caller == "anonymous":
        return "403" if asked.kind == "websocket" else "401"
    return "403" if caller == "nobody" else "in"


class Server:
    """The middleware of dashboard.py over something that answers everything."""

    def __init__(self, folder: Path) -> None:
        settings = Settings.model_validate(
            {
                "data_dir": folder,
                "auth": {"client_id": "dailies"},
                "address": f"https://{HOST}",
                "admins": "admin@studio.test",
                "operators": "operator@studio.test",
                "viewers": "viewer@studio.test",
            }
        )
        access = Access(settings, "0.0.0.0")
        self._app = Guard(Gate(answer, access, claims_of, dict, is_https=True), access)

    def ask(self, asked: Asked, caller: str) -> str:
        """`in`, or the status of the refusal; browsers see a websocket that is not let in as 403."""
        host = "rebound.test" if caller == "wrong host" else HOST
        headers = {"host": host}
        if asked.kind == "websocket" or asked.method != "GET" or caller == "wrong origin":
            headers["origin"] = "https://evil.test" if caller == "wrong origin" else f"https://{host}"
        if caller != "anonymous":
            who = "admin" if caller.startswith("wrong") else caller
            headers["cookie"] = f"who={who}-{caller[-4:]}"  # each a sign-in of their own
        scope = {
            "type": "websocket" if asked.kind == "websocket" else "http",
            "method": asked.method,
            "path": asked.path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "server": ("192.0.2.8", 443),
        }
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self._app(scope, _nothing, send))
        if scope["type"] == "websocket":
            return "in" if sent[0]["type"] == "websocket.accept" else "403"
        return "in" if sent[0]["status"] == LET_IN else str(sent[0]["status"])


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": LET_IN, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def claims_of(cookies: Mapping[str, str]) -> Claims | None:
    name, _, sign_in = cookies.get("who", "").partition("-")
    known = {"email": f"{name}@studio.test", "email_verified": True, "iat": time.time(), "nonce": sign_in}
    return known if name else None

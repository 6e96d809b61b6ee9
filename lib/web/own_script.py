"""Our own script in Streamlit's page: see own_script.js for what it does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/dailies.js"
_SCRIPT = Path(__file__).with_suffix(".js").read_bytes()
_TAG = f'<script src=".{PATH}?{hashlib.sha256(_SCRIPT).hexdigest()[:12]}"></script>'.encode()
_FOREVER = {"cache-control": "public, immutable, max-age=31536000"}  # the address changes with the script
# A page must come whole and plain to be written into, and not as the one that somebody has already.
_NOT_PASSED_ON = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")


class OwnScript:
    """Serves the script, and loads it in every page before Streamlit's own; `head` gives what else belongs
    into the head of a page, by its path."""

    def __init__(self, app: ASGIApp, head: Callable[[str], bytes] = lambda _: b"") -> None:
        self._app = app
        self._head = head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == PATH:
            await Response(_SCRIPT, media_type="text/javascript", headers=_FOREVER)(scope, receive, send)
        elif b"text/html" in dict(scope["headers"]).get(b"accept", b""):
            headers = [pair for pair in scope["headers"] if pair[0] not in _NOT_PASSED_ON]
            page = _Page(send, self._head(scope["path"].strip("/")))
            await self._app({**scope, "headers": headers}, receive, page)
        else:
            await self._app(scope, receive, send)


class _Page:
    """Sends an answer on; into a page of HTML it writes the tag, before the first script, and `head`."""

    def __init__(self, send: Send, head: bytes) -> None:
        self._send = send
        self._head = head
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if MutableHeaders(scope=message).get("content-type", "").startswith("text/html"):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self._start)
            return
        await self._send(message)

    async def _send_page(self, start: Message) -> None:
        page = self._body.replace(b"<script", _TAG + b"<script", 1)
        page = page.replace(b"</head>", self._head + b"</head>", 1)
        headers = MutableHeaders(scope=start)
        for name in ("etag", "last-modified", "accept-ranges"):
            del headers[name]
        headers["content-length"] = str(len(page))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": page})

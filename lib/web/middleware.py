"""What every answer carries, and what Streamlit serves that nobody is to reach."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.operations.access import Access
from lib.web.built import streamlit_folder
from lib.web.origin import Origins
from lib.web.replies import Refused, refuse

# Streamlit's own metrics are open to everybody, and its agent interface answers even when switched off.
BLOCKED = ("/_stcore/metrics", "/_stcore/agent")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9a-fA-F:]+\](:\d{1,5})?")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Guard:
    """Answers nobody else's page, sets security headers on every answer and hides what `BLOCKED` names."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._origins = Origins(access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                _add_headers(scope, MutableHeaders(scope=message))
            await send(message)

        path = re.sub("/+", "/", scope["path"])
        try:
            self._origins.refuse_foreign(scope)
            if path.startswith(BLOCKED):
                raise Refused(404, "not_found", f"There is nothing at {path}.")
        except Refused as refusal:
            await refuse(refusal, scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)


def _add_headers(scope: Scope, headers: MutableHeaders) -> None:
    headers.update(_FIXED)
    headers["content-security-policy"] = content_policy(Headers(scope=scope).get("host", ""))
    if scope.get("scheme") == "https":
        headers["strict-transport-security"] = "max-age=31536000"


@cache
def inline_scripts() -> str:
    """Hashes of the scripts inside the installed Streamlit's page: the only ones of their kind to run."""
    page = (streamlit_folder() / "index.html").read_text("utf-8")
    digests = (hashlib.sha256(text.encode()).digest() for text in _INLINE_SCRIPT.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def content_policy(host: str) -> str:
    """`host` is the request's, for the websocket: not every browser counts one as `'self'`.

    Videos may come from any https address, since people may say so on a page; pictures from nowhere else.
    """
    sockets = f"ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'wasm-unsafe-eval' {inline_scripts()}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob: https:",
            "font-src 'self' data:",
            f"connect-src 'self' data: blob: {sockets}".rstrip(),
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )

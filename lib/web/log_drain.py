"""`POST /api/logs/vercel`: Vercel's log drain delivers here.

Vercel delivers again whatever was not answered with 200, so that is said only once the entries are stored;
what comes twice is stored once.
"""

from __future__ import annotations

import io
import uuid
from contextlib import suppress
from datetime import UTC, datetime

import anyio
import anyio.to_thread
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.app import App, GetApp
from lib.errors import DailiesError
from lib.logs.report import ImportReport
from lib.operations.import_logs import import_logs
from lib.web.body import inflate, is_signed, read_body
from lib.web.replies import Endpoint, Refused, found, wrong_method

PATH = "/api/logs/vercel"
LIMIT = 4 << 20
INFLATED_LIMIT = 32 << 20
SECONDS_TO_SEND = 30
_NOTHING = (b"[]", b"{}")  # nothing to store, and nothing wrong


class LogDrain:
    """Bounds what deliveries take at once: further ones wait, unread, in the buffers of their sockets."""

    def __init__(self, app: GetApp, *, receiving: int = 32, storing: int = 4) -> None:
        self._app = app
        self._receiving = anyio.CapacityLimiter(receiving)
        self._storing = anyio.CapacityLimiter(storing)

    async def take(self, request: Request) -> Response:
        app = self._app()
        secret = app.settings.log_drain_secret
        if secret is None:
            raise Refused(
                403,
                "not_configured",
                "Set DAILIES_LOG_DRAIN_SECRET to the drain's signature secret and restart.",
            )
        async with self._receiving:
            body = await _received(request)
            report = await anyio.to_thread.run_sync(
                _store,
                app,
                body,
                secret,
                request.headers.get("x-vercel-signature", ""),
                limiter=self._storing,
            )
        return found(
            stored=report.entries - report.already_stored,
            repeated=report.repeated + report.already_stored,
            unusable=report.unusable,
        )

    async def verify(self, request: Request) -> Response:
        """Vercel may ask with GET before it makes the drain."""
        if not self.verification():
            return wrong_method(request, "POST")
        return found(ready=self._app().settings.log_drain_secret is not None)

    def verification(self) -> dict[str, str]:
        """Vercel's proof that the address is ours: a header with its code, on every answer."""
        with suppress(DailiesError):  # the process still starts
            if code := self._app().settings.log_drain_verify:
                return {"x-vercel-verify": code}
        return {}


async def _received(request: Request) -> bytes:
    try:
        with anyio.fail_after(SECONDS_TO_SEND):
            return await read_body(request, LIMIT)
    except TimeoutError:
        raise Refused(408, "too_slow", f"The body did not arrive within {SECONDS_TO_SEND} s.") from None


def _store(app: App, body: bytes, secret: SecretStr, signature: str) -> ImportReport:
    content = proven(body, secret.get_secret_value(), signature)
    if content.strip() in _NOTHING:
        return ImportReport()
    today = uuid.uuid5(uuid.NAMESPACE_URL, f"{PATH} {datetime.now(UTC):%Y-%m-%d}")
    return import_logs(app.acting_as("vercel"), io.BytesIO(content), name="Log drain", import_id=today)


def proven(body: bytes, secret: str, signature: str) -> bytes:
    """The content of a delivery that is known to be Vercel's. Vercel does not say which form of a packed body
    its signature covers. Raises Refused or, for damaged packing, BadInput."""
    if is_signed(body, secret, signature):
        return inflate(body, INFLATED_LIMIT)
    if signature:
        content = inflate(body, INFLATED_LIMIT)
        if is_signed(content, secret, signature):
            return content
    raise Refused(403, "wrong_signature", "x-vercel-signature is not made with DAILIES_LOG_DRAIN_SECRET.")


def routes(app: GetApp) -> list[Route]:
    drain = LogDrain(app)
    return [Route(PATH, Endpoint(drain.verification, POST=drain.take, GET=drain.verify))]

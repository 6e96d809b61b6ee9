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
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.app import App, GetApp
from lib.errors import DailiesError, DatabaseUnavailable
from lib.logs.report import ImportReport
from lib.operations.import_logs import import_logs
from lib.web.body import Reception, inflate
from lib.web.replies import Endpoint, Refused, found, wrong_method

PATH = "/api/logs/vercel"
LIMIT = 4 << 20
INFLATED_LIMIT = 32 << 20
WAITING = 64  # signed deliveries that wait for a thread
_NOTHING = (b"[]", b"{}")  # nothing to store, and nothing wrong


class LogDrain:
    """Signed deliveries wait for one of a few threads; what is not signed never gets one of those."""

    def __init__(self, app: GetApp, *, storing: int = 4) -> None:
        self._app = app
        self._reception = Reception()
        self._storing = anyio.CapacityLimiter(storing)

    async def take(self, request: Request) -> Response:
        app = self._app()
        secret = app.settings.log_drain_secret
        if secret is None:
            todo = "Set DAILIES_LOG_DRAIN_SECRET to the drain's signature secret and restart."
            raise Refused(403, "not_configured", todo)
        signature = request.headers.get("x-vercel-signature", "")
        pieces = await self._reception.receive(request, secret.get_secret_value(), signature, LIMIT)
        if self._storing.statistics().tasks_waiting >= WAITING:
            raise DatabaseUnavailable("Deliveries come faster than the database stores them.")
        report = await anyio.to_thread.run_sync(_store, app, pieces, limiter=self._storing)
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


def _store(app: App, pieces: list[bytes]) -> ImportReport:
    content = inflate(b"".join(pieces), INFLATED_LIMIT)
    if content.strip() in _NOTHING:
        return ImportReport()
    today = uuid.uuid5(uuid.NAMESPACE_URL, f"{PATH} {datetime.now(UTC):%Y-%m-%d}")
    return import_logs(app.acting_as("vercel"), io.BytesIO(content), name="Log drain", import_id=today)


def routes(app: GetApp) -> list[Route]:
    drain = LogDrain(app)
    return [Route(PATH, Endpoint(drain.verification, POST=drain.take, GET=drain.verify))]

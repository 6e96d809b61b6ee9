"""The HTTP edge as tests reach it: its routes over a real database, with a Runway that is faked."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lib.app import App
from lib.data.database import Database
from lib.errors import RunwayError
from lib.operations.access import Access
from lib.runway.organization import Organization
from lib.settings import Settings
from lib.web.middleware import Guard
from lib.web.routes import routes

DRAIN_SECRET = "drain-secret-0123456789"
CRON_SECRET = "cron-secret-0123456789"
START_MS = 1_773_489_600_000  # noon of the cast's day


class Runway:
    """Answers with `credits`, or not at all while they are None."""

    def __init__(self, credits: int | None = 1000) -> None:
        self.credits = credits
        self.asked = 0

    def organization(self) -> Organization:
        self.asked += 1
        if self.credits is None:
            raise RunwayError("No connection to Runway could be made.", cause="runway_unreachable")
        return Organization(self.credits, {})


@dataclass
class FakeParts:
    database: Database | None
    settings: Settings
    runway: Any = field(default_factory=Runway)
    no_database: str | None = None

    @property
    def app(self) -> App:
        return App(self.settings, self.database, self.runway, "edge", no_database=self.no_database)


def settings(**values: Any) -> Settings:
    given: dict[str, Any] = {"log_drain_secret": DRAIN_SECRET, "cron_secret": CRON_SECRET} | values
    return Settings(**given)


class Switch:
    """Parts that may be exchanged while the server runs."""

    def __init__(self) -> None:
        self.parts: FakeParts | None = None

    def __call__(self) -> App:
        assert self.parts is not None
        return self.parts.app


def application(parts: Any) -> ASGIApp:
    """Behind our routes a page for every other path, as the app has it. `parts` may be a Switch."""
    get = parts if isinstance(parts, Switch) else lambda: parts.app

    async def page(request: Request) -> Response:
        return HTMLResponse("<html>the app</html>")

    return Starlette(
        routes=[*routes(get), Route("/{path:path}", page)], middleware=[Middleware(Guard, Access(settings()))]
    )


@contextmanager
def served(app: ASGIApp) -> Iterator[httpx.Client]:
    """A client of `app` under a real server."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
                while not server.started:
                    time.sleep(0.005)
                yield client
        finally:
            server.should_exit = True
            thread.join()


def record(number: int, message: str | None = None, **fields: Any) -> dict[str, Any]:
    """A log drain's record."""
    return {
        "id": f"log-{number:012}",
        "deploymentId": "dpl_one",
        "projectId": "prj_one",
        "source": "lambda",
        "host": "app.example",
        "timestamp": START_MS + number,
        "requestId": f"iad1::abcde-{START_MS + number}-0123456789ab",
        "level": "info",
        "statusCode": 200,
        "path": "/api/generate",
        "message": message or f"[Video Generation] line {number}",
    } | fields


def signed(body: bytes, secret: str = DRAIN_SECRET) -> dict[str, str]:
    return {"x-vercel-signature": hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}


def delivery(*numbers: int) -> bytes:
    return orjson.dumps([record(number) for number in numbers])

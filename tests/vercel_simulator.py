"""Vercel's answers about a project and its logs, on this machine: for tests, and to try `pull-logs`.

It has the habits of the real one: fifty requests a page, newest first, `page` ignored when `repeats_pages`,
lines only of what was logged so far, a tail without request ids that ends with a delimiter.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lib.domain.times import iso

PAGE = 50
TOKEN = "vercel-simulator"
_DELIMITER = {"rowId": "", "source": "delimiter", "message": "", "level": "info", "timestampInMs": 0}


class VercelSimulator:
    """Serves one project while it is entered. Its attributes may be changed at any time.

    failures     statuses with headers that the next calls get instead of an answer
    breaks_after answers, from then on every call gets a 500; None: never
    asked        the path and query of every call
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._server = uvicorn.Server(
            uvicorn.Config(self._app(), log_level="error", lifespan="off", ws="none")
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self.forget()

    def forget(self) -> None:
        """Be as in the beginning."""
        self.project: dict[str, Any] = {
            "id": "prj_simulated",
            "name": "simulated",
            "accountId": "team_simulated",
            "targets": {"production": {"id": "dpl_simulated"}},
        }
        self.repeats_pages = True
        self.has_history = True
        self.requests: list[dict[str, Any]] = []
        self.tail_rows: list[dict[str, Any]] = []
        self.failures: list[tuple[int, Mapping[str, str]]] = []
        self.breaks_after: int | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> VercelSimulator:
        self._socket.bind(("127.0.0.1", 0))
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def add_request(
        self, at_ms: int, *messages: str, request_id: str | None = None, status: int = 200
    ) -> None:
        """A request of the production app that wrote these lines."""
        self.requests.append(
            {
                "requestId": request_id or f"abcde-{at_ms}-{len(self.requests):012x}",
                "timestamp": iso(at_ms),
                "deploymentId": "dpl_simulated",
                "requestMethod": "POST",
                "requestPath": "/api/videos/generate",
                "statusCode": status,
                "environment": "production",
                "branch": "main",
                "logs": [{"level": "info", "message": text, "messageTruncated": False} for text in messages],
            }
        )

    def add_tail_row(self, at_ms: int, message: str) -> None:
        self.tail_rows.append(
            {
                "level": "info",
                "message": message,
                "rowId": f"row-{len(self.tail_rows)}",
                "source": "serverless",
                "timestampInMs": at_ms,
                "domain": "simulated.example",
                "messageTruncated": False,
                "requestMethod": "POST",
                "requestPath": "/api/videos/generate",
                "responseStatusCode": -1,
            }
        )

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v9/projects/{project}", self._project),
                Route("/api/logs/request-logs", self._history),
                Route("/v1/projects/{project}/deployments/{deployment}/runtime-logs", self._tail),
            ]
        )

    def _refusal(self, request: Request) -> Response | None:
        self.asked.append((request.url.path, dict(request.query_params)))
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": {"code": "forbidden", "message": "Not authorized"}}, 403)
        if self.failures:
            status, headers = self.failures.pop(0)
            return JSONResponse({"error": {"code": "unavailable"}}, status, headers)
        if self.breaks_after is not None:
            self.breaks_after -= 1
            if self.breaks_after < 0:
                return JSONResponse({"error": {"code": "internal"}}, 500)
        project = request.path_params.get("project") or request.query_params.get("projectId")
        if project not in (self.project["id"], self.project["name"]):
            return JSONResponse({"error": {"code": "not_found"}}, 404)
        return None

    async def _project(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse(self.project)

    async def _history(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        if not self.has_history:
            return JSONResponse({"error": {"code": "not_found"}}, 404)
        query = request.query_params
        since, until = iso(int(query["startDate"])) or "", iso(int(query["endDate"])) or ""
        rows = [row for row in self.requests if since <= row["timestamp"] <= until]
        rows.sort(key=lambda row: row["timestamp"], reverse=True)
        first = 0 if self.repeats_pages else PAGE * int(query["page"])
        return JSONResponse({"rows": rows[first : first + PAGE], "hasMoreRows": len(rows) > first + PAGE})

    async def _tail(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        return StreamingResponse(self._rows(), media_type="application/stream+json")

    def _rows(self) -> Iterator[bytes]:
        for row in [*self.tail_rows, _DELIMITER]:
            yield orjson.dumps(row) + b"\n"

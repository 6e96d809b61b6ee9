"""What the HTTP routes answer: always JSON, whatever the method and however it went."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from lib.errors import BadInput, DailiesError, DatabaseUnavailable, NotAllowed, RunwayError, SchemaMissing
from lib.logs.redact import redact

RETRY_SECONDS = 10
Handler = Callable[[Request], Awaitable[Response]]


class Refused(DailiesError):
    """The request is refused."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


class Endpoint:
    """Handlers by method. An ASGI application, because Starlette asks a plain function's route only about
    the methods it lists: any other would fall through to the app's page."""

    def __init__(self, headers: Callable[[], Mapping[str, str]] = dict, **handlers: Handler) -> None:
        self._handlers = handlers | ({"HEAD": handlers["GET"]} if "GET" in handlers else {})
        self._headers = headers  # of every answer, refusals too

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        handler = self._handlers.get(request.method)
        try:
            response = await handler(request) if handler else wrong_method(request, *self._handlers)
        except ClientDisconnect:
            return
        except DailiesError as error:
            response = failure(error)
        response.headers.update({"cache-control": "no-store", **self._headers()})
        await response(scope, receive, send)


def wrong_method(request: Request, *allowed: str) -> Response:
    methods = ", ".join(sorted(allowed))
    refusal = reply(405, "method_not_allowed", f"{request.url.path} takes {methods}, not {request.method}.")
    refusal.headers["allow"] = methods
    return refusal


def reply(status: int, code: str, message: str) -> JSONResponse:
    """A refusal: `code` for programs, `message` for people, which may quote what others said."""
    return JSONResponse({"error": code, "message": redact(message)}, status)


def failure(error: DailiesError) -> JSONResponse:
    """A refusal, in the words of the error."""
    if isinstance(error, Refused):
        refusal = reply(error.status, error.code, str(error))
        refusal.headers.update(error.headers)
        return refusal
    if isinstance(error, BadInput):
        return reply(400, "bad_input", str(error))
    if isinstance(error, NotAllowed):
        return reply(403, "not_allowed", str(error))
    if isinstance(error, (DatabaseUnavailable, SchemaMissing)):
        refusal = reply(503, "unavailable", str(error))
        refusal.headers["retry-after"] = str(RETRY_SECONDS)
        return refusal
    if isinstance(error, RunwayError):
        return reply(502, "runway", str(error))
    return reply(500, "failed", str(error))


async def refuse(error: DailiesError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the refusal; a websocket is closed before it opens, which browsers see as 403."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await failure(error)(scope, receive, send)


def found(**values: Any) -> JSONResponse:
    return JSONResponse(values)


class NothingHere:
    """For paths below ours that are none: the app would answer them with its page, and 200."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await reply(404, "not_found", f"There is nothing at {scope['path']}.")(scope, receive, send)

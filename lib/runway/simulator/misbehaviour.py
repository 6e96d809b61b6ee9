"""Carries out faults: breaks connections, delays and damages answers, in front of the simulated API."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.runway.simulator.faults import Fault, fault_in_prompt, parse_fault
from lib.runway.simulator.protocol import ENDPOINTS
from lib.runway.simulator.store import SimulatorStore

CREATIONS = frozenset(f"/v1/{name}" for name in ENDPOINTS)
HANG_SECONDS = 30.0
SLOW_SECONDS = 5.0


class Misbehaviour:
    """Around the API. A fault comes from the header `X-Simulator-Fault`, else from a marker in the prompt,
    else from the programme; one for the task goes on to the API as `scope["fault"]`.

    `scope["connection"]` must be the connection's transport.
    """

    def __init__(self, app: ASGIApp, store: SimulatorStore) -> None:
        self._app = app
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        try:
            fault = await run_in_threadpool(self._fault, scope, body)
        except ValueError as error:
            await JSONResponse({"error": str(error)}, 400)(scope, receive, send)
            return
        if fault is None or fault.of_task:
            await self._app({**scope, "fault": fault}, _replay(body, receive), send)
            return
        answer = await self._carried_out(scope, body, receive) if fault.after else Response()
        await _misbehave(fault, answer, scope, receive, send)

    def _fault(self, scope: Scope, body: bytes) -> Fault | None:
        method, path = scope["method"], scope["path"]
        text = Headers(scope=scope).get("x-simulator-fault")
        if method == "POST" and path in CREATIONS:
            self._store.programme.record_post(self._store.now())
            text = text or fault_in_prompt(_prompt(body))
        text = text or self._store.programme.take(method, path)
        return parse_fault(text) if text else None

    async def _carried_out(self, scope: Scope, body: bytes, receive: Receive) -> Response:
        answer = Response()
        pieces: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status_code = message["status"]
            else:
                pieces.append(message.get("body", b""))

        await self._app({**scope, "fault": None}, _replay(body, receive), keep)
        return Response(b"".join(pieces), answer.status_code, media_type="application/json")


async def _misbehave(fault: Fault, answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    match fault.name:
        case "drop":
            await _close(scope, receive)
        case "reset":
            # With no time to linger, closing sends a reset.
            connection = scope["connection"].get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await _close(scope, receive)
        case "hang":
            await _gone(receive, fault.seconds(HANG_SECONDS))
            await _close(scope, receive)
        case "slow":
            await _drip(answer, fault.seconds(SLOW_SECONDS), receive, send)
        case "http" | "no-credits":
            status, body, headers = fault.answer()
            await JSONResponse(body, status, headers)(scope, receive, send)
        case _:
            await _damaged(fault, answer)(scope, receive, send)


def _damaged(fault: Fault, answer: Response) -> Response:
    body = bytes(answer.body)
    if not body:  # as after a DELETE: nothing to damage
        return answer
    match fault.name:
        case "malformed":
            return Response(body[: len(body) // 2], answer.status_code, media_type="application/json")
        case "empty":
            return Response(b"", answer.status_code, media_type="application/json")
    fields: dict[str, Any] = json.loads(body)
    return JSONResponse({k: v for k, v in fields.items() if k != "id"}, answer.status_code)


async def _close(scope: Scope, receive: Receive) -> None:
    scope["connection"].abort()
    await _gone(receive, 1.0)


async def _gone(receive: Receive, seconds: float) -> bool:
    """Waits for the other side to hang up, no longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _drip(answer: Response, seconds: float, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    body = bytes(answer.body)
    for at in range(len(body)):
        if await _gone(receive, seconds / len(body)):
            return
        await send({"type": "http.response.body", "body": body[at : at + 1], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _replay(body: bytes, receive: Receive) -> Receive:
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replayed() -> Message:
        return next(messages, None) or await receive()

    return replayed


def _prompt(body: bytes) -> str:
    try:
        prompt = json.loads(body)["promptText"]
    except (ValueError, KeyError, TypeError):
        return ""
    return prompt if isinstance(prompt, str) else ""

"""No configured secret gets out, whatever page, route or file it got into."""

from __future__ import annotations

import logging
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib import outgoing
from lib.logs.redact import redact

# The browser's program: the same for everybody, and no longer right if a part of it were masked.
_STATIC = ("/static/", "/app/static/", "/component/", "/dailies.js")


class Outgoing:
    """Masks the secrets in what the server sends: pages over their websocket, and every other answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._app(scope, receive, _Frames(send))
        elif scope["type"] == "http" and not scope["path"].startswith(_STATIC):
            plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            await self._app({**scope, "headers": plain}, receive, _Body(send))
        else:
            await self._app(scope, receive, send)


class _Frames:
    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message.get("bytes"):
            message = {**message, "bytes": outgoing.masked_bytes(message["bytes"])}
        elif message.get("text"):
            message = {**message, "text": outgoing.masked(message["text"])}
        await self._send(message)


class _Body:
    """Holds the end of each piece back, where a secret may have begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            data = outgoing.masked_bytes(self._held + message.get("body", b""))
            sent = max(0, len(data) - outgoing.longest()) if message.get("more_body") else len(data)
            self._held = data[sent:]
            message = {**message, "body": data[:sent]}
        await self._send(message)


def keep_from_logs() -> None:
    """Redacts whatever this process logs from now on, by whichever logger and handler, tracebacks too."""
    made = logging.getLogRecordFactory()
    spelled = logging.Formatter()

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = made(*args, **kwargs)
        if record.exc_info:
            record.exc_text = redact(spelled.formatException(record.exc_info))
        if (
            isinstance(record.args, tuple) and record.name == "uvicorn.access"
        ):  # its formatter takes them apart
            record.args = tuple(redact(a) if isinstance(a, str) else a for a in record.args)
        else:
            record.msg, record.args = redact(record.getMessage()), ()
        return record

    logging.setLogRecordFactory(make)

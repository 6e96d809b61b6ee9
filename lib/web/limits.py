"""How much one sender may take: websockets that are open at once, and guesses at a secret; and how much all
together: bytes of uploads in memory."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.web.replies import Refused, refuse

SOCKETS, SOCKETS_OF_ONE = 500, 100
GUESSES_A_MINUTE = 20  # answered at once
MOST_SECONDS, MOST_WAITING = 4.0, 100
SENDERS = 1000  # remembered
UPLOADS = 256 << 20  # bytes held at once, of all pages
UPLOAD_PATH = "/_stcore/upload_file/"
WITH_SECRET = ("/api/", "/metrics")


class Limits:
    """A wrong secret is answered later and later; a right one at once, whoever else guesses from there.

    `held_bytes` tells what is in memory of uploads that are complete.
    """

    def __init__(self, app: ASGIApp, held_bytes: Callable[[], int] = lambda: 0) -> None:
        self._app = app
        self._held_bytes = held_bytes
        self._coming = 0  # bytes of uploads that are not complete
        self._sockets: Counter[str] = Counter()
        self._guesses: dict[str, deque[float]] = {}
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender = str((scope.get("client") or ("",))[0])
        if scope["type"] == "websocket":
            await self._socket(sender, scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(WITH_SECRET):
            await self._app(scope, receive, self._slowly(sender, send))
        elif scope["type"] == "http" and scope["path"].startswith(UPLOAD_PATH):
            await self._upload(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _socket(self, sender: str, scope: Scope, receive: Receive, send: Send) -> None:
        if self._sockets.total() >= SOCKETS or self._sockets[sender] >= SOCKETS_OF_ONE:
            await refuse(Refused(429, "too_many", "Too many pages are open."), scope, receive, send)
            return
        self._sockets[sender] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._sockets[sender] -= 1
            if not self._sockets[sender]:
                del self._sockets[sender]

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refused where there is no room for as much as it says; without saying, nobody sends anything."""
        length = Headers(scope=scope).get("content-length", "")
        if scope["method"] in ("PUT", "POST") and not length.isdecimal():
            await refuse(Refused(411, "no_length", "Say how long the file is."), scope, receive, send)
            return
        size = int(length or 0)
        if size and self._held_bytes() + self._coming + size > UPLOADS:
            told = f"Uploads are {UPLOADS >> 20} MB at most, of everybody together. Try again later."
            await refuse(Refused(413, "too_much", told), scope, receive, send)
            return
        self._coming += size
        try:
            await self._app(scope, receive, send)
        finally:
            self._coming -= size

    def _slowly(self, sender: str, send: Send) -> Send:
        async def slow(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (401, 403):
                await self._wait(self._guessed(sender))
            await send(message)

        return slow

    def _guessed(self, sender: str) -> float:
        """Seconds to wait after this wrong guess."""
        now = time.monotonic()
        if sender not in self._guesses and len(self._guesses) >= SENDERS:
            del self._guesses[next(iter(self._guesses))]
        guesses = self._guesses.setdefault(sender, deque(maxlen=GUESSES_A_MINUTE + 10))
        while guesses and now - guesses[0] > 60:
            guesses.popleft()
        guesses.append(now)
        too_many = len(guesses) - GUESSES_A_MINUTE
        return min(0.1 * 2.0**too_many, MOST_SECONDS) if too_many > 0 else 0.0

    async def _wait(self, seconds: float) -> None:
        if not seconds or self._waiting >= MOST_WAITING:
            return
        self._waiting += 1
        try:
            await anyio.sleep(seconds)
        finally:
            self._waiting -= 1

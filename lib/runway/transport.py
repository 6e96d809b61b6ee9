"""The HTTP client under the SDK: a connection a call, and a time limit for the whole of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import httpx

from lib.domain.address import is_loopback


def http_client(url: str, timeout: float, connect_timeout: float) -> httpx.Client:
    """For calls to `url`; time-outs in seconds."""
    return httpx.Client(
        verify=_tls(),
        timeout=httpx.Timeout(timeout, connect=connect_timeout),
        # A kept connection may be dead by the next creation, and a creation that meets a dead connection
        # has an unknown outcome: every call gets a connection of its own.
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=not is_loopback(urlsplit(url).hostname),  # proxies are for Runway, not for the simulator
        event_hooks=_deadline_hooks(timeout),
    )


@cache
def _tls() -> SSLContext:
    """One for all clients: reading the certificates is the slow part of making one."""
    return httpx.create_ssl_context()


def _deadline_hooks(seconds: float) -> dict[str, list[Callable[..., Any]]]:
    """Event hooks that end every answer `seconds` after its request began.

    httpx alone counts its read time-out anew for every piece that drips in.
    """

    def begin(request: httpx.Request) -> None:
        request.extensions["ends"] = time.monotonic() + seconds

    def bound(response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _BoundedStream(response.stream, response.request)

    return {"request": [begin], "response": [bound]}


class _BoundedStream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, request: httpx.Request) -> None:
        self._stream = stream
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if time.monotonic() > self._request.extensions["ends"]:
                raise httpx.ReadTimeout("The answer took too long.", request=self._request)
            yield piece

    def close(self) -> None:
        self._stream.close()

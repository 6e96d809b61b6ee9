"""A time limit for a whole HTTP call: httpx counts its read time-out anew for every piece that drips in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx


def deadline_hooks(seconds: float) -> dict[str, list[Callable[..., Any]]]:
    """Event hooks for an httpx.Client that end every answer `seconds` after its request began."""

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

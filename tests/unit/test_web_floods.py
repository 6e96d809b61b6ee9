"""Who cannot prove to be the log drain delays nobody who can, however much they send and however slowly."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import anyio
import httpx
import pytest
from starlette.requests import Request
from starlette.types import ASGIApp, Message

from lib.data.postgres import PostgresDatabase
from lib.web.body import Reception
from lib.web.limits import Limits
from lib.web.log_drain import LIMIT, PATH
from lib.web.replies import Refused
from tests.web import FakeParts, application, delivery, served, settings, signed

Flood = Callable[[int], Awaitable[None]]
FORGED = "0" * 40
MEMBER = gzip.compress(b"", 9, mtime=0)


def head(port: int, length: int) -> bytes:
    lines = (f"POST {PATH} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"x-vercel-signature: {FORGED}")
    return "\r\n".join((*lines, f"Content-Length: {length}", "", "")).encode()


async def send(port: int, first: bytes, *, then_every: float | None = None) -> None:
    """Posts `first` of a body of the largest size; then nothing, or a byte at a time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head(port, LIMIT) + first)
        await writer.drain()
        while then_every and not reader.at_eof():
            await asyncio.sleep(then_every)
            writer.write(b" ")
            await writer.drain()
        await reader.read()
    except OSError:  # hung up
        pass
    finally:
        writer.close()


async def slowly(port: int) -> None:
    await asyncio.gather(*(send(port, b"[", then_every=0.3) for _ in range(200)))


async def stalled(port: int) -> None:
    await asyncio.gather(*(send(port, b" " * (LIMIT - 1)) for _ in range(40)))


async def empty_members(port: int) -> None:
    body = (MEMBER * (LIMIT // len(MEMBER))).ljust(LIMIT, b"\0")
    await asyncio.gather(*(send(port, body) for _ in range(8)))


@contextmanager
def flooded(flood: Flood, port: int) -> Iterator[None]:
    """While `flood` comes in, again and again."""
    loop = asyncio.new_event_loop()

    async def again() -> None:
        while True:
            await flood(port)

    task = loop.create_task(again())

    def run() -> None:
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


@pytest.fixture
def client(postgres: PostgresDatabase) -> Iterator[httpx.Client]:
    app: ASGIApp = application(FakeParts(postgres, settings()))
    with served(Limits(app)) as http:
        yield http


@pytest.mark.parametrize("flood", [slowly, stalled, empty_members])
def test_a_signed_delivery_is_stored_within_a_second_whatever_floods_in(
    client: httpx.Client, flood: Flood
) -> None:
    port = client.base_url.port
    assert port
    with flooded(flood, port):
        seconds = []
        for number in range(20):
            body = delivery(number)
            began = time.monotonic()
            assert client.post(PATH, content=body, headers=signed(body)).json()["stored"] == 1
            seconds.append(time.monotonic() - began)
            time.sleep(0.05)
    *most, slowest = sorted(seconds)
    assert most[-1] < 1.0, seconds
    assert slowest < 5.0, seconds


def test_bytes_of_unproven_bodies_are_bounded_by_giving_up_the_oldest() -> None:
    async def part_of_a_body() -> Message:
        if asked.pop():
            return {"type": "http.request", "body": b" " * 600, "more_body": True}
        await anyio.sleep_forever()
        raise AssertionError

    async def take(reception: Reception) -> None:
        request = Request({"type": "http", "method": "POST", "headers": []}, part_of_a_body)
        try:
            await reception.receive(request, "secret", FORGED, LIMIT)
        except Refused as refusal:
            ended.append(refusal.code)

    async def two_of_them() -> None:
        reception = Reception(most_bytes=1000)
        async with anyio.create_task_group() as group:
            group.start_soon(take, reception)
            group.start_soon(take, reception)
            await anyio.sleep(0.05)
            assert ended == ["busy"]
            group.cancel_scope.cancel()

    asked, ended = [False, False, True, True], list[str]()
    anyio.run(two_of_them)

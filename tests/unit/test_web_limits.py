"""One sender cannot take everything: open pages are counted, wrong secrets answered later and later."""

from __future__ import annotations

import time

import anyio
import pytest
from starlette.types import Message, Receive, Scope, Send

from lib.web import limits
from lib.web.limits import GUESSES_A_MINUTE, SOCKETS_OF_ONE, UPLOAD_PATH, Limits


async def ask(
    app: Limits, sender: str, path: str = "/api/cron/sweep", kind: str = "http", **more: object
) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    await app({"type": kind, "path": path, "client": (sender, 1), **more}, receive, send)
    return sent


def test_wrong_secrets_are_answered_later_and_later_and_right_ones_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MOST_SECONDS", 0.4)
    status = 401

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})

    app = Limits(answer)

    def seconds(sender: str) -> float:
        began = time.monotonic()
        anyio.run(ask, app, sender)
        return time.monotonic() - began

    assert max(seconds("192.0.2.1") for _ in range(GUESSES_A_MINUTE)) < 0.2
    assert seconds("192.0.2.1") >= 0.2
    assert seconds("192.0.2.1") >= 0.4
    assert seconds("192.0.2.2") < 0.2
    status = 200
    assert seconds("192.0.2.1") < 0.2


def test_one_sender_has_only_so_many_pages_open() -> None:
    async def stay(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await receive()

    async def crowd() -> None:
        app = Limits(stay)
        async with anyio.create_task_group() as group:
            for _ in range(SOCKETS_OF_ONE):
                group.start_soon(ask, app, "192.0.2.1", "/_stcore/stream", "websocket")
            await anyio.sleep(0.05)
            refused = await ask(app, "192.0.2.1", "/_stcore/stream", "websocket")
            assert [message["type"] for message in refused] == ["websocket.close"]
            group.cancel_scope.cancel()
        async with anyio.create_task_group() as group:  # those have gone
            group.start_soon(ask, app, "192.0.2.1", "/_stcore/stream", "websocket")
            await anyio.sleep(0.05)
            assert app._sockets == {"192.0.2.1": 1}
            group.cancel_scope.cancel()

    anyio.run(crowd)


def test_uploads_of_all_pages_together_are_bounded_while_they_come_and_while_they_are_held() -> None:
    """Four of 120 MB were held at once."""
    held, answered = 0, anyio.Event

    async def take(scope: Scope, receive: Receive, send: Send) -> None:
        await come.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def put(app: Limits, size: int | None) -> None:
        headers = [] if size is None else [(b"content-length", str(size).encode())]
        path = f"{UPLOAD_PATH}session/file"
        sent = await ask(app, "192.0.2.1", path, method="PUT", headers=headers)
        statuses.append(sent[0]["status"])

    async def four_at_once() -> None:
        app = Limits(take, lambda: held)
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(put, app, 120 << 20)
            await anyio.sleep(0.05)
            assert statuses == [413, 413]
            come.set()
        assert statuses == [413, 413, 204, 204]
        await put(app, 120 << 20)  # those were read and forgotten
        assert statuses[-1] == 204
        nonlocal held
        held = 240 << 20
        await put(app, 120 << 20)
        assert statuses[-1] == 413
        await put(app, None)
        assert statuses[-1] == 411

    statuses, come = list[int](), answered()
    anyio.run(four_at_once)

"""One sender cannot take everything: open pages are counted, wrong secrets answered later and later."""

from __future__ import annotations

import time

import anyio
import pytest
from starlette.types import Message, Receive, Scope, Send

from lib.web import limits
from lib.web.limits import GUESSES_A_MINUTE, SOCKETS_OF_ONE, Limits


async def ask(app: Limits, sender: str, path: str = "/api/cron/sweep", kind: str = "http") -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    await app({"type": kind, "path": path, "client": (sender, 1)}, receive, send)
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

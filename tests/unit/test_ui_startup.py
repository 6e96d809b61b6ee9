"""What the start tells whoever waits for it."""

from __future__ import annotations

import threading

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lib.ui.kit.dashboard import Dashboard
from lib.ui.startup import Startup
from tests.apps import app_of
from tests.web import served


def test_ready_is_said_once_the_server_answers_and_with_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers = threading.Event()

    async def live(_: Request) -> Response:
        answers.set()
        return JSONResponse({"live": True}, 200 if len(asked) else 503)

    asked: list[str] = []
    with served(Starlette(routes=[Route("/api/health/live", live)])) as client:
        address = str(client.base_url).rstrip("/")
        dashboard = Dashboard(app_of())
        dashboard.problems["runway"] = "No key."
        startup = Startup(dashboard, address)
        saying = threading.Thread(target=startup._say_ready)
        saying.start()
        assert answers.wait(10)
        assert capsys.readouterr().out == ""
        asked.append("and now it does")
        saying.join(10)
    assert capsys.readouterr().out == f"Dailies is ready: {address} (without: runway)\n"

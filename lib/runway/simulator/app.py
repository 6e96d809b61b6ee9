"""Runway's API as a Starlette app over the simulator's store."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from lib.runway.simulator.faults import NO_CREDITS, Fault
from lib.runway.simulator.misbehaviour import Misbehaviour
from lib.runway.simulator.programme import PlannedFault
from lib.runway.simulator.protocol import (
    Json,
    creation,
    creation_issues,
    is_picture,
    organization_body,
    past_task,
    refusal,
    task_body,
)
from lib.runway.simulator.store import DailyLimitReached, OutOfCredits, SimulatorStore

# The only key the simulator takes: of the right shape, and no secret.
SIMULATOR_KEY = "key_" + hashlib.sha512(b"runway simulator").hexdigest()
VERSION = "2024-11-06"
# A short dance in each ratio, which stands for whatever was asked for.
MOVIES = {path.stem.replace("x", ":"): path for path in Path(__file__).with_name("movies").glob("*.mp4")}

Endpoint = Callable[[Request], Awaitable[Response]]


def simulator_app(store: SimulatorStore) -> Starlette:
    api, controls = _Api(store), _Controls(store)
    routes = [
        Route("/v1/image_to_video", _guarded(api.create), methods=["POST"]),
        Route("/v1/tasks/{id}", _guarded(api.task), methods=["GET"]),
        Route("/v1/tasks/{id}", _guarded(api.delete), methods=["DELETE"]),
        Route("/v1/organization", _guarded(api.organization), methods=["GET"]),
        Route("/outputs/{id}.mp4", api.movie, methods=["GET"]),
        Route("/simulator", controls.state, methods=["GET"]),
        Route("/simulator/tasks", controls.tasks, methods=["GET"]),
        Route("/simulator/tasks", _controlled(controls.import_tasks), methods=["POST"]),
        Route("/simulator/faults", _controlled(controls.add_faults), methods=["POST"]),
        Route("/simulator/faults", controls.clear_faults, methods=["DELETE"]),
        Route("/simulator/settings", _controlled(controls.configure), methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Misbehaviour, store=store)],
        exception_handlers={HTTPException: _http_error},
    )


class _Api:
    def __init__(self, store: SimulatorStore) -> None:
        self._store = store

    async def create(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
        except ValueError:
            return JSONResponse(refusal("Invalid JSON in the body"), 400)
        return await run_in_threadpool(self._create, body, request.scope["fault"])

    def _create(self, body: Any, fault: Fault | None) -> Response:
        issues = creation_issues(body)
        if issues:
            return JSONResponse(refusal("Validation of body failed", issues), 400)
        wanted = creation(body)
        if wanted.image.startswith("data:") and not is_picture(wanted.image):
            fault = Fault("fail", "ASSET.INVALID")
        try:
            task = self._store.create(wanted, fault)
        except OutOfCredits:
            return JSONResponse(refusal(NO_CREDITS), 400)
        except DailyLimitReached as limit:
            text = "You have reached your daily limit of generations for this model."
            return JSONResponse(refusal(text), 429, {"Retry-After": str(limit.retry_after)})
        return JSONResponse({"id": task.id, "estimatedCost": {"credits": task.credits}})

    async def task(self, request: Request) -> Response:
        task = await run_in_threadpool(self._store.task, request.path_params["id"])
        if task is None:
            return _no_task()
        link = signed_link(self._store, str(request.base_url), task.id)
        return JSONResponse(task_body(task, self._store.now(), link))

    async def delete(self, request: Request) -> Response:
        task_id = request.path_params["id"]
        found = await run_in_threadpool(self._store.cancel_or_delete, task_id)
        return Response(status_code=204) if found else _no_task()

    async def organization(self, request: Request) -> Response:  # noqa: ARG002
        return JSONResponse(await run_in_threadpool(self._organization))

    def _organization(self) -> Json:
        concurrency, daily = int(self._store.number("concurrency")), int(self._store.number("daily"))
        return organization_body(self._store.balance(), concurrency, daily, self._store.daily_generations())

    async def movie(self, request: Request) -> Response:
        task_id, expires = request.path_params["id"], request.query_params.get("expires", "")
        signature = _signature(self._store, task_id, expires)
        if not hmac.compare_digest(signature, request.query_params.get("signature", "")):
            return JSONResponse({"error": "The signature of this address is wrong."}, 403)
        if float(expires) < self._store.now():
            return JSONResponse({"error": "This address has expired: look the task up again."}, 403)
        task = await run_in_threadpool(self._store.task, task_id)
        if task is None:
            return _no_task()
        return FileResponse(MOVIES.get(task.ratio, MOVIES["1280:720"]), media_type="video/mp4")


class _Controls:
    """Not Runway's: what tests, demonstrations and the seeded history need."""

    def __init__(self, store: SimulatorStore) -> None:
        self._store = store

    async def state(self, request: Request) -> Response:  # noqa: ARG002
        posts = await run_in_threadpool(self._store.programme.posts)
        return JSONResponse({"folder": folder_mark(self._store), "posts": posts})

    async def tasks(self, request: Request) -> Response:
        tasks = await run_in_threadpool(self._store.tasks)
        now, base = self._store.now(), str(request.base_url)
        return JSONResponse(
            [
                task_body(task, now, signed_link(self._store, base, task.id))
                | {"model": task.model, "promptText": task.prompt, "deleted": bool(task.deleted)}
                for task in tasks
            ]
        )

    async def import_tasks(self, request: Request) -> Response:
        tasks = [past_task(body) for body in await request.json()]
        return JSONResponse({"imported": await run_in_threadpool(self._store.import_tasks, tasks)})

    async def add_faults(self, request: Request) -> Response:
        body = await request.json()
        faults = [PlannedFault(item) if isinstance(item, str) else PlannedFault(**item) for item in body]
        await run_in_threadpool(self._store.programme.add, faults)
        return Response(status_code=204)

    async def clear_faults(self, request: Request) -> Response:  # noqa: ARG002
        await run_in_threadpool(self._store.programme.clear)
        return Response(status_code=204)

    async def configure(self, request: Request) -> Response:
        values = await request.json()
        await run_in_threadpool(lambda: self._store.configure(**values))
        return Response(status_code=204)


def folder_mark(store: SimulatorStore) -> str:
    """Tells the simulator of this folder from any other program that answers on its port."""
    return _signature(store, "folder", "")


def signed_link(store: SimulatorStore, base: str, task_id: str, at: float | None = None) -> str:
    """The address of an output, as a look-up at `at` (epoch seconds; now without it) gives it."""
    expires = str(int((at or store.now()) + store.number("link_seconds")))
    signature = _signature(store, task_id, expires)
    return f"{base}outputs/{task_id}.mp4?expires={expires}&signature={signature}"


def _signature(store: SimulatorStore, subject: str, expires: str) -> str:
    return hmac.new(store.secret.encode(), f"{subject} {expires}".encode(), hashlib.sha256).hexdigest()


def _guarded(endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {SIMULATOR_KEY}":
            return JSONResponse(refusal("Invalid API key provided."), 401)
        if request.headers.get("x-runway-version") != VERSION:
            return JSONResponse(refusal(f"Header X-Runway-Version must be {VERSION}"), 400)
        return await endpoint(request)

    return guarded


def _no_task() -> Response:
    return JSONResponse(refusal("No such task"), 404)


async def _http_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, HTTPException)
    return JSONResponse(refusal(error.detail), error.status_code, error.headers)


def _controlled(endpoint: Endpoint) -> Endpoint:
    async def controlled(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    return controlled

"""Runway's API as a Starlette app over the simulator's store."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

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
    ENDPOINTS,
    creation,
    creation_issues,
    is_picture,
    makes_a_picture,
    organization_body,
    past_task,
    picture,
    refusal,
    task_body,
)
from lib.runway.simulator.schedule import StoredTask
from lib.runway.simulator.store import DailyLimitReached, OutOfCredits, SimulatorStore

# The only key the simulator takes: of the right shape, and no secret.
SIMULATOR_KEY = "key_" + hashlib.sha512(b"runway simulator").hexdigest()
VERSION = "2024-11-06"
# A short dance in each ratio, which stands for whatever was asked for.
MOVIES = {path.stem.replace("x", ":"): path for path in Path(__file__).with_name("movies").glob("*.mp4")}

Do = Callable[[Request, bytes], Response]  # with the request's body, in a thread


def simulator_app(store: SimulatorStore) -> Starlette:
    api, controls = _Api(store), _Controls(store)
    routes = [
        *(_route("POST", f"/v1/{name}", partial(api.create, name), guarded=True) for name in ENDPOINTS),
        _route("GET", "/v1/tasks/{id}", api.task, guarded=True),
        _route("DELETE", "/v1/tasks/{id}", api.delete, guarded=True),
        _route("GET", "/v1/organization", api.organization, guarded=True),
        *(_route("GET", f"/outputs/{{id}}.{kind}", api.output) for kind in ("mp4", "png")),
        _route("GET", "/simulator", controls.state),
        _route("GET", "/simulator/tasks", controls.tasks),
        _route("POST", "/simulator/tasks", controls.import_tasks),
        _route("POST", "/simulator/faults", controls.add_faults),
        _route("DELETE", "/simulator/faults", controls.clear_faults),
        _route("POST", "/simulator/settings", controls.configure),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Misbehaviour, store=store)],
        exception_handlers={HTTPException: _http_error},
    )


def _route(method: str, path: str, do: Do, *, guarded: bool = False) -> Route:
    """`guarded` asks for the key and the version that Runway asks for."""

    async def endpoint(request: Request) -> Response:
        if guarded and request.headers.get("authorization") != f"Bearer {SIMULATOR_KEY}":
            return _refused("Invalid API key provided.", 401)
        if guarded and request.headers.get("x-runway-version") != VERSION:
            return _refused(f"Header X-Runway-Version must be {VERSION}")
        try:
            return await run_in_threadpool(do, request, await request.body())
        except (ValueError, KeyError, TypeError) as error:
            if guarded:
                raise
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    return Route(path, endpoint, methods=[method])


def _refused(text: str, status: int = 400, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(refusal(text), status, headers)


async def _http_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, HTTPException)
    return JSONResponse(refusal(error.detail), error.status_code, error.headers)


class _Api:
    def __init__(self, store: SimulatorStore) -> None:
        self._store = store

    def create(self, endpoint: str, request: Request, body: bytes) -> Response:
        try:
            asked = json.loads(body)
        except ValueError:
            return _refused("Invalid JSON in the body")
        if issues := creation_issues(endpoint, asked):
            return JSONResponse(refusal("Validation of body failed", issues), 400)
        wanted, fault = creation(asked), request.scope["fault"]
        if wanted.image.startswith("data:") and not is_picture(wanted.image):
            fault = Fault("fail", "ASSET.INVALID")
        try:
            task = self._store.create(wanted, fault)
        except OutOfCredits:
            return _refused(NO_CREDITS)
        except DailyLimitReached as limit:
            text = "You have reached your daily limit of generations for this model."
            return _refused(text, 429, {"Retry-After": str(limit.retry_after)})
        return JSONResponse({"id": task.id, "estimatedCost": {"credits": task.credits}})

    def task(self, request: Request, _: bytes) -> Response:
        task = self._store.task(request.path_params["id"])
        if task is None:
            return _refused("No such task", 404)
        link = signed_link(self._store, str(request.base_url), task)
        return JSONResponse(task_body(task, self._store.now(), link))

    def delete(self, request: Request, _: bytes) -> Response:
        found = self._store.cancel_or_delete(request.path_params["id"])
        return Response(status_code=204) if found else _refused("No such task", 404)

    def organization(self, _: Request, __: bytes) -> Response:
        store = self._store
        concurrency, daily = int(store.number("concurrency")), int(store.number("daily"))
        return JSONResponse(organization_body(store.balance(), concurrency, daily, store.daily_generations()))

    def output(self, request: Request, _: bytes) -> Response:
        task_id, expires = request.path_params["id"], request.query_params.get("expires", "")
        signature = _signature(self._store, task_id, expires)
        if not hmac.compare_digest(signature, request.query_params.get("signature", "")):
            return JSONResponse({"error": "The signature of this address is wrong."}, 403)
        if float(expires) < self._store.now():
            return JSONResponse({"error": "This address has expired: look the task up again."}, 403)
        task = self._store.task(task_id)
        if task is None:
            return _refused("No such task", 404)
        if makes_a_picture(task.model):
            return Response(picture(task.ratio), media_type="image/png")
        return FileResponse(MOVIES.get(task.ratio, MOVIES["1280:720"]), media_type="video/mp4")


class _Controls:
    """Not Runway's: what tests, demonstrations and the seeded history need."""

    def __init__(self, store: SimulatorStore) -> None:
        self._store = store

    def state(self, _: Request, __: bytes) -> Response:
        posts = self._store.programme.posts()
        return JSONResponse({"folder": folder_mark(self._store), "posts": posts})

    def tasks(self, request: Request, _: bytes) -> Response:
        now, base = self._store.now(), str(request.base_url)
        found = [
            task_body(task, now, signed_link(self._store, base, task))
            | {"model": task.model, "promptText": task.prompt, "deleted": bool(task.deleted)}
            for task in self._store.tasks()
        ]
        return JSONResponse(found)

    def import_tasks(self, _: Request, body: bytes) -> Response:
        tasks = [past_task(each) for each in json.loads(body)]
        return JSONResponse({"imported": self._store.import_tasks(tasks)})

    def add_faults(self, _: Request, body: bytes) -> Response:
        given = json.loads(body)
        self._store.programme.add(
            PlannedFault(each) if isinstance(each, str) else PlannedFault(**each) for each in given
        )
        return Response(status_code=204)

    def clear_faults(self, _: Request, __: bytes) -> Response:
        self._store.programme.clear()
        return Response(status_code=204)

    def configure(self, _: Request, body: bytes) -> Response:
        self._store.configure(**json.loads(body))
        return Response(status_code=204)


def folder_mark(store: SimulatorStore) -> str:
    """Tells the simulator of this folder from any other program that answers on its port."""
    return _signature(store, "folder", "")


def signed_link(store: SimulatorStore, base: str, task: StoredTask, at: float | None = None) -> str:
    """The address of an output, as a look-up at `at` (epoch seconds; now without it) gives it."""
    expires = str(int((at or store.now()) + store.number("link_seconds")))
    name = f"{task.id}.{'png' if makes_a_picture(task.model) else 'mp4'}"
    return f"{base}outputs/{name}?expires={expires}&signature={_signature(store, task.id, expires)}"


def _signature(store: SimulatorStore, subject: str, expires: str) -> str:
    return hmac.new(store.secret.encode(), f"{subject} {expires}".encode(), hashlib.sha256).hexdigest()

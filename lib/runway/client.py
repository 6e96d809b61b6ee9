"""The one client of the Runway API: the official SDK over httpx, with every answer and error in our words."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import runwayml

from lib.domain.pricing import MODELS, GenerationRequest
from lib.domain.task import Task, TaskStatus
from lib.errors import BadInput, RunwayError, SettingsError
from lib.runway.errors import (
    Call,
    connection_error,
    json_object,
    malformed_answer,
    salvaged_id,
    status_error,
    unsendable,
)
from lib.runway.organization import Organization, SeenOrganization
from lib.runway.transport import http_client

DEFAULT_BASE_URL = "https://api.dev.runwayml.com"
_FILM = re.compile(r"^data:video/|\.(?:mp4|webm|mov|mkv)(?:[?#]|$)", re.I)


@dataclass(frozen=True, slots=True)
class CreatedTask:
    id: str
    estimated_credits: float | None


def connect(
    key: str,
    base_url: str | None = None,
    *,
    timeout: float = 60.0,
    connect_timeout: float = 5.0,
    retries: int = 1,
) -> RunwayClient:
    """A client for `key` at `base_url` (with or without its `/v1`; Runway's own when None).

    timeout  seconds for one whole call; what Runway may take to answer a creation
    retries  of look-ups, by the SDK; a creation and a cancellation are never repeated

    Raises SettingsError when the key cannot be sent as a header.
    """
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise SettingsError("The Runway API key is empty or holds a space, line break or special character.")
    url = re.sub(r"/v1/?$", "", (base_url or DEFAULT_BASE_URL).rstrip("/"))
    http = http_client(url, timeout, connect_timeout)
    return RunwayClient(http, key, url, retries=retries)


class _Sdk(runwayml.RunwayML):
    def _should_retry(self, response: httpx.Response) -> bool:
        """An answer that asks for a pause is told to the caller: the SDK would sleep for up to a minute."""
        return "retry-after" not in response.headers and super()._should_retry(response)


class RunwayClient:
    """Every method raises RunwayError (see lib/runway/errors.py) and may be called from any thread."""

    def __init__(
        self, http: httpx.Client, key: str, base_url: str = DEFAULT_BASE_URL, *, retries: int = 1
    ) -> None:
        self.base_url = base_url
        self._http = http
        self._sdk = _Sdk(api_key=key, base_url=base_url, http_client=http, max_retries=retries)
        self._sdk_once = self._sdk.with_options(max_retries=0)
        self._seeing = threading.Lock()
        self._seen: SeenOrganization | None = None

    def __repr__(self) -> str:
        return f"RunwayClient({self.base_url!r})"

    def close(self) -> None:
        self._http.close()

    def create(self, request: GenerationRequest) -> CreatedTask:
        """Creates one paid task, with exactly one post.

        When it raises with `outcome_unknown`, the task may exist: do not call it again for this video
        without a person's consent.
        """
        endpoint = getattr(self._sdk_once, request.endpoint)
        # The SDK types every model apart; ours is only known when the program runs.
        create = cast(Any, endpoint.with_raw_response.create)
        call = Call("Creating a task", creates=True)
        response = self._send(call, lambda: create(**arguments(request)))
        body = json_object(response) or salvaged_id(response)
        task_id, estimate = body.get("id"), body.get("estimatedCost")
        if not isinstance(task_id, str) or not task_id:
            raise malformed_answer(response, call)
        return CreatedTask(task_id, estimate.get("credits") if isinstance(estimate, Mapping) else None)

    def task(self, task_id: str) -> Task:
        """Looks the task up. One that Runway does not know (any more) comes back as DELETED.

        The tasks of another organization are unknown too: DELETED after the key was changed proves little.
        """
        if not re.fullmatch(r"[\w-]{1,100}", task_id, re.ASCII):  # the SDK puts it into the path as it is
            raise BadInput(f"{task_id[:60]!r} is not a Runway task id.")
        call = Call(f"Looking up task {task_id}", names_task=True)
        try:
            response = self._send(call, lambda: self._sdk.tasks.with_raw_response.retrieve(task_id))
        except RunwayError as error:
            if error.cause == "cancelled":
                return Task(task_id, TaskStatus.DELETED)
            raise
        try:
            return Task.from_api(json_object(response) or {})
        except ValueError:
            raise malformed_answer(response, call) from None

    def cancel(self, task_id: str) -> Task:
        """Cancels an active task and returns it as it is afterwards; a finished one is left alone.

        Looks first, because Runway deletes a finished task, output and all, on the same call. Runway refunds
        a task that has not begun to run; one that runs is paid for either way.
        """
        task = self.task(task_id)
        if task.is_terminal:
            return task
        call = Call(f"Cancelling task {task_id}", names_task=True)
        self._send(call, lambda: self._sdk_once.tasks.with_raw_response.delete(task_id))
        return self.task(task_id)

    def organization(self) -> Organization:
        """Credits, limits and what was used of them."""
        call = Call("Reading the organization")
        response = self._send(call, self._sdk.organization.with_raw_response.retrieve)
        try:
            return Organization.from_api(json_object(response) or {})
        except (KeyError, TypeError, AttributeError):
            raise malformed_answer(response, call) from None

    def organization_seen(self, seconds: float) -> SeenOrganization:
        """The organization as it was seen at most `seconds` ago, asked for now if it was not."""
        with self._seeing:
            now = datetime.now(UTC)  # which may have been set back
            if self._seen is None or not 0 <= (now - self._seen.at).total_seconds() <= seconds:
                self._seen = SeenOrganization(now, self.organization())
            return self._seen

    def _send(self, call: Call, send: Callable[[], Any]) -> httpx.Response:
        try:
            return cast(httpx.Response, send().http_response)
        except runwayml.APIStatusError as error:
            mapped = status_error(error.response, call)
        except runwayml.APIConnectionError as error:
            mapped = connection_error(error.__cause__, call)
        except UnicodeEncodeError:  # half a surrogate pair in the prompt, before anything was sent
            mapped = unsendable(call)
        # Outside the handlers, so that nothing of the SDK's error, which may quote headers, hangs on to ours.
        raise mapped


def arguments(request: GenerationRequest) -> dict[str, Any]:
    """What the SDK's method for its endpoint takes. What is empty is left out: Runway takes no prompt, but
    not an empty one."""
    asked: dict[str, Any]
    match request.endpoint:
        case "video_to_video":
            asked = {"video_uri": request.video, "prompt_text": request.prompt}
        case "character_performance":
            kind = "video" if _FILM.search(request.image[:2048]) else "image"
            asked = {
                "character": {"type": kind, "uri": request.image},
                "reference": {"type": "video", "uri": request.video},
                "ratio": request.ratio,
            }
        case "video_upscale":
            asked = {"video_uri": request.video}
        case "image_upscale":
            asked = {"image_uri": request.image}
        case "text_to_image":
            references = [{"uri": request.image}] if request.image else []
            asked = {"prompt_text": request.prompt, "ratio": request.ratio, "reference_images": references}
        case _:
            asked = {"prompt_image": request.image, "prompt_text": request.prompt}
            asked |= {"ratio": request.ratio, "duration": request.duration}
    if request.setting:
        name = MODELS[request.model].setting
        asked[name] = int(request.setting) if name == "scale_factor" else request.setting
    return {"model": request.model, **{name: value for name, value in asked.items() if value}}

"""The stage log of a paid call: the lines the production app's `sync-sdk` flow writes, straight into the
database, so that the same diagnosis reads Dailies' own videos.

A log line never stops a paid call: what the database does not take now is offered again with the next lines.
"""

from __future__ import annotations

import logging
import time

from lib.app import App
from lib.data.logs import EntryRow, add_logs, entry_row
from lib.domain.attempt import Attempt
from lib.domain.pricing import GenerationRequest
from lib.domain.task import Task
from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import DailiesError, DatabaseError, RunwayError
from lib.logs.repeats import EntryKeys
from lib.traces.naming import names_in

PATH = "/api/videos/generate"  # of the production app's route that does the same
DEPLOYMENT = "dailies"
NO_IMPORT = {"id": None}  # these lines came with no file
IMAGE_LENGTH = 100
_EXCEPTIONS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}
_logger = logging.getLogger(__name__)


class StageLog:
    """Of one attempt. `close` writes what is left and the summary of the request."""

    def __init__(self, app: App, attempt: Attempt) -> None:
        self._app = app
        self._video_id = attempt.video_id
        self._request_id = attempt.request_id
        self._began_ms = _now_ms()
        self._keys = EntryKeys()
        self._lines: list[EntryRow] = []
        self._status = 200

    def before_call(self, request: GenerationRequest) -> None:
        video, model = self._video_id, request.model
        self._add(f"[Video Generation] Starting video generation for video {video}")
        self._add(
            f"[Video Generation] Environment check: {{ hasRunwayApiKey: true, runwayModelId: '{model}' }}"
        )
        self._add(f"[Video Generation] Updating video {video} status to processing")
        self._add(f"[Video Generation] Calling Runway API to create task for video {video}")
        self._add("[Runway API] generateVideo function called")
        self._add(f"[Runway API] Environment variables check: {{ hasApiKey: true, modelId: '{model}' }}")
        self._add("[Runway API] Starting video generation request using SDK")
        self._add(
            f"[Runway API] Config: {{\n  modelId: '{model}',\n  hasApiKey: true,\n"
            f"  imageUrl: '{request.image[:IMAGE_LENGTH]}...',\n"
            f"  promptLength: {len(request.prompt)},\n  duration: {request.duration}\n}}"
        )
        first, *words = request.endpoint.split("_")
        method = first + "".join(map(str.capitalize, words))
        self._add(f"[Runway API] Calling SDK {method}.create()")
        self._flush()

    def call_failed(self, error: RunwayError) -> None:
        text = _exception(error)
        self._status = 500
        if error.cause == "no_task_id":
            self._add("[Runway API] Task created with ID: undefined")
        self._add(f"[Runway API] Exception: {text}", "error")
        self._add(
            f"[Video Generation] Error creating Runway task for video {self._video_id}: {text}", "error"
        )

    def row_failed(self) -> None:
        self._add(f"[Video Generation] Updated video {self._video_id} status to failed")

    def task_created(self, task_id: str) -> None:
        self._add(f"[Runway API] Task created with ID: {task_id}")
        self._add(f"[Video Generation] Saving runway_video_id for video {self._video_id}: {task_id}")

    def saved(self, task_id: str) -> None:
        self._add(
            f"[Video Generation] Successfully saved runway_video_id for video {self._video_id}: {task_id}"
        )
        self._flush()

    def not_saved(self, error: DatabaseError) -> None:
        self._status = 500
        self._add(f"[Video Generation] FAILED to save runway_video_id: {error}", "error")

    def looking_up(self, task_id: str) -> None:
        self._add(f"[Runway API] Retrieving initial task status for ID: {task_id}")

    def looked_up(self, task: Task) -> None:
        output = str(bool(task.output)).lower()
        self._add(
            f"[Runway API] Initial task status: {{\n  id: '{task.id}',\n  status: '{task.status}',\n"
            f"  hasOutput: {output},\n  failure: {task.failure or 'undefined'}\n}}"
        )
        self._add(
            f"[Video Generation] Runway API response for video {self._video_id}: {{\n  id: '{task.id}',\n"
            f"  status: '{task.status}',\n  hasVideoUrl: {output}\n}}"
        )

    def look_up_failed(self, error: DailiesError) -> None:
        self._add(f"[Runway API] Exception: {error}", "error")

    def close(self) -> None:
        """Lines that the database does not take now either are lost, and said to be."""
        took = _now_ms() - self._began_ms
        self._flush(
            RequestSummary(self._request_id, self._began_ms, "POST", PATH, self._status, took, DEPLOYMENT)
        )
        if self._lines:
            _logger.warning("Stage log of video %s: %d lines are lost.", self._video_id, len(self._lines))

    def _add(self, message: str, level: str = "info") -> None:
        entry = LogEntry(_now_ms(), level, message, self._request_id, PATH, None, DEPLOYMENT)
        videos, tasks = names_in(message)
        named = next(iter(videos), None), next(iter(tasks), None)
        self._lines.append(entry_row(self._keys.key(entry), entry, *named))

    def _flush(self, *requests: RequestSummary) -> None:
        try:
            add_logs(self._app.db, NO_IMPORT, self._lines, requests)
        except DatabaseError as error:
            _logger.info("The stage log of video %s waits: %s", self._video_id, error)
        else:
            self._lines = []


def _exception(error: RunwayError) -> str:
    """As the SDK of the production app would print it."""
    if error.cause == "no_task_id":
        return "Error: Runway API did not return a task ID"
    if error.status is None:
        return f"APIConnectionError: Connection error. {error}"
    name = "InternalServerError" if error.status >= 500 else _EXCEPTIONS.get(error.status, "APIError")
    return f"{name}: {error.status} {error}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

"""What the production app logs of one video, line by line, in each of its three flows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

from lib.domain.attempt import Attempt
from lib.domain.diagnosis import Dossier
from lib.domain.flow import StageReader
from lib.domain.task import Task
from lib.domain.trace import LogEntry, RequestSummary
from lib.domain.video import Video
from lib.operations.dossiers import dossier_of
from lib.traces.correlate import correlate
from lib.traces.flows import load_flows
from lib.traces.kept import KeptFlows
from tests.apps import app_of

START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
READER = StageReader(load_flows())
IMAGE = "https://images.example.com/rex.jpg"
ANNA = "aaaaaaaa-1111-4000-8000-000000000001"
BELA = "bbbbbbbb-2222-4000-8000-000000000002"
ANNAS_TASK = "11111111-aaaa-4000-8000-00000000000a"
BELAS_TASK = "22222222-bbbb-4000-8000-00000000000b"

_SDK_CLIENT = (
    "[Runway API] generateVideo function called",
    "[Runway API] Environment variables check: {{\n  hasApiKey: true,\n  modelId: 'gen4_turbo'\n}}",
    "[Runway API] Starting video generation request using SDK",
    "[Runway API] Calling SDK imageToVideo.create()",
)
_CREATED = (
    "[Runway API] Task created with ID: {task}",
    "[Runway API] Retrieving initial task status for ID: {task}",
)
FLOWS = {
    "async-fetch": (
        "[Video Generation] Starting async video generation for video {video}",
        "[Video Generation] Environment check: {{\n  hasRunwayApiKey: true\n}}",
        "[Video Generation] Starting generateVideoAsync for video {video}",
        "[Video Generation] Updating video {video} status to processing",
        "[Video Generation] Calling Runway API for video {video}",
        "[Runway API] generateVideo function called",
        "[Runway API] Environment variables check: {{\n  hasApiKey: true,\n  baseUrl: 'https://r.test/v1'\n}}",
        "[Runway API] Starting video generation request",
        "[Runway API] Calling endpoint: https://r.test/v1/image-to-video",
        "[Runway API] Response status: 200 OK",
        '[Runway API] Success response: {{\n  "id": "{task}",\n  "status": "PENDING"\n}}',
        "[Video Generation] Runway API response for video {video}: {{\n  id: '{task}'\n}}",
        "[Video Generation] Updating video {video} with Runway response",
    ),
    "async-sdk": (
        "[Video Generation] Starting async video generation for video {video}",
        "[Video Generation] Environment check: {{\n  hasRunwayApiKey: true\n}}",
        "[Video Generation] Starting generateVideoAsync for video {video}",
        "[Video Generation] Updating video {video} status to processing",
        "[Video Generation] Calling Runway API for video {video}",
        *_SDK_CLIENT,
        *_CREATED,
        "[Runway API] Initial task status: {{\n  id: '{task}',\n  status: 'PENDING'\n}}",
        "[Video Generation] Runway API call SUCCESS for video {video}",
        "[Video Generation] Runway API response for video {video}: {{\n  id: '{task}'\n}}",
        "[Video Generation] Updating video {video} with Runway response",
        "[Video Generation] Successfully updated video {video} with runway_video_id: {task}",
    ),
    "sync-sdk": (
        "[Video Generation] Starting video generation for video {video}",
        "[Video Generation] Environment check: {{ hasRunwayApiKey: true }}",
        "[Video Generation] Updating video {video} status to processing",
        "[Video Generation] Calling Runway API to create task for video {video}",
        *_SDK_CLIENT,
        *_CREATED,
        "[Runway API] Initial task status: {{\n  id: '{task}',\n  status: 'PENDING'\n}}",
        "[Video Generation] Runway API response for video {video}: {{\n  id: '{task}'\n}}",
        "[Video Generation] Saving runway_video_id for video {video}: {task}",
        "[Video Generation] Successfully saved runway_video_id for video {video}: {task}",
    ),
}


def ms(seconds: float = 0) -> int:
    """Epoch milliseconds, `seconds` after the story began."""
    return round((START + timedelta(seconds=seconds)).timestamp() * 1000)


def line(
    message: str, seconds: float, request: str | None = "req-a", level: str = "info", **more: Any
) -> LogEntry:
    return LogEntry(
        ms(seconds), level, message, request, deployment_id=more.pop("deployment", "dpl_1"), **more
    )


def error(message: str, seconds: float, request: str | None = "req-a") -> LogEntry:
    return line(message, seconds, request, "error")


def run(
    flow: str,
    video: str = ANNA,
    task: str = ANNAS_TASK,
    *,
    stages: int | None = None,
    begin: float = 0,
    step: float = 0.1,
    request: str | None = "req-a",
) -> list[LogEntry]:
    """The first `stages` lines of a run (all by default), `step` seconds apart."""
    messages = [message.format(video=video, task=task) for message in FLOWS[flow]]
    return [line(m, begin + i * step, request) for i, m in enumerate(messages[:stages])]


def row(video: str = ANNA, status: str = "processing", **columns: Any) -> Video:
    """A row of `videos`, created as the story begins."""
    made = {"id": video, "status": status, "created_at": START, "updated_at": START, "input_image_url": IMAGE}
    return Video.from_row(made | columns)


def without_requests(*runs: Iterable[LogEntry]) -> list[LogEntry]:
    """As pasted: all lines by time, none with a request id."""
    entries = [entry for each in runs for entry in each]
    return sorted((e._replace(request_id=None) for e in entries), key=lambda entry: entry.at_ms)


def messages(entries: Sequence[LogEntry]) -> list[str]:
    return [entry.message.splitlines()[0] for entry in entries]


def dossier(
    video: Video,
    entries: Iterable[LogEntry] = (),
    requests: Iterable[RequestSummary] = (),
    *,
    tasks: Iterable[Task] = (),
    attempts: Iterable[Attempt] = (),
    after: timedelta = timedelta(hours=1),
    observed: timedelta | None = None,
    reader: StageReader | None = None,
    **settings: Any,
) -> Dossier:
    """What is known of `video` `after` the story began; logs go on up to `observed`, or up to then."""
    app = app_of(**settings)
    app = replace(app, kept_flows=KeptFlows(_reader=reader, _read_at=inf)) if reader else app
    found = correlate(entries, requests, [video], app.flows)
    return dossier_of(
        app,
        video,
        found,
        {},
        now=START + after,
        tasks=tasks,
        attempts=attempts,
        logs_end=START + (after if observed is None else observed),
    )

"""Copies outputs before Runway's addresses expire. Free; a copy that failed is tried again, five times."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from lib.app import App
from lib.data import outputs
from lib.data.outputs import Storage, StorageError
from lib.domain.address import is_domain_name, is_loopback
from lib.domain.task import TaskStatus
from lib.errors import DailiesError, RunwayError
from lib.runway.transport import http_client

MOST_BYTES = 1 << 30
SECONDS = 300.0  # for one output
AGAIN_SECONDS = 120.0  # doubled at each try
_ENDINGS = {"video/mp4": "mp4", "video/webm": "webm", "video/quicktime": "mov"}


class NotCopied(DailiesError):
    """An output that is not what it should be, or from where it should not be."""


class Fetched(NamedTuple):
    size: int
    content_type: str

    @property
    def ending(self) -> str:
        return _ENDINGS[self.content_type]


def copy_next(app: App, storage: Storage) -> bool:
    """Copies one output that has no copy yet; False when there is none. Raises DatabaseError."""
    due = outputs.claim(app.db)
    if due is None:
        return False
    try:
        _copy(app, storage, due.task_id)
    except (NotCopied, RunwayError, StorageError) as error:
        outputs.failed(app.db, due.task_id, str(error), AGAIN_SECONDS * 2**due.tries)
    return True


def _copy(app: App, storage: Storage, task_id: str) -> None:
    """The task is looked up first: the address is fresh, and it is Runway's own."""
    task = app.runway.task(task_id)
    if task.status != TaskStatus.SUCCEEDED or not task.output:
        raise NotCopied(f"Task {task_id} is {task.status} and has no output to copy.")
    descriptor, part = tempfile.mkstemp(prefix="dailies-output-")
    os.close(descriptor)
    try:
        fetched = fetch(task.output[0], Path(part), app.runway.base_url)
        path = storage.keep(Path(part), f"{task_id}.{fetched.ending}", fetched.content_type)
    finally:
        Path(part).unlink(missing_ok=True)
    outputs.save(
        app.db, task_id, place=storage.name, path=path, size=fetched.size, content_type=fetched.content_type
    )


def fetch(address: str, file: Path, runway_url: str, *, most_bytes: int = MOST_BYTES) -> Fetched:
    """Streams a video into `file`: from this address and nowhere else, and no larger than allowed.

    Raises NotCopied.
    """
    try:
        asked = urlsplit(address)
        is_simulators = asked.netloc == urlsplit(runway_url).netloc and is_loopback(asked.hostname)
        is_web = asked.scheme == "https" and is_domain_name(asked.hostname)
    except ValueError:
        is_simulators = is_web = False
    if not (is_simulators or is_web):
        raise NotCopied(f"The output's address is not one to read from: {address[:80]!r}.")
    try:
        with (
            http_client(address, SECONDS, 5.0) as http,
            http.stream("GET", address, follow_redirects=False) as answer,
        ):
            if answer.status_code != 200:
                raise NotCopied(f"The output's address answered {answer.status_code}.")
            content_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            if content_type not in _ENDINGS:
                raise NotCopied(f"The output is not a video but {content_type[:40]!r}.")
            return Fetched(_write(answer, file, most_bytes), content_type)
    except httpx.HTTPError as error:
        raise NotCopied(f"The output could not be read: {type(error).__name__}.") from None


def _write(answer: httpx.Response, file: Path, most_bytes: int) -> int:
    size = 0
    try:
        with file.open("wb") as target:
            for piece in answer.iter_bytes():
                size += len(piece)
                if size > most_bytes:
                    raise NotCopied(f"The output is larger than {most_bytes >> 20} MB.")
                target.write(piece)
    except OSError as error:
        raise NotCopied(f"The output could not be written: {error.strerror}.") from error
    return size

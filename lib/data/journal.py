"""The journal: every task id is on this machine's disk before anything else can fail.

One JSON object a line: at, attempt_id, video_id, task_id. Lines are only ever appended; a process killed
in the middle of one leaves a torn line, which the next append closes and reading reports.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from lib.errors import DailiesError


class JournalError(DailiesError):
    """The journal could not be written."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    at: str  # ISO
    attempt_id: str
    video_id: str
    task_id: str


class JournalContent(NamedTuple):
    entries: list[JournalEntry]
    torn: list[str]  # lines that cannot be read, as they stand


class Journal:
    """`path` need not exist; its folder is made at the first append."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, attempt_id: str, video_id: str, task_id: str) -> None:
        """Returns once the line is on disk. Raises JournalError naming the id, so that it is not lost."""
        entry = JournalEntry(datetime.now(UTC).isoformat(), attempt_id, video_id, task_id)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(json.dumps(asdict(entry)) + "\n")
        except OSError as error:
            raise JournalError(
                f"Task {task_id} of video {video_id} could not be written to {self.path} ({error.strerror})."
            ) from error

    def _write(self, line: str) -> None:
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if _is_torn(descriptor):
                line = "\n" + line
            _write_all(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self.path.parent)

    def read(self) -> JournalContent:
        """Everything in it, oldest first."""
        content = JournalContent([], [])
        if not self.path.exists():
            return content
        for line in self.path.read_text("utf-8", errors="replace").splitlines():
            try:
                content.entries.append(JournalEntry(**json.loads(line)))
            except (ValueError, TypeError):
                content.torn.extend([line] if line.strip() else [])
        return content


def _is_torn(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _write_all(descriptor: int, data: bytes) -> None:
    """A disk that fills up takes part of a line and says so only by the count."""
    while data:
        data = data[os.write(descriptor, data) :]


def _sync_folder(folder: Path) -> None:
    """A new file's name is on disk only once its folder is. Windows cannot and need not."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

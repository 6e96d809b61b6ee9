"""The journal: every task id is on this machine's disk before anything else can fail.

One JSON object a line: at, attempt_id, video_id, task_id. Lines are only ever appended; a process killed
in the middle of one leaves a torn line, which the next append closes. What is no entry is set aside when the
journal is read, and told: one bad line must not keep the others from being saved.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple
from uuid import UUID

import msgspec

from lib.errors import DailiesError

LINE_LIMIT = 4096  # bytes; an entry has about 200
_SHOWN = 200


class JournalError(DailiesError):
    """The journal could not be written."""


class _Line(msgspec.Struct):
    at: datetime
    attempt_id: UUID
    video_id: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]  # the app's key, of whatever type
    task_id: Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,200}\Z")]


class JournalEntry(NamedTuple):
    at: datetime
    attempt_id: str
    video_id: str
    task_id: str


class BadLine(NamedTuple):
    """A line that is no entry; `text` is its beginning, as it stands."""

    number: int  # from 1; 0 stands for the whole file
    reason: str
    text: str


class JournalContent(NamedTuple):
    entries: list[JournalEntry]
    bad: list[BadLine]


class Journal:
    """`path` need not exist; its folder is made at the first append."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, attempt_id: str, video_id: str, task_id: str) -> None:
        """Returns once the line is on disk. Raises JournalError naming the id, so that it is not lost."""
        entry = JournalEntry(datetime.now(UTC), attempt_id, video_id, task_id)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(msgspec.json.encode(entry._asdict()) + b"\n")
        except OSError as error:
            raise JournalError(
                f"Task {task_id} of video {video_id} could not be written to {self.path} ({error.strerror})."
            ) from error

    def _write(self, line: bytes) -> None:
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size > 0 and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line
            while line:  # a disk that fills up takes part of it and says so only by the count
                line = line[os.write(descriptor, line) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new and os.name != "nt":  # a new file's name is on disk only once its folder is
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def read(self) -> JournalContent:
        """Everything in it, oldest first. A file that cannot be read is one bad line."""
        content = JournalContent([], [])
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(_lines(file), 1):
                    try:
                        read = msgspec.json.decode(line, type=_Line)
                    except (ValueError, RecursionError) as error:
                        if line.strip():
                            shown = line[:_SHOWN].decode(errors="replace").rstrip("\n")
                            content.bad.append(BadLine(number, str(error), shown))
                    else:
                        content.entries.append(
                            JournalEntry(read.at, str(read.attempt_id), read.video_id, read.task_id)
                        )
        except FileNotFoundError:
            pass
        except OSError as error:
            content.bad.append(BadLine(0, f"the journal cannot be read: {error.strerror}", ""))
        return content


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Each line, cut off behind LINE_LIMIT: a damaged file may hold one of any length."""
    while line := file.readline(LINE_LIMIT):
        yield line
        while line and not line.endswith(b"\n"):
            line = file.readline(1 << 16)

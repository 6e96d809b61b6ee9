"""Rows of exported files as videos and tasks, with errors that name the file and what is wrong in it."""

from __future__ import annotations

from pathlib import Path

from lib.domain.task import Task
from lib.domain.video import Video
from lib.errors import BadInput
from lib.logs.rows import Row, read_rows


def videos_of(path: Path) -> list[Video]:
    """The rows of an export of `videos`."""
    return [_video(row, path) for row in read_rows(path)]


def tasks_of(path: Path) -> list[Task]:
    """Runway's answers to task look-ups."""
    return [_task(row, path) for row in read_rows(path)]


def _video(row: Row, path: Path) -> Video:
    try:
        return Video.from_row(row)
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path}: {error}") from error


def _task(row: Row, path: Path) -> Task:
    try:
        return Task.from_api(row)
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path}: {error}") from error

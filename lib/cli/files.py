"""Rows from JSON files, with errors that name the file and what is wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from lib.domain.task import Task
from lib.domain.video import Video
from lib.errors import BadInput

Row = Mapping[str, Any]


def rows_of(path: Path) -> list[Row]:
    try:
        data = orjson.loads(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{path} is not JSON: {error}") from error
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise BadInput(f"{path}: expected a JSON array of objects, one a row.")
    return data


def videos_of(path: Path) -> list[Video]:
    """The rows of an export of `videos`."""
    return [_video(row, path) for row in rows_of(path)]


def tasks_of(path: Path) -> list[Task]:
    """Runway's answers to task look-ups."""
    return [_task(row, path) for row in rows_of(path)]


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

"""Exported files as videos, tasks, log entries and maps, with errors that name the file and the fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

from lib.domain.mapping import RowKind, TableMap
from lib.domain.task import Task
from lib.domain.trace import LogEntry, RequestSummary
from lib.domain.video import NoTime, Video
from lib.errors import BadInput
from lib.logs.reading import read_logs
from lib.logs.report import ImportReport
from lib.logs.rows import Row, numbered_rows

FILE = click.Path(path_type=Path)
MAP_OPTION = click.option(
    "--map",
    "map_file",
    type=FILE,
    help="What the app calls columns and words: a file of `python -m lib map`.",
)


class Videos(NamedTuple):
    """The rows of an export: `apart` are those that are not judged, of other providers or deleted."""

    videos: list[Video]
    apart: list[tuple[Row, RowKind]]

    def notes(self) -> Iterator[str]:
        """What people should know of rows that are not judged and words that nobody knows."""
        for kind, count in Counter(kind for _, kind in self.apart).items():
            what = "deleted" if kind is RowKind.DELETED else "of other providers"
            yield f"{count} rows are {what}: counted, not judged."
        words = Counter(video.status for video in self.videos if not video.status_is_known)
        for word, count in words.items():
            yield f"{count} rows have the status {word!r}, which is not mapped: neither stuck nor unfinished."


def videos_of(path: Path, table_map: TableMap | None = None) -> Videos:
    """The rows of an export of `videos`, or of the table that the map describes. Raises BadInput."""
    found = Videos([], [])
    for line, row in numbered_rows(path):
        kind = table_map.kind_of(row) if table_map else RowKind.VIDEO
        if kind is not RowKind.VIDEO:
            found.apart.append((row, kind))
            continue
        try:
            found.videos.append(table_map.video(row) if table_map else Video.from_row(row))
        except (ValueError, TypeError) as error:
            has_names = table_map is not None or isinstance(error, NoTime)
            hint = "" if has_names else f" If the app has names of its own: python -m lib map --rows {path}"
            raise BadInput(f"{path}: line {line}: {error}.{hint}") from error
    return found


def tasks_of(path: Path) -> list[Task]:
    """Runway's answers to task look-ups. Raises BadInput."""
    tasks = []
    for line, row in numbered_rows(path):
        try:
            tasks.append(Task.from_api(row))
        except (ValueError, TypeError) as error:
            raise BadInput(f"{path}: line {line}: {error}") from error
    return tasks


def map_of(path: Path) -> TableMap:
    """A map file. Raises BadInput."""
    try:
        return TableMap.from_toml(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path} is no usable map: {error}") from error


def logs_of(path: Path, report: ImportReport | None = None) -> Iterator[LogEntry | RequestSummary]:
    """What a file holds; what people should know of it is told. Raises BadInput where that is nothing."""
    report = report or ImportReport()
    yield from read_logs(path, report)
    report.refuse_if_unused(path.name)
    unusable = [f"{report.unusable} records could not be used."] if report.unusable else []
    say([f"{path.name}: {note}" for note in [*report.notes, *unusable]])


def write_out(text: str, out: Path | None) -> None:
    """To a file, or to the standard output. Raises BadInput."""
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{out}: {error.strerror}") from error


def say(notes: Iterable[str]) -> None:
    for note in notes:
        click.echo(f"note: {note}", err=True)

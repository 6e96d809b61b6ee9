"""Reading and importing whole files, big ones with every processor there is."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from lib.app import App, open_app
from lib.data.logs import add_logs
from lib.logs.reading import BIG, Share, read_logs, shares
from lib.logs.report import ImportReport
from lib.operations.import_logs import import_logs


def count_file(path: Path, big: int = BIG) -> ImportReport:
    """Read and store nothing. A file of `big` bytes is shared between processes.

    Raises BadInput, also where nothing of the file is of use.
    """
    report = together(partial(_count, path), shares(path, big))
    report.refuse_if_unused(path.name)
    return report


def import_file(app: App, path: Path, big: int = BIG) -> ImportReport:
    """`import_logs` of a file; one of `big` bytes is shared between processes, which open the app themselves.

    Raises BadInput, also where nothing of the file is of use, SettingsError, DatabaseError.
    """
    import_id = uuid.uuid4()
    report = together(partial(_import, path, import_id), shares(path, big))
    add_logs(app.db, {"id": str(import_id), "report": report.details()})
    report.refuse_if_unused(path.name)
    return report


def together(work: Callable[[Share], ImportReport], parts: list[Share]) -> ImportReport:
    """`work` on every share, each in a process of its own; their reports as one."""
    if len(parts) == 1:
        return work(parts[0])
    with ProcessPoolExecutor(len(parts), mp_context=get_context("spawn")) as processes:
        report, *others = processes.map(work, parts)
    for other in others:
        report.merge(other)
    return report


def _count(path: Path, share: Share) -> ImportReport:
    report = ImportReport()
    deque(read_logs(path, report, share), maxlen=0)
    return report


def _import(path: Path, import_id: uuid.UUID, share: Share) -> ImportReport:
    with open_app(runway=False) as app:
        return import_logs(app, path, name=path.name, import_id=import_id, share=share)

"""Logs from Vercel into the database: from where the last pull ended up to now, and then as they come."""

from __future__ import annotations

import io
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from lib.app import App
from lib.data.logs import LogSource, log_source, save_log_source
from lib.domain.times import to_ms
from lib.errors import DailiesError, SettingsError
from lib.logs.report import ImportReport
from lib.logs.vercel import API, DASHBOARD, NoHistory, Page, Project, Row, Vercel, VercelError
from lib.operations.import_logs import import_logs
from lib.settings import Settings

OVERLAP = timedelta(minutes=15)  # a request may run so long, and logs go on after it was first read
SHORTEST_WINDOW = timedelta(hours=1)
MOST_WINDOWS = 48
BATCH = 1000  # requests
NO_HISTORY = (
    "Vercel no longer serves past logs. New ones are read from the live tail: its lines carry no request "
    "ids, and what came before cannot be fetched."
)


class Span(NamedTuple):
    since: datetime
    until: datetime


@dataclass
class PullReport:
    """What one pull read. `gap` is what Vercel had thrown away before it could be read."""

    span: Span
    gap: Span | None = None
    requests: int = 0
    entries: int = 0
    stored: int = 0
    truncated: int = 0
    notes: list[str] = field(default_factory=list)
    deployments: set[str] = field(default_factory=set)

    def add(self, page: Page) -> None:
        self.requests += len(page.rows)
        self.truncated += sum(
            any(isinstance(line, dict) and line.get("messageTruncated") for line in row.get("logs") or ())
            for row in page.rows
        )
        if page.lost and page.lost not in self.notes:
            self.notes.append(page.lost)

    def add_import(self, report: ImportReport) -> None:
        self.entries += report.entries
        self.stored += report.entries - report.already_stored
        self.deployments |= report.deployments


class LogPull:
    """Pulls the logs of the project of the settings, again and again."""

    def __init__(self, app: App, vercel: Vercel) -> None:
        self._app = app
        self._vercel = vercel

    def project(self) -> Project:
        """As it is now: a new deployment may have taken over. Raises VercelError."""
        return self._vercel.project(self._app.settings.vercel_project or "")

    def catch_up(self, since: datetime | None = None, now: datetime | None = None) -> PullReport:
        """Stores what was logged since the last pull, or since `since`. One that breaks off keeps what it
        has; the next goes on from there. Raises VercelError or DatabaseError."""
        project = self.project()
        source, now = f"vercel {project.id}", now or datetime.now(UTC)
        report = self._begin(log_source(self._app.db, source), since, now)
        for window in windows(report.span):
            self._pull(project, window, report)
            save_log_source(self._app.db, source, *window, report.gap, deployments=sorted(report.deployments))
        return report

    def _begin(self, known: LogSource | None, since: datetime | None, now: datetime) -> PullReport:
        kept_since = now - self._app.retention
        if since is not None:
            return PullReport(Span(since, now))
        if known is None:
            return PullReport(Span(kept_since, now))
        if known.read_to < kept_since:
            return PullReport(Span(kept_since, now), gap=Span(known.read_to, kept_since))
        return PullReport(Span(max(known.read_to - OVERLAP, kept_since), now))

    def _pull(self, project: Project, window: Span, report: PullReport) -> None:
        since, until = map(to_ms, window)
        batch: list[Row] = []
        for page in self._vercel.history(project, since, until):
            report.add(page)
            batch += page.rows
            if len(batch) >= BATCH:
                report.add_import(self.store(project, batch))
                batch.clear()
        report.add_import(self.store(project, batch))

    def store(self, project: Project, rows: Iterable[Row]) -> ImportReport:
        """What is pulled on one day is one import. Raises DatabaseError."""
        lines = b"\n".join(map(msgspec.json.encode, rows))
        if not lines:
            return ImportReport()
        today = uuid.uuid5(uuid.NAMESPACE_URL, f"vercel {project.id} {datetime.now(UTC):%Y-%m-%d}")
        name = f"Vercel project {project.name}"
        return import_logs(self._app, io.BytesIO(lines), name=name, import_id=today)

    def tail(self, project: Project) -> Iterator[Row]:
        """Raises VercelError."""
        return self._vercel.tail(project)


def windows(span: Span) -> Iterator[Span]:
    """Parts of `span`, oldest first: after each it is known how far one has come."""
    length = max(SHORTEST_WINDOW, (span.until - span.since) / MOST_WINDOWS)
    since = span.since
    while since < span.until:
        until = min(since + length, span.until)
        yield Span(since, until)
        since = until


def said(report: PullReport) -> Iterator[str]:
    """The report, in sentences."""
    since, until = (f"{at.astimezone():%Y-%m-%d %H:%M:%S}" for at in report.span)
    yield (
        f"{report.requests} requests from {since} to {until}: {report.entries} entries, "
        f"{report.stored} of them new."
    )
    if report.gap:
        since, until = (f"{at.astimezone():%Y-%m-%d %H:%M}" for at in report.gap)
        yield (
            f"Lost: Vercel had thrown away the logs from {since} to {until} before they were read. "
            "Stages of that time are not observable. Pull more often, or set up a log drain."
        )
    if report.truncated:
        yield f"{report.truncated} requests have messages that Vercel cut short."
    yield from report.notes


class LogFollower:
    """The live tail says when something was written; what is stored comes from the history, where lines have
    request ids. Without a history the tail itself is stored.

    settle   seconds until what was written stands in the history
    idle     seconds between two pulls when the tail says nothing
    """

    def __init__(self, pull: LogPull, *, settle: float = 3.0, idle: float = 30.0) -> None:
        self._pull = pull
        self._settle = settle
        self._idle = idle
        self._written = threading.Event()
        self._lock = threading.Lock()
        self._rows: list[Row] = []

    def run(self, stop: threading.Event, tell: Callable[[str], object]) -> None:
        """Until `stop` is set. Raises VercelError or DatabaseError when the first pull fails; later failures
        are told, and tried again."""
        project = self._pull.project()
        has_history = self._catch_up(tell)
        listener = threading.Thread(target=self._listen, args=(stop, tell), name="vercel-tail", daemon=True)
        listener.start()
        while not stop.is_set():
            if self._written.wait(self._idle):
                stop.wait(self._settle)
            self._written.clear()
            try:
                with self._lock:
                    rows, self._rows = self._rows, []
                if has_history:
                    has_history = self._catch_up(tell)
                elif rows:
                    stored = self._pull.store(project, rows)
                    tell(f"{stored.entries - stored.already_stored} entries stored from the live tail.")
            except DailiesError as error:
                tell(f"{error} Trying again.")
        listener.join(1)  # it may wait for a line for minutes

    def _catch_up(self, tell: Callable[[str], object]) -> bool:
        """Whether there is a history."""
        try:
            report = self._pull.catch_up()
        except NoHistory:
            tell(NO_HISTORY)
            return False
        if report.stored or report.gap or report.notes:
            for line in said(report):
                tell(line)
        return True

    def _listen(self, stop: threading.Event, tell: Callable[[str], object]) -> None:
        while not stop.is_set():
            try:
                for row in self._pull.tail(self._pull.project()):
                    with self._lock:
                        self._rows.append(row)
                    self._written.set()
            except VercelError as error:
                tell(str(error))
            stop.wait(self._settle)


def open_vercel(settings: Settings, api: str = API) -> Vercel:
    """Raises SettingsError naming what is missing."""
    needed = {"VERCEL_TOKEN": settings.vercel_token, "VERCEL_PROJECT_ID": settings.vercel_project}
    if missing := [name for name, value in needed.items() if not value]:
        raise SettingsError(f"Set {' and '.join(missing)} to read logs from Vercel.")
    assert settings.vercel_token
    return Vercel(
        settings.vercel_token.get_secret_value(),
        team_id=settings.vercel_team,
        api=api,
        dashboard=DASHBOARD if api == API else api,
    )

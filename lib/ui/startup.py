"""Opens what the pages need, in a thread of its own, and closes it again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import click
import httpx

from lib.data.before import ADDS, Before, looked_at
from lib.data.connect import open_fully
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.data.videos import list_videos
from lib.errors import BadInput, DailiesError, DatabaseError, DatabaseUnavailable, TableUnknown
from lib.runway.opening import open_runway
from lib.seed.write import may_be_seeded, seed_sample
from lib.ui.kit.dashboard import Dashboard
from lib.worker.start import start_judge, start_worker

AGAIN_SECONDS = 10.0
REFRESH_SECONDS = 60.0
logger = logging.getLogger(__name__)


def warm_imports() -> None:
    """What the first page would otherwise wait for."""
    import pandas  # noqa: F401
    import plotly.graph_objects  # noqa: F401

    from lib.ui.views import video  # noqa: F401


class Startup:
    """`start` returns at once; `dashboard.preparing` says which step is going on."""

    def __init__(self, dashboard: Dashboard, address: str | None = None) -> None:
        self._dashboard = dashboard
        self._address = address  # under which it answers, to say when it does
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dailies-startup", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)
        dashboard = self._dashboard
        dashboard.jobs.stop()
        if dashboard.loop is not None:
            dashboard.loop.stop()
        dashboard.whole_app.close()

    def _run(self) -> None:
        self._open()
        while self._follow():
            self._open()

    def _open(self) -> None:
        """A database that is away is waited for: from the first step that missed it, all is done again."""
        steps = [
            ("database", "Opening the database", self._open_database),
            ("runway", "Opening Runway", self._open_runway),
            ("history", "Writing a history to look at", self._seed),
            ("worker", "Starting the worker", self._start_worker),
        ]
        while steps and not self._stop.is_set():
            try:
                missed = [not self._step(*step) for step in steps]
            finally:
                self._dashboard.preparing = None
            self._say_ready()
            steps = steps[missed.index(True) :] if any(missed) else []
            if steps:
                # to look for the table reads rows of every table: not that often
                self._stop.wait(REFRESH_SECONDS if self._dashboard.whole_app.table_unknown else AGAIN_SECONDS)

    def _step(self, part: str, doing: str, action: Callable[[], None]) -> bool:
        """False where the database was away: that is worth another try."""
        if self._stop.is_set():
            return True
        if part not in self._dashboard.problems:
            self._dashboard.preparing = doing
        try:
            action()
            self._dashboard.problems.pop(part, None)
        except DailiesError as error:
            logger.warning("%s: %s", doing, error)
            self._dashboard.problems[part] = why = str(error)
            if part == "database":
                self._dashboard.whole_app = replace(
                    self._dashboard.whole_app,
                    no_database=why,
                    table_unknown=isinstance(error, TableUnknown),
                )
            elif part == "runway":
                self._dashboard.whole_app = replace(self._dashboard.whole_app, no_runway=why)
            return not isinstance(error, DatabaseUnavailable)
        return True

    def _say_ready(self) -> None:
        """Once, and not before the server answers, which begins to listen after this thread."""
        address, self._address = self._address, None
        while address and not self._stop.is_set():
            try:
                httpx.get(f"{address}/api/health/live", timeout=5, trust_env=False).raise_for_status()
            except httpx.HTTPError:
                self._stop.wait(0.1)
                continue
            parts = ", ".join(self._dashboard.problems)
            click.echo(f"Dailies is ready: {address}" + (f" (without: {parts})" if parts else ""))
            return

    def _open_database(self) -> None:
        app = self._dashboard.whole_app
        opened: Database = open_fully(app.settings)
        if app.settings.database_kind != "embedded":
            opened = self._looked_at(opened)
        self._dashboard.before = opened if isinstance(opened, Before) else None
        self._dashboard.whole_app = replace(app, opened=opened, no_database=None, table_unknown=False)

    def _looked_at(self, opened: Database) -> Database:
        """Raises TableUnknown where `map` has to say first which table is meant: that is waited for too."""
        try:
            return looked_at(opened, self._dashboard.whole_app.settings.data_dir / "before")
        except BadInput as error:
            opened.close()
            raise TableUnknown(str(error)) from error
        except DatabaseError:
            opened.close()
            raise

    def _follow(self) -> bool:
        """Reads the newest rows every minute while Dailies has no schema in the app's database. True when it
        has one now, and everything is to be opened again."""
        before = self._dashboard.before
        while before and not self._stop.wait(REFRESH_SECONDS):
            with suppress(DatabaseError):
                if before.is_over():
                    self._leave(before)
                    return True
                before.refresh()
        return False

    def _leave(self, before: Before) -> None:
        if self._dashboard.loop is not None:
            self._dashboard.loop.stop()
        self._dashboard.loop = self._dashboard.before = None
        self._dashboard.whole_app = replace(self._dashboard.whole_app, opened=before.source, no_runway=None)
        before.leave()

    def _open_runway(self) -> None:
        app = self._dashboard.whole_app
        if self._dashboard.before:
            self._dashboard.whole_app = replace(app, no_runway=ADDS)
            return
        self._dashboard.whole_app = replace(app, client=open_runway(app.settings))

    def _seed(self) -> None:
        """A start without any account shows two weeks of history instead of empty pages."""
        opened, settings = self._dashboard.whole_app.opened, self._dashboard.whole_app.settings
        if not settings.demo or not may_be_seeded(settings):
            return
        if isinstance(opened, PostgresDatabase) and not list_videos(opened, limit=1):
            seed_sample(opened, settings)

    def _start_worker(self) -> None:
        dashboard = self._dashboard
        if dashboard.loop is not None or dashboard.whole_app.opened is None:
            return
        only_judge = dashboard.whole_app.client is None or dashboard.whole_app.settings.read_only
        start = start_judge if only_judge else start_worker
        dashboard.loop = start(dashboard.whole_app)

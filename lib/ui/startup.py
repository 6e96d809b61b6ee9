"""Opens what the pages need, in a thread of its own, and closes it again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from lib.data.before import ADDS, Before, looked_at
from lib.data.connect import open_fully
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.data.videos import list_videos
from lib.errors import DailiesError, DatabaseError, DatabaseUnavailable
from lib.runway.opening import open_runway
from lib.runway.simulator import ensure_simulator
from lib.seed.write import seed_history
from lib.ui.kit.services import Services
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
    """`start` returns at once; `services.preparing` says which step is going on."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dailies-startup", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)
        services = self._services
        services.jobs.stop()
        if services.loop is not None:
            services.loop.stop()
        services.app.close()

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
                self._services.preparing = None
            steps = steps[missed.index(True) :] if any(missed) else []
            if steps:
                self._stop.wait(AGAIN_SECONDS)

    def _step(self, part: str, doing: str, action: Callable[[], None]) -> bool:
        """False where the database was away: that is worth another try."""
        if self._stop.is_set():
            return True
        if part not in self._services.problems:
            self._services.preparing = doing
        try:
            action()
            self._services.problems.pop(part, None)
        except DailiesError as error:
            logger.warning("%s: %s", doing, error)
            self._services.problems[part] = why = str(error)
            if part == "database":
                self._services.app = replace(self._services.app, no_database=why)
            elif part == "runway":
                self._services.app = replace(self._services.app, no_runway=why)
            return not isinstance(error, DatabaseUnavailable)
        return True

    def _open_database(self) -> None:
        app = self._services.app
        opened: Database = open_fully(app.settings)
        if app.settings.database_kind != "embedded":
            with suppress(DatabaseUnavailable):  # the pages say so
                opened = looked_at(opened, app.settings.data_dir / "before")
        self._services.before = opened if isinstance(opened, Before) else None
        self._services.app = replace(app, opened=opened, no_database=None)

    def _follow(self) -> bool:
        """Reads the newest rows every minute while Dailies has no schema in the app's database. True when it
        has one now, and everything is to be opened again."""
        before = self._services.before
        while before and not self._stop.wait(REFRESH_SECONDS):
            with suppress(DatabaseError):
                if before.is_over():
                    self._leave(before)
                    return True
                before.refresh()
        return False

    def _leave(self, before: Before) -> None:
        if self._services.loop is not None:
            self._services.loop.stop()
        self._services.loop = self._services.before = None
        self._services.app = replace(self._services.app, opened=before.source, no_runway=None)
        before.leave()

    def _open_runway(self) -> None:
        app = self._services.app
        if self._services.before:
            self._services.app = replace(app, no_runway=ADDS)
            return
        self._services.app = replace(app, client=open_runway(app.settings))

    def _seed(self) -> None:
        """A start without any account shows two weeks of history instead of empty pages."""
        opened, settings = self._services.app.opened, self._services.settings
        if settings.database_kind != "embedded" or settings.runway_kind != "simulator" or not settings.demo:
            return
        if isinstance(opened, PostgresDatabase) and not list_videos(opened, limit=1):
            simulator = ensure_simulator(settings.data_dir)
            seed_history(opened, simulator.store, simulator.url, datetime.now(UTC))

    def _start_worker(self) -> None:
        services = self._services
        if services.loop is not None:
            return
        only_judge = services.app.client is None or services.settings.read_only
        start = start_judge if only_judge else start_worker
        services.loop = start(services.app)

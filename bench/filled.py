"""A database of any size: the sample history, judged, and repeated with other ids and earlier days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from lib.app import App
from lib.data.logs import index_log_weeks
from lib.data.postgres import PostgresDatabase
from lib.operations.judge import judge_all
from lib.runway.simulator.store import SimulatorStore
from lib.seed.many import repeat_history
from lib.seed.write import seed_history
from lib.settings import Settings

NOWHERE = "http://127.0.0.1:9"  # no output is played


def fill(
    database: PostgresDatabase,
    folder: Path,
    *,
    videos: int,
    entries: int,
    days: int,
    say: Callable[[str], object] = lambda _: None,
) -> None:
    """The simulator's tasks go into `folder`."""
    store = SimulatorStore(folder)
    told = seed_history(database, store, NOWHERE, datetime.now(UTC))
    judge_all(App(Settings.model_validate({"data_dir": folder}), database))
    repeat_history(database, store, told.tasks, videos=videos, entries=entries, days=days, say=say)
    say("indexing the messages of the weeks that are over")
    index_log_weeks(database)

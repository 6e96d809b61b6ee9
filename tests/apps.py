"""The app, as tests open it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from lib.app import App
from lib.data.database import Database
from lib.runway.client import RunwayClient
from lib.settings import Settings


def app_of(
    db: Database | None = None,
    runway: RunwayClient | None = None,
    folder: Path | None = None,
    operator: str = "ann",
    *,
    clock: Callable[[], datetime] | None = None,
    **settings: Any,
) -> App:
    """`folder` is for the journal; `settings` by their names in lib/settings.py."""
    values = settings | ({"data_dir": folder} if folder else {})
    return App(Settings.model_validate(values), db, runway, operator, clock)

"""What the process has opened once for all sessions: handed over by the entry point, or by a test."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import streamlit as st

from lib.app import App
from lib.data.database import Database
from lib.errors import DailiesError
from lib.runway.client import RunwayClient
from lib.settings import RUNWAY_BASE_URL, Settings
from lib.ui.kit.jobs import Jobs
from lib.worker.loop import Loop

ENTERED: ContextVar[bool] = ContextVar("entered", default=False)  # this run came through the router


@dataclass
class Services:
    """app        what is open; replaced as its parts open
    preparing  the step of the start that is going on; None once all is there
    problems   a part that did not start -> why
    """

    app: App
    preparing: str | None = None
    problems: dict[str, str] = field(default_factory=dict)
    loop: Loop | None = None
    jobs: Jobs = field(default_factory=Jobs)

    @property
    def settings(self) -> Settings:
        return self.app.settings

    @property
    def database(self) -> Database:
        """Raises DatabaseUnavailable saying why there is none."""
        return self.app.db

    @property
    def runway(self) -> RunwayClient:
        """Raises RunwayError saying why there is none."""
        return self.app.runway

    @property
    def runway_label(self) -> str:
        if self.settings.runway_kind == "simulator":
            return "Runway simulator" if self.settings.database_kind == "embedded" else "no Runway key"
        host = urlsplit(self.settings.runway_base_url or RUNWAY_BASE_URL).hostname
        return f"Runway ({host or 'RUNWAY_BASE_URL names no host'})"

    @property
    def database_label(self) -> str:
        if self.app.opened is not None:
            return self.app.opened.label
        return {"embedded": "embedded Postgres", "supabase": "Supabase"}.get(
            self.settings.database_kind, "Postgres"
        )


_provided: list[Services] = []


def provide(services: Services) -> None:
    """Makes `services` the ones every page uses from now on; what was read through others is forgotten."""
    _provided[:] = [services]
    st.cache_data.clear()


def running_app() -> App:
    return services().app


def services() -> Services:
    if not _provided:
        raise DailiesError("Start Dailies with `make run` or `python -m lib run`: nothing has been opened.")
    return _provided[0]

"""What the process has opened once for all sessions: handed over by the entry point, or by a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import streamlit as st

from lib.data.database import Database
from lib.data.journal import Journal
from lib.errors import DailiesError, DatabaseUnavailable, RunwayError
from lib.runway.client import RunwayClient
from lib.settings import RUNWAY_BASE_URL, Settings
from lib.ui.kit.jobs import Jobs
from lib.worker.loop import Loop


@dataclass
class Services:
    settings: Settings
    opened: Database | None = None
    client: RunwayClient | None = None
    preparing: str | None = None  # the step of the start that is going on; None once all is there
    problems: dict[str, str] = field(default_factory=dict)  # a part that did not start -> why
    loop: Loop | None = None
    jobs: Jobs = field(default_factory=Jobs)

    @property
    def journal(self) -> Journal:
        return Journal(self.settings.data_dir / "journal.jsonl")

    @property
    def database(self) -> Database:
        """Raises DatabaseUnavailable saying why there is none."""
        if self.opened is None:
            raise DatabaseUnavailable(self.problems.get("database"))
        return self.opened

    @property
    def runway(self) -> RunwayClient:
        if self.client is None:
            raise RunwayError(
                self.problems.get("runway") or "The Runway client has not been started.",
                cause="runway_unreachable",
            )
        return self.client

    @property
    def runway_label(self) -> str:
        if self.settings.runway_kind == "simulator":
            return "Runway simulator" if self.settings.database_kind == "embedded" else "no Runway key"
        host = urlsplit(self.settings.runway_base_url or RUNWAY_BASE_URL).hostname
        return f"Runway ({host or 'RUNWAY_BASE_URL names no host'})"

    @property
    def database_label(self) -> str:
        if self.opened is not None:
            return self.opened.label
        return {"embedded": "embedded Postgres", "supabase": "Supabase"}.get(
            self.settings.database_kind, "Postgres"
        )


_provided: list[Services] = []


def provide(services: Services) -> None:
    """Makes `services` the ones every page uses from now on; what was read through others is forgotten."""
    _provided[:] = [services]
    st.cache_data.clear()


def services() -> Services:
    if not _provided:
        raise DailiesError("Start Dailies with `make run` or `python -m lib run`: nothing has been opened.")
    return _provided[0]

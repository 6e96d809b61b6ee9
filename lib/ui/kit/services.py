"""What the process has opened once for all sessions: handed over by the entry point, or by a test."""

from __future__ import annotations

import time
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from lib.app import App
from lib.data.before import Before
from lib.data.database import Database
from lib.data.limited import reader
from lib.domain.access import Person, Role
from lib.errors import DailiesError, DatabaseUnavailable, NotAllowed, NotSignedIn
from lib.operations.access import Access
from lib.runway.client import RunwayClient
from lib.settings import RUNWAY_BASE_URL, Settings
from lib.ui.kit.identity import claims
from lib.ui.kit.jobs import Jobs
from lib.worker.loop import Loop

ENTERED: ContextVar[bool] = ContextVar("entered", default=False)  # this run came through the router


@dataclass
class Outage:
    """What was read last, by what was asked (with the time), and when the database last failed to answer."""

    kept: OrderedDict[tuple[Any, ...], tuple[datetime, Any]] = field(default_factory=OrderedDict)
    failed_at: float = float("-inf")
    error: DatabaseUnavailable | None = None

    def spare(self, seconds: float) -> None:
        """Raises the last failure again where it was less than `seconds` ago."""
        if self.error and time.monotonic() - self.failed_at < seconds:
            raise self.error

    def began(self, error: DatabaseUnavailable) -> None:
        if error is not self.error:
            self.failed_at, self.error = time.monotonic(), error

    def keep(self, key: tuple[Any, ...], answer: tuple[datetime, Any], most: int) -> None:
        self.kept[key] = answer
        self.kept.move_to_end(key)
        while len(self.kept) > most:
            self.kept.popitem(last=False)


@dataclass
class Services:
    """app        what is open; replaced as its parts open. Of a page: held to what its person may do
    access     who may do what
    person     who looks at the page; None for the process itself
    preparing  the step of the start that is going on; None once all is there
    problems   a part that did not start -> why
    before     what is looked at while Dailies has no schema in the app's database
    """

    app: App
    preparing: str | None = None
    problems: dict[str, str] = field(default_factory=dict)
    before: Before | None = None
    loop: Loop | None = None
    jobs: Jobs = field(default_factory=Jobs)
    outage: Outage = field(default_factory=Outage)
    access: Access = field(default=None)  # type: ignore[assignment]  # of the settings
    person: Person | None = None
    held: dict[Person, tuple[App, App]] = field(
        default_factory=dict
    )  # kept, since an app keeps what it has read

    def __post_init__(self) -> None:
        self.access = self.access or Access(self.app.settings)

    def held_to(self, person: Person) -> App:
        whole, held = self.held.get(person, (None, None))
        if held is None or whole is not self.app:
            held = self.app.held_to(person)
            self.held[person] = (self.app, held)
        return held

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


def process_app() -> App:
    """For what proves itself by a secret instead of a sign-in. It changes nothing with DAILIES_READ_ONLY."""
    opened = _opened()
    return opened.held_to(reader(opened.settings)) if opened.settings.read_only else opened.app


def running_app() -> App:
    """Held to what the person of this page may do. Raises as `services` does."""
    return services().app


def services() -> Services:
    """As the person of this page may use them. Asked with every run, click and fragment: somebody may have
    signed out, or their time may be over. Raises NotSignedIn, or NotAllowed for somebody without any role."""
    opened = _opened()
    person = opened.access.person(claims())
    if person is None:
        raise NotSignedIn()
    if person.role is Role.NOBODY:
        raise NotAllowed(person.reason)
    return replace(opened, app=opened.held_to(person), person=person)


def _opened() -> Services:
    if not _provided:
        raise DailiesError("Start Dailies with `make run` or `python -m lib run`: nothing has been opened.")
    return _provided[0]

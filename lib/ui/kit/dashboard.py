"""What all pages of the running dashboard share, and who looks at the page that runs now."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import streamlit as st

from lib.app import App
from lib.data.before import Before
from lib.data.limited import reader
from lib.domain.access import Person, Role
from lib.errors import DailiesError, DatabaseUnavailable, NotAllowed, NotSignedIn
from lib.operations.access import Access
from lib.operations.environment.settings import Check
from lib.ui.kit.identity import claims
from lib.ui.kit.jobs import Jobs
from lib.worker.loop import Loop

Checked = tuple[datetime, Sequence[Check]]
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


class Dashboard:
    """whole_app  replaced as its parts open. No page uses it: `running_app` is held to what its person may do
    access     who may do what
    preparing  the step of the start that is going on; None once all is there
    problems   a part that did not start -> why
    checked    what was found last of database, flows and Runway, and when
    before     what is looked at while Dailies has no schema in the app's database
    """

    def __init__(self, app: App, *, access: Access | None = None, preparing: str | None = None) -> None:
        self.whole_app = app
        self.access = access or Access(app.settings)
        self.preparing = preparing
        self.problems: dict[str, str] = {}
        self.checked: Checked | None = None
        self.before: Before | None = None
        self.loop: Loop | None = None
        self.jobs = Jobs()
        self.outage = Outage()
        self._held: dict[Person, tuple[App, App]] = {}  # kept, since an app keeps what it has read

    def held_to(self, person: Person) -> App:
        whole, held = self._held.get(person, (None, None))
        if held is None or whole is not self.whole_app:
            held = self.whole_app.held_to(person)
            self._held[person] = (self.whole_app, held)
        return held

    def wake(self) -> None:
        """There is something to do now: the worker, if it runs here, does not wait out its pauses."""
        if self.loop is not None:
            self.loop.wake()


_provided: list[Dashboard] = []


def provide(dashboard: Dashboard) -> None:
    """Makes `dashboard` the one of every page from now on; what was read through another is forgotten."""
    _provided[:] = [dashboard]
    st.cache_data.clear()


def process_app() -> App:
    """For what proves itself by a secret instead of a sign-in. It changes nothing with DAILIES_READ_ONLY."""
    app = _dashboard().whole_app
    return _dashboard().held_to(reader(app.settings)) if app.settings.read_only else app


def running_app() -> App:
    """Held to what the person of this page may do. Raises as `visitor` does."""
    return _dashboard().held_to(visitor())


def dashboard() -> Dashboard:
    """Raises as `visitor` does."""
    visitor()
    return _dashboard()


def visitor() -> Person:
    """The person of this page. Asked with every run, click and fragment: somebody may have signed out, or
    their time may be over. Raises NotSignedIn, or NotAllowed for somebody without any role."""
    person = _dashboard().access.person(claims())
    if person is None:
        raise NotSignedIn()
    if person.role is Role.NOBODY:
        raise NotAllowed(person.reason)
    return person


def _dashboard() -> Dashboard:
    if not _provided:
        raise DailiesError("Start Dailies with `make run` or `python -m lib run`: nothing has been opened.")
    return _provided[0]

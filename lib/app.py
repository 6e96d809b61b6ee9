"""The app: what every operation works with, opened once and closed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from lib.data.connect import open_database
from lib.data.database import Database
from lib.data.flows import stored_flows
from lib.data.journal import Journal
from lib.data.limited import Limited
from lib.data.outputs import Storage, open_storage
from lib.domain.access import Person, Role
from lib.domain.flow import StageReader
from lib.errors import DatabaseUnavailable, RunwayError, TableUnknown
from lib.runway.client import RunwayClient
from lib.runway.opening import open_runway
from lib.settings import RUNWAY_BASE_URL, Settings, load_settings
from lib.traces.kept import KeptFlows

SAVE_SECONDS = 30.0  # how long a person waits for a database that went away; the journal waits longer
OnStep = Callable[[str], object]


@dataclass(frozen=True)
class App:
    """operator      in whose name something is done: it stands in the audit
    clock         the time by which videos are judged; None for the database's own
    on_step       hears of each step of an operation when it is over
    save_seconds  how long a task id is offered to a database that does not take it
    paid_per_minute  paid actions of a page's person; None without a limit
    no_database, no_runway  why a part is not open
    """

    settings: Settings
    opened: Database | None = None
    client: RunwayClient | None = None
    operator: str = ""
    clock: Callable[[], datetime] | None = None
    on_step: OnStep = lambda _: None
    save_seconds: float = SAVE_SECONDS
    paid_per_minute: int | None = None
    no_database: str | None = None
    table_unknown: bool = False
    no_runway: str | None = None
    kept_flows: KeptFlows = field(default_factory=KeptFlows, repr=False, compare=False)

    @property
    def db(self) -> Database:
        """Raises DatabaseUnavailable saying why there is none, TableUnknown where only a map is missing."""
        if self.opened is None:
            raise (TableUnknown if self.table_unknown else DatabaseUnavailable)(self.no_database)
        return self.opened

    @property
    def runway(self) -> RunwayClient:
        """Raises RunwayError saying why there is none."""
        if self.client is None:
            why = self.no_runway or "The Runway client has not been opened."
            raise RunwayError(why, cause="runway_unreachable")
        return self.client

    @property
    def database_label(self) -> str:
        if self.opened is not None:
            return self.opened.label
        names = {"embedded": "embedded Postgres", "supabase": "Supabase", "postgres": "Postgres"}
        return names[self.settings.database_kind]

    @property
    def runway_label(self) -> str:
        if self.settings.runway_kind == "simulator":
            return "Runway simulator" if self.settings.database_kind == "embedded" else "no Runway key"
        host = urlsplit(self.settings.runway_base_url or RUNWAY_BASE_URL).hostname
        return f"Runway ({host or 'RUNWAY_BASE_URL names no host'})"

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.settings.data_dir / "journal.jsonl")

    @property
    def flows(self) -> StageReader:
        """The shipped flows and the team's own, in files and in the database. Raises BadInput for a file that
        cannot be used, DatabaseError."""
        return self.kept_flows.reader(self.settings.flows_dir, self.stored_flows)

    def stored_flows(self) -> Mapping[str, Any]:
        """The team's own in the database, by key. Raises DatabaseError."""
        return {each.key: each.content for each in stored_flows(self.opened)} if self.opened else {}

    @cached_property
    def storage(self) -> Storage | None:
        """Where outputs are copied to; None where they are not. Raises SettingsError."""
        return open_storage(self.settings)

    @property
    def stuck_after(self) -> timedelta:
        """How long an unfinished video may be silent."""
        return timedelta(minutes=self.settings.stuck_after_minutes)

    @property
    def retention(self) -> timedelta:
        """How long the platform keeps logs."""
        return timedelta(hours=self.settings.log_retention_hours)

    def acting_as(self, operator: str) -> App:
        return replace(self, operator=operator)

    def held_to(self, person: Person) -> App:
        """The app as `person` may use it on pages: changes beyond their role raise NotAllowed, paid actions
        that come too fast TooFast."""
        opened = self.opened
        if opened is not None and person.role < Role.ADMIN:
            opened = Limited(opened, person)
        most = self.settings.paid_per_minute
        return replace(self, opened=opened, operator=person.name, paid_per_minute=most)

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
        if self.opened is not None:
            self.opened.close()


GetApp = Callable[[], App]  # of the running process; raises DailiesError while it starts


@contextmanager
def open_app(settings: Settings | None = None, *, runway: bool = True) -> Iterator[App]:
    """`runway=False` for what never asks Runway. Raises SettingsError, DatabaseUnavailable."""
    settings = settings or load_settings()
    database = open_database(settings)
    try:
        client = open_runway(settings) if runway else None
        app = App(settings, database, client, settings.operator)
    except BaseException:
        database.close()
        raise
    try:
        yield app
    finally:
        app.close()

"""The database as somebody sees it who may not do everything: the one place that holds them to their role."""

from __future__ import annotations

from typing import Any

from lib.data.database import Database, Row
from lib.domain.access import Person, Role
from lib.errors import NotAllowed
from lib.settings import Settings

FOR_ADMINS = frozenset({"dailies_set_budget", "dailies_expire_week"})
_ALWAYS = frozenset({"dailies_reading", "dailies_schema"})  # told before Dailies has its schema, too


READ_ONLY = "Dailies is read-only here: DAILIES_READ_ONLY is set."


def reader(settings: Settings) -> Person:
    """Whoever it is, where DAILIES_READ_ONLY is set."""
    return Person(settings.operator, Role.VIEWER, READ_ONLY)


class Limited:
    """Whatever changes something calls a function that writes: for those it takes an operator. Everything is
    refused that does not say of itself, in the database, that it only reads."""

    def __init__(self, database: Database, person: Person) -> None:
        self._database = database
        self._person = person
        self._reading: frozenset[str] | None = None

    @property
    def label(self) -> str:
        return self._database.label

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        """Raises NotAllowed besides."""
        if self._reading is None and function not in _ALWAYS:
            self._reading = _ALWAYS | {row["name"] for row in self._database.call("dailies_reading")}
        is_read = function in (self._reading or _ALWAYS)
        least = Role.ADMIN if function in FOR_ADMINS else Role.VIEWER if is_read else Role.OPERATOR
        if self._person.role < least:
            raise NotAllowed(self._person.reason)
        return self._database.call(function, **arguments)

    def close(self) -> None:
        self._database.close()

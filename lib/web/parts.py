"""What the routes need of the running process. The user interface's services are such a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lib.data.database import Database
from lib.runway.organization import Organization
from lib.settings import Settings


class OrganizationReader(Protocol):
    def organization(self) -> Organization: ...


class Parts(Protocol):
    """`database` raises DatabaseUnavailable and `runway` RunwayError while they are not open, saying why."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    @property
    def runway(self) -> OrganizationReader: ...


GetParts = Callable[[], Parts]  # raises DailiesError while the process starts

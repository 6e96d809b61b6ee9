"""What the routes need of the running process. The user interface's services are such a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lib.data.database import Database
from lib.data.journal import Journal
from lib.runway.client import RunwayClient
from lib.settings import Settings


class Parts(Protocol):
    """`database` raises DatabaseUnavailable and `runway` RunwayError while they are not open, saying why."""

    @property
    def settings(self) -> Settings: ...

    @property
    def preparing(self) -> str | None:
        """The step of the start that is going on; None once the process has started."""

    @property
    def database(self) -> Database: ...

    @property
    def runway(self) -> RunwayClient: ...

    @property
    def journal(self) -> Journal: ...


GetParts = Callable[[], Parts]  # raises DailiesError while the process starts

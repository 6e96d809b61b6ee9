"""The flows of a process, as they were a few seconds ago at most."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from lib.domain.flow import StageReader
from lib.errors import DatabaseError
from lib.traces.flows import load_flows, with_stored

SECONDS = 10.0


@dataclass
class KeptFlows:
    """`problems` says, by key, why a flow of the database cannot be used."""

    problems: Mapping[str, str] = field(default_factory=dict)
    _reader: StageReader | None = None
    _stored: Mapping[str, Any] = field(default_factory=dict)
    _read_at: float = float("-inf")
    _lock: Lock = field(default_factory=Lock)

    def reader(self, folder: Path | None, stored: Callable[[], Mapping[str, Any]]) -> StageReader:
        """Of the shipped flows, those of `folder` and those that `stored` reads, by key. While the database
        does not answer, what was read before holds.

        Raises BadInput for a file that cannot be used, DatabaseError where nothing was read before.
        """
        with self._lock:
            if self._reader is None or time.monotonic() - self._read_at >= SECONDS:
                self._read(folder, stored)
            assert self._reader is not None
            return self._reader

    def _read(self, folder: Path | None, stored: Callable[[], Mapping[str, Any]]) -> None:
        try:
            found = stored()
        except DatabaseError:
            if self._reader is None:
                raise
            found = self._stored
        if self._reader is None or found != self._stored:
            flows, self.problems = with_stored(load_flows(folder), found)
            self._reader, self._stored = StageReader(flows), found
        self._read_at = time.monotonic()

    def forget(self) -> None:
        """What the database holds was changed by this process."""
        self._read_at = float("-inf")

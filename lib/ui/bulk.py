"""Many repairs in a row: the list is frozen before it begins, and each result is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lib.errors import DailiesError
from lib.operations.repairs import Repair


@dataclass
class Bulk:
    """One run over a frozen list. `results` holds a sentence for each video that is done."""

    repairs: Sequence[Repair]
    results: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def is_stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """Ends after the video in hand: a paid call is never broken off."""
        self._stop.set()

    def run(self, carry_out: Callable[[Repair], str]) -> None:
        for repair in self.repairs:
            if self.is_stopped:
                return
            try:
                self.results[repair.video_id] = carry_out(repair)
            except DailiesError as error:  # one video's trouble is not the others'
                self.results[repair.video_id] = str(error)
                self.failed.add(repair.video_id)

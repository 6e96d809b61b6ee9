"""What an import read, used and could not use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lib.domain.times import iso
from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import BadInput
from lib.logs.repeats import Repeats
from lib.logs.values import request_start

EXPORTED = "exported"  # the format of what other tools than Vercel's give out
OFFENCES_KEPT = 10
DEPLOYMENTS_KEPT = 1000
RECENT_REQUESTS = 1000
COUNTS = (
    *("records", "used", "repeated", "unusable"),
    *("entries", "request_summaries", "requests", "already_stored"),
)


class Offence(NamedTuple):
    """A record that could not be used."""

    line: int  # where it begins in the file, from 1
    reason: str
    excerpt: str  # redacted


@dataclass
class ImportReport:
    """Counts of one file, filled while it is read. Every record is used, repeated or unusable.

    entries and request_summaries count what the used records held: one `vercel logs --json` record is
    a request and all its messages. already_stored counts entries the database knew from earlier imports.
    deployments are those that logged: of others the file knows nothing.
    """

    format: str = ""
    has_request_ids: bool = True
    records: int = 0
    used: int = 0
    repeated: int = 0
    unusable: int = 0
    entries: int = 0
    request_summaries: int = 0
    requests: int = 0
    already_stored: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    levels: Counter[str] = field(default_factory=Counter)
    deployments: set[str] = field(default_factory=set)
    offences: list[Offence] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _seen: Repeats = field(default_factory=Repeats, repr=False)
    _recent: set[str] = field(default_factory=set, repr=False)  # their entries stand close together

    @property
    def is_whole(self) -> bool:
        """Whether something follows from lines that are not there: other tools give what they were asked for.
        `dailies.observed_until` says the same."""
        return self.format != EXPORTED

    @property
    def first_at(self) -> str | None:
        return None if self.first_ms is None else iso(self.first_ms)

    @property
    def last_at(self) -> str | None:
        return None if self.last_ms is None else iso(self.last_ms)

    def add(self, items: Sequence[LogEntry | RequestSummary]) -> None:
        """Count what some used records held: of several at once in half the time."""
        levels = [item.level for item in items if isinstance(item, LogEntry)]
        self.levels.update(levels)
        self.entries += len(levels)
        self.request_summaries += len(items) - len(levels)
        requests = {request for item in items if (request := item.request_id) is not None} - self._recent
        if len(self._recent) >= RECENT_REQUESTS:
            self._recent.clear()
        self._recent |= requests
        self.requests += self._seen.count_each(map(request_start, requests), requests).count(0)
        self._stretch([item.at_ms for item in items])
        if len(self.deployments) < DEPLOYMENTS_KEPT:
            self.deployments.update(each for item in items if (each := item.deployment_id))

    def _stretch(self, times: Sequence[int | None]) -> None:
        known = [at for at in (self.first_ms, self.last_ms, *times) if at is not None]
        self.first_ms, self.last_ms = min(known, default=None), max(known, default=None)

    def add_unusable(self, line: int, reason: str, excerpt: str) -> None:
        self.unusable += 1
        if len(self.offences) < OFFENCES_KEPT:
            self.offences.append(Offence(line, reason, excerpt))

    def refuse_if_unused(self, name: str) -> None:
        """Raise BadInput where nothing of the file `name` was used, with the reason."""
        if self.entries or self.request_summaries:
            return
        if not self.offences:
            raise BadInput(f"{name}: nothing was logged while it was captured.")
        first = self.offences[0]
        raise BadInput(
            f"{name}: nothing of it could be used ({self.format}, {self.unusable} unusable records). "
            f"Line {first.line}: {first.reason}: {first.excerpt}"
        )

    def merge(self, other: ImportReport) -> None:
        """Add the counts of another share of the same file."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._stretch([other.first_ms, other.last_ms])
        self.levels += other.levels
        self.deployments |= other.deployments
        self.offences = sorted(self.offences + other.offences)[:OFFENCES_KEPT]
        for text in other.notes:
            self.note(text)

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: the counts, without the memory behind them."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def note(self, text: str) -> None:
        """Say something about the whole file, once."""
        if text not in self.notes:
            self.notes.append(text)

    def summary(self) -> dict[str, Any]:
        """The counts as JSON values, in a fixed order."""
        return {
            "format": self.format,
            "records": self.records,
            "entries": self.entries,
            "request_summaries": self.request_summaries,
            "requests": self.requests,
            "repeated": self.repeated,
            "unusable": self.unusable,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "levels": dict(sorted(self.levels.items())),
        }

    def details(self) -> dict[str, Any]:
        """The summary, and everything people should know about this import."""
        return self.summary() | {
            "already_stored": self.already_stored,
            "deployments": sorted(self.deployments),
            "notes": self.notes,
            "offences": [offence._asdict() for offence in self.offences],
        }

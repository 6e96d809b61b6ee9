"""A seeded history as values: everything the databases will hold, and the truth the diagnosis has to find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from lib.domain.trace import LogEntry, RequestSummary
from lib.runway.simulator.schedule import StoredTask


class SeededEntry(NamedTuple):
    """`video_id` and `task_id` are the ones the message names."""

    entry: LogEntry
    video_id: str | None
    task_id: str | None


class SeededAttempt(NamedTuple):
    """`state` is the last one; the steps before it are taken on the way in."""

    id: str
    video_id: str
    number: int
    previous_id: str | None
    state: str
    operator: str
    request: Mapping[str, Any]
    credits: int
    task_id: str | None
    cause: str | None
    reason: str | None
    claimed_at: datetime
    settled_at: datetime


class SeededAudit(NamedTuple):
    at: datetime
    operator: str
    action: str
    video_id: str
    attempt_id: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    credits: int


class SeededLookUp(NamedTuple):
    """A task as Dailies saw it when it last looked."""

    task: StoredTask
    video_id: str
    checked_at: datetime


@dataclass
class History:
    videos: list[dict[str, Any]] = field(default_factory=list)
    entries: list[SeededEntry] = field(default_factory=list)
    requests: list[RequestSummary] = field(default_factory=list)
    tasks: list[StoredTask] = field(default_factory=list)
    look_ups: list[SeededLookUp] = field(default_factory=list)
    attempts: list[SeededAttempt] = field(default_factory=list)
    audit: list[SeededAudit] = field(default_factory=list)
    truth: dict[str, str] = field(default_factory=dict)  # video id -> cause

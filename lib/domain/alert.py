"""Alerts: rules as data, and what they find in what was measured."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import msgspec
from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass as validated

from lib.domain.cause import CAUSES
from lib.domain.video import parse_time


class Severity(StrEnum):
    WARNING = "warning"
    CRITICAL = "critical"


class Measure(NamedTuple):
    """Something that can be measured. `text` says it of one subject, with the fields of Breach.words."""

    title: str
    text: str
    above: bool = True  # a rule without a direction fires above its limit, else below


MEASURES: Mapping[str, Measure] = {
    "stuck_minutes": Measure("Videos are stuck", "{cases} stuck ({about}), the oldest for {duration}."),
    "success_percent": Measure(
        "The success rate is low",
        "{value:.0f}% of the {cases} videos that finished in the last {window} succeeded,"
        " less than {limit:g}%.",
        above=False,
    ),
    "new_cause_videos": Measure(
        "A new cause of trouble", "{about}: {cases} in the last {window}, and none in the seven days before."
    ),
    "credits_left": Measure(
        "Runway credits are running low",
        "{value:,.0f} credits are left, fewer than {limit:,.0f}.",
        above=False,
    ),
    "credits_spent": Measure(
        "Over budget", "{value:,.0f} credits were spent in the last {window}, more than {limit:,.0f}."
    ),
    "worker_silent_minutes": Measure("A worker has died", "{about} was last heard of {duration} ago."),
    "queue_minutes": Measure("The queue is not moving", "{cases} in the queue, the oldest for {duration}."),
    "minutes_without_sweep": Measure(
        "The sweep is not finishing", "No sweep has been completed for {duration}."
    ),
    "minutes_without_logs": Measure(
        "No logs are arriving", "Over the last {duration}, {cases} new videos and not one log entry."
    ),
    "minutes_without_videos": Measure("No new videos", "The last video was created {duration} ago."),
}


def one_of(names: Collection[str]) -> AfterValidator:
    """For a text of a model that must be one of `names`."""

    def check(value: str) -> str:
        if value not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return value

    return AfterValidator(check)


@validated(frozen=True, slots=True, config=ConfigDict(extra="forbid", strict=True))
class AlertRule:
    """Fires about each subject of its measure that is beyond `limit`.

    minutes  the measure looks back on, where it looks back
    least    cases that must stand behind a value for it to count
    """

    key: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,100}$")]
    measure: Annotated[str, one_of(MEASURES)]
    limit: Annotated[float, Field(gt=-1e12, lt=1e12)]
    minutes: Annotated[int, Field(ge=1, le=525_600)] = 60
    least: Annotated[int, Field(ge=1, le=525_600)] = 1
    severity: Severity = Severity.WARNING

    @property
    def title(self) -> str:
        return MEASURES[self.measure].title


RULES = (
    AlertRule("stuck", "stuck_minutes", 30, severity=Severity.CRITICAL),
    AlertRule("success-rate", "success_percent", 80, minutes=60, least=5, severity=Severity.CRITICAL),
    AlertRule("new-cause", "new_cause_videos", 0, minutes=60),
    AlertRule("credits-low", "credits_left", 500),
    AlertRule("budget", "credits_spent", 10_000, minutes=24 * 60),
    AlertRule("dead-worker", "worker_silent_minutes", 3, severity=Severity.CRITICAL),
    AlertRule("queue", "queue_minutes", 10),
    AlertRule("no-sweep", "minutes_without_sweep", 15),
    AlertRule("no-logs", "minutes_without_logs", 30),
    AlertRule("no-videos", "minutes_without_videos", 24 * 60),
)


class Observation(NamedTuple):
    """One value of a measure; `subject` is empty where there is only one thing to measure."""

    subject: str
    value: float
    cases: int = 1


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that fires, and about what."""

    rule: AlertRule
    subject: str
    value: float
    cases: int

    @property
    def text(self) -> str:
        return MEASURES[self.rule.measure].text.format_map(self.words)

    @property
    def words(self) -> dict[str, Any]:
        cause = CAUSES.get(self.subject)
        return {
            "value": self.value,
            "limit": self.rule.limit,
            "duration": duration(self.value),
            "window": re.sub(r"^1 (?=\w+$)", "", duration(self.rule.minutes)),
            "cases": self.cases,
            "about": cause.title if cause else self.subject,
        }

    def as_row(self) -> dict[str, Any]:
        return {
            "rule": self.rule.key,
            "subject": self.subject,
            "severity": self.rule.severity,
            "title": self.rule.title,
            "text": self.text,
            "value": self.value,
        }


def evaluate(rule: AlertRule, observations: Iterable[Observation]) -> list[Breach]:
    """What `rule` finds in the values of its measure."""
    above = MEASURES[rule.measure].above
    return [
        Breach(rule, seen.subject, seen.value, seen.cases)
        for seen in observations
        if seen.cases >= rule.least and (seen.value > rule.limit if above else seen.value < rule.limit)
    ]


def duration(minutes: float) -> str:
    """Minutes as people say them: `45 minutes`, `3 hours`, `2 days`."""
    for size, unit in ((24 * 60, "day"), (60, "hour")):
        if minutes >= 2 * size or minutes == size:
            return _count(minutes / size, unit)
    return _count(minutes, "minute")


def _count(number: float, unit: str) -> str:
    rounded = round(number)
    return f"{rounded} {unit}" + ("" if rounded == 1 else "s")


@dataclass(frozen=True, slots=True)
class Alert:
    """An incident of a rule: from when it fired until it is over."""

    id: str
    rule: str
    subject: str
    severity: Severity
    title: str
    text: str
    started_at: datetime
    ended_at: datetime | None
    silenced_until: datetime | None = None
    problem: str | None = None  # why the webhook did not take the notice, last time

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Alert:
        times = {name: parse_time(row.get(name)) for name in ("started_at", "ended_at", "silenced_until")}
        return msgspec.convert({**row, **times}, cls, strict=False)

    @property
    def is_silenced(self) -> bool:
        return self.silenced_until is not None

    @property
    def name(self) -> str:
        """What `silence` takes: the rule, and its subject where there is one."""
        return f"{self.rule}/{self.subject}" if self.subject else self.rule

"""Flows: the order in which a production app logs the stages of one video."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

_META = frozenset(".^$*+?{}[]()|\\")
_QUANTIFIERS = frozenset("*?{")


class Means(StrEnum):
    """What it says of the paid task that a stage was reached."""

    SENT = "sent"  # the request to Runway leaves right after this line
    CREATED = "created"  # Runway has answered with a task
    SAVED = "saved"  # the task's id is in the row


@dataclass(frozen=True, slots=True)
class FlowStage:
    key: str
    pattern: str
    title: str
    means: Means | None = None


@dataclass(frozen=True)
class Flow:
    """`stages` in the order in which they are logged.

    `signs` are patterns of other lines that tell this flow from those with the same first stages.
    """

    key: str
    title: str
    stages: tuple[FlowStage, ...]
    signs: tuple[str, ...] = ()

    @cached_property
    def _sign(self) -> re.Pattern[str] | None:
        return re.compile("|".join(f"(?:{sign})" for sign in self.signs)) if self.signs else None

    def is_sign(self, message: str) -> bool:
        return self._sign is not None and self._sign.search(message) is not None

    @cached_property
    def names_tasks(self) -> bool:
        """Whether patterns say where the task's id stands: elsewhere in a stage's line it is user text."""
        return any("(?P<task>" in stage.pattern for stage in self.stages)

    def first_that_means(self, means: Means) -> int | None:
        return next((i for i, stage in enumerate(self.stages) if stage.means is means), None)


class Named(NamedTuple):
    """The groups `video` and `task` of a pattern, in a message."""

    video: str | None
    task: str | None


Steps = Mapping[str, int]
_NO_STEPS: Steps = {}


class StageReader:
    """Says which stage of which flow a message is. One pattern may stand in several flows."""

    def __init__(self, flows: Iterable[Flow]) -> None:
        self.flows: Mapping[str, Flow] = {flow.key: flow for flow in flows}
        steps: dict[str, dict[str, int]] = {}
        for flow in self.flows.values():
            for i, stage in enumerate(flow.stages):
                steps.setdefault(stage.pattern, {})[flow.key] = i
        self._patterns = [
            (literal_prefix(pattern), re.compile(pattern).search, found) for pattern, found in steps.items()
        ]
        self._naming = [
            (literal_prefix(stage.pattern), re.compile(stage.pattern).search)
            for flow in self.flows.values()
            if flow.names_tasks
            for stage in flow.stages
        ]

    def read(self, message: str) -> Steps:
        """The position of the message's stage in each flow that knows it."""
        for literal, search, steps in self._patterns:
            if literal in message and search(message):
                return steps
        return _NO_STEPS

    def named(self, message: str) -> Named | None:
        """What the pattern of its stage says that the message names; None where no flow says that."""
        for literal, search in self._naming:
            if literal in message and (found := search(message)):
                groups = found.groupdict()
                return Named(groups.get("video"), groups.get("task"))
        return None


def literal_prefix(pattern: str) -> str:
    """The plain text every match of `pattern` begins with: a cheap test before the real one."""
    pattern, _, _ = pattern.removeprefix("^").partition("(?P<")
    if "|" in pattern or "(?" in pattern:
        return ""
    literal: list[str] = []
    i = 0
    while i < len(pattern):
        escaped = pattern[i] == "\\" and i + 1 < len(pattern) and not pattern[i + 1].isalnum()
        if pattern[i] in _META and not escaped:
            break
        literal.append(pattern[i + escaped])
        i += 1 + escaped
    if i < len(pattern) and pattern[i] in _QUANTIFIERS:
        literal.pop()
    return "".join(literal)

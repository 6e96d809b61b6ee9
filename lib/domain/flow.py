"""Flows: the order in which a production app logs the stages of one video."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

READ = 4096  # characters of a message that are looked at: a stage is told at its beginning
# What a logger writes before a line: times, levels, marks. Nobody else can write there.
_LEAD = (
    r"\s{0,8}(?:(?:[\d:.,TZ/+-]{4,32}|[\[(]?(?i:info|log|debug|warn(?:ing)?|error)[\])]?:?"
    r"|[^\w\s\[\]'\"`{}]{1,3}|[λƒε])\s{1,8}){0,4}"
)
_WRAPPED = "START RequestId:"  # begins the message that holds a whole request, a line each

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
        return self._sign is not None and self._sign.search(message[:READ]) is not None

    def first_that_means(self, means: Means) -> int | None:
        return next((i for i, stage in enumerate(self.stages) if stage.means is means), None)


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
            (literal_prefix(pattern), _compiled(pattern).search, found) for pattern, found in steps.items()
        ]

    def read(self, message: str) -> Steps:
        """The position of the message's stage in each flow that knows it."""
        said = message[:READ]
        lines = said.split("\n") if said.startswith(_WRAPPED) else (said,)
        for literal, search, steps in self._patterns:
            if literal in said and any(map(search, lines)):
                return steps
        return _NO_STEPS


def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern that begins with `^` may stand behind what a logger writes before a line."""
    is_anchored = pattern.startswith("^") and "|" not in pattern
    return re.compile(rf"\A{_LEAD}{pattern[1:]}" if is_anchored else pattern)


def literal_prefix(pattern: str) -> str:
    """The plain text every match of `pattern` begins with: a cheap test before the real one."""
    if "|" in pattern or "(?" in pattern:
        return ""
    literal: list[str] = []
    i = int(pattern.startswith("^"))
    while i < len(pattern):
        escaped = pattern[i] == "\\" and i + 1 < len(pattern) and not pattern[i + 1].isalnum()
        if pattern[i] in _META and not escaped:
            break
        literal.append(pattern[i + escaped])
        i += 1 + escaped
    if i < len(pattern) and pattern[i] in _QUANTIFIERS:
        literal.pop()
    return "".join(literal)

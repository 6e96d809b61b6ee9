"""Flows: the order in which a production app logs the stages of one video."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

_META = frozenset(".^$*+?{}[]()|\\")
_QUANTIFIERS = frozenset("*?{")
READ = 1_000  # characters of a message in which a stage or a sign is looked for

# What may stand before the words of the app: a wrapped request's head, a time, a level, a picture.
LEAD = re.compile(
    r"[ \t]{0,8}(?:START RequestId: [^\n]{0,200}\n|\[[A-Z]{3,7}\] /\S{0,300}(?: status=-?\d{1,3})?\s{0,4}\n"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,12}\s{1,4}"
    r"|\[(?:debug|info|log|warn(?:ing)?|error|fatal)\]:?\s{1,4}"
    r"|(?:DEBUG|INFO|LOG|WARN(?:ING)?|ERROR|FATAL):?\s{1,4}|(?:debug|info|log|warn(?:ing)?|error|fatal):\s{1,4}"
    r"|[^\w\s\[\](){}'\"`<]{1,4}\s{1,4}|[λƒε]\s{1,4}){0,6}"
)
_TAGS = re.compile(r"(?:\[[^\]\n]{1,40}\]:?\s{1,4}){1,3}")
_LABEL = re.compile(r"[A-Za-z_]{2,40}['\"]?[:=#]? ?['\"]?$")


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

    `signs` are patterns of other lines that tell this flow from those with the same first stages; `asides` of
    lines that say nothing of the call to Runway, wherever they come.
    """

    key: str
    title: str
    stages: tuple[FlowStage, ...]
    signs: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()

    @cached_property
    def _sign(self) -> re.Pattern[str] | None:
        return _any_of(self.signs)

    @cached_property
    def _aside(self) -> re.Pattern[str] | None:
        return _any_of(self.asides)

    def is_sign(self, message: str) -> bool:
        return _begins_with(self._sign, message)

    def is_aside(self, message: str) -> bool:
        return _begins_with(self._aside, message)

    @cached_property
    def names_tasks(self) -> bool:
        """Whether patterns say where the task's id stands: elsewhere in a stage's line it is user text."""
        return any("(?P<task>" in stage.pattern for stage in self.stages)

    def first_that_means(self, means: Means) -> int | None:
        return self._first.get(means)

    @cached_property
    def _first(self) -> Mapping[Means | None, int]:
        return {self.stages[i].means: i for i in reversed(range(len(self.stages)))}

    def can_name_a_task(self, position: int) -> bool:
        """Whether the task exists when the stage at `position` is logged."""
        return position >= self._there_is_a_task

    @cached_property
    def _there_is_a_task(self) -> int:
        return next((i for i, stage in enumerate(self.stages) if stage.means in _THERE_IS_A_TASK), 0)


_THERE_IS_A_TASK = (Means.CREATED, Means.SAVED)


class Named(NamedTuple):
    """What the groups `video` and `task` of a pattern hold, in a message."""

    video: str | None
    task: str | None


Steps = Mapping[str, int]
_NO_STEPS: Steps = {}


class StageReader:
    """Says which stage of which flow a message is. One pattern may stand in several flows.

    A stage is told by how a message begins, behind times and levels: further on, and in its other lines,
    stands what users wrote, who may imitate any line. A pattern without a tag is also tried behind tags.

    labels  what stands right before a video's id, such as `clip=`
    calls   what lines of the call to Runway, and of what follows, hold: each one of these
    """

    def __init__(self, flows: Iterable[Flow]) -> None:
        self.flows: Mapping[str, Flow] = {flow.key: flow for flow in flows}
        steps: dict[str, dict[str, int]] = {}
        for flow in self.flows.values():
            for i, stage in enumerate(flow.stages):
                steps.setdefault(stage.pattern, {})[flow.key] = i
        self._patterns = [
            (literal_prefix(pattern), re.compile(pattern).match, found) for pattern, found in steps.items()
        ]
        self._naming = [
            (literal_prefix(stage.pattern), re.compile(stage.pattern).match)
            for flow in self.flows.values()
            if flow.names_tasks
            for stage in flow.stages
        ]
        patterns = (stage.pattern for flow in self.flows.values() for stage in flow.stages)
        self.labels: tuple[str, ...] = tuple({label for each in patterns if (label := _label_in(each))})
        self.calls: tuple[str, ...] = tuple({literal_prefix(each) for each in self._of_the_call()})
        self._without_tag = [each for each in self._patterns if not each[0].startswith("[")]
        self._literals = tuple({literal for literal, _, _ in self._patterns})

    def _of_the_call(self) -> Iterator[str]:
        """The patterns of the call to Runway and of what follows, in each flow."""
        for flow in self.flows.values():
            sent = flow.first_that_means(Means.SENT)
            yield from (stage.pattern for stage in (flow.stages[sent:] if sent is not None else ()))

    def is_of_the_call(self, message: str) -> bool:
        """Whether it is the line of a call to Runway, or of what follows, in any flow."""
        steps = self.read(message).items()
        calls = ((self.flows[flow].first_that_means(Means.SENT), at) for flow, at in steps)
        return any(call is not None and at >= call for call, at in calls)

    def read(self, message: str) -> Steps:
        """The position of the message's stage in each flow that knows it."""
        for words, behind_a_tag in _beginnings(message):
            if not words.startswith(self._literals):  # mostly
                continue
            for literal, match, steps in self._without_tag if behind_a_tag else self._patterns:
                if words.startswith(literal) and match(words):
                    return steps
        return _NO_STEPS

    def named(self, message: str) -> Named | None:
        """What the stage's pattern says that the message names; None where its flow leaves that open."""
        for words, _ in _beginnings(message) if self._naming else ():
            for literal, match in self._naming:
                if words.startswith(literal) and (found := match(words)):
                    groups = found.groupdict()
                    return Named(groups.get("video"), groups.get("task"))
        return None


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None


def _begins_with(pattern: re.Pattern[str] | None, message: str) -> bool:
    return pattern is not None and any(pattern.match(words) for words, _ in _beginnings(message))


def _label_in(pattern: str) -> str | None:
    """What a pattern says stands right before the video's id, such as `clip=`: so it may in other lines."""
    before, named, _ = pattern.partition("(?P<video>")
    label = _LABEL.search(re.sub(r"\\(\W)", r"\1", before)) if named else None
    return label[0] if label else None


def _beginnings(message: str) -> Iterator[tuple[str, bool]]:
    """Where the app's own words may begin, and whether a tag stands before: "[worker-3] Job taken"."""
    words = message[:READ]
    yield words, False
    if (lead := LEAD.match(words)) and lead.end():
        words = words[lead.end() :]
        yield words, False
    if tags := _TAGS.match(words):
        yield words[tags.end() :], True


def literal_prefix(pattern: str) -> str:
    """The plain text every match of `pattern` begins with: a cheap test before the real one."""
    pattern, _, _ = pattern.partition("(?P<")
    if "|" in pattern or "(?" in pattern:
        return ""
    literal: list[str] = []
    i = 1 if pattern.startswith("^") else 0
    while i < len(pattern):
        escaped = pattern[i] == "\\" and i + 1 < len(pattern) and not pattern[i + 1].isalnum()
        if pattern[i] in _META and not escaped:
            break
        literal.append(pattern[i + escaped])
        i += 1 + escaped
    if i < len(pattern) and pattern[i] in _QUANTIFIERS:
        literal.pop()
    return "".join(literal)

"""Which video and which tasks a message names."""

from __future__ import annotations

import re
from typing import NamedTuple

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_TASK_ID = r"(?=[0-9a-f]{8}|[0-9A-Za-z_-]*[0-9a-f]{8})([0-9A-Za-z_-]{8,})"
_READ = 4096  # a name stands in the beginning of a message; an error's whole request may follow it

_IS = r"['\"]?\s*[:=]\s*['\"]?"
_OBJECT_WITH_ID = r"[^{\n]{0,120}:? \{\s*\"?id\"?: ['\"]"

_ANY = re.compile(_UUID)
# What a user wrote: names in it are words, not evidence. To the quote that ends it, else to the end.
_USERS = re.compile(
    r"(?<![A-Za-z])(?:(?:text|user|video|input|original|final|enhanced|full|negative)[_ ]?)?"
    r"prompt(?:[_ ]?(?:text|image))?['\"]?\s{0,4}[:=]\s{0,4}"
    r"(?:'(?:[^'\\]++|\\.)*+(?:'|\Z)|\"(?:[^\"\\]++|\\.)*+(?:\"|\Z)|`[^`]*+(?:`|\Z)|[^\s'\"`{].*+)",
    re.IGNORECASE | re.DOTALL,
)


_VIDEO, _TASK, _ANSWER = range(3)  # an answer is Runway's, printed whole
# Each begins with its snippet and is tried only where that stands: finding five short words is cheap.
_PATTERNS = (
    (
        _VIDEO,
        "ideo",
        rf"(?<=[Vv])(?<!unway .)(?<!unway_.)ideo(?:[ _]?[Ii][Dd])?['\"]?[\s:=]+['\"]?({_UUID})(?![\w-])",
    ),
    (_VIDEO, "Updated record: ", rf"Updated record: \{{\s*\"?id\"?: ['\"]({_UUID})"),
    (
        _TASK,
        "ask",
        rf"(?<=[Tt])ask(?: (?:was )?created with ID| ID| status for ID|_?[Ii]d){_IS}{_TASK_ID}",
    ),
    (
        _TASK,
        "unway",
        rf"(?:(?<=[Rr])unway (?:[Vv]ideo|[Tt]ask) ID|(?<=r)unway_?[Vv]ideo_?[Ii]d(?: for video {_UUID})?)"
        rf"{_IS}{_TASK_ID}",
    ),
    (_ANSWER, "ask status", rf"(?<=[Tt])ask status{_OBJECT_WITH_ID}{_TASK_ID}"),
    (_ANSWER, "esponse", rf"(?<=[Rr])esponse{_OBJECT_WITH_ID}{_TASK_ID}"),
)
_AT_SNIPPET = [(kind, snippet, re.compile(pattern).match) for kind, snippet, pattern in _PATTERNS]


class Names(NamedTuple):
    """Ids a message names in so many words, in order, each once."""

    videos: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


_NOTHING = Names()


def names_in(message: str) -> Names:
    """The videos and tasks that the wording of `message` calls so: other ids in it are left alone."""
    start = _told(message)
    named: set[tuple[int, int, str]] = set()
    for kind, snippet, match in _AT_SNIPPET:
        at = start.find(snippet)
        while at >= 0:
            if found := match(start, at):
                named.add((kind, found.start(1), found[1]))
            at = start.find(snippet, at + 1)
    if not named:
        return _NOTHING
    if len(named) == 1:
        ((kind, _, name),) = named
        return Names((name.lower(),)) if kind == _VIDEO else Names((), (name,))
    in_order = sorted(named)
    videos = dict.fromkeys([name.lower() for kind, _, name in in_order if kind == _VIDEO])
    tasks = dict.fromkeys([name for kind, _, name in in_order if kind != _VIDEO])
    return Names(tuple(videos), tuple(task for task in tasks if task.lower() not in videos))


def _told(message: str) -> str:
    """The beginning of `message` without the prompts that it quotes."""
    start = message[:_READ]
    return _USERS.sub("", start) if "rompt" in start or "ROMPT" in start else start


def ids_in(message: str) -> list[str]:
    """Every id that stands anywhere in the beginning of `message`."""
    return [found.lower() for found in _ANY.findall(_told(message))] if "-" in message else []

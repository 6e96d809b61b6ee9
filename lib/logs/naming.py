"""Which video and which tasks a message names."""

from __future__ import annotations

import re
from typing import NamedTuple

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_TASK_ID = r"(?=[\w-]*[0-9a-f]{8})([\w-]{8,})"
_READ = 4096  # a name stands in the beginning of a message; an error's whole request may follow it

_IS = r"['\"]?\s*[:=]\s*['\"]?"
_ID_OF_OBJECT = r"[^{\n]{0,120}:? \{\s*\"?id\"?: ['\"]"

_ANY = re.compile(_UUID)
# Each begins with plain text, which `re` finds some ten times faster than anything else.
_VIDEO = re.compile(
    r"ideo(?<=[Vv]ideo)(?<!unway [Vv]ideo)(?<!unway_[Vv]ideo)"
    rf"(?:[ _]?[Ii][Dd])?['\"]?[\s:=]+['\"]?({_UUID})(?![\w-])"
)
_RECORD = re.compile(rf"Updated record: \{{\s*\"?id\"?: ['\"]({_UUID})")
_TASK = tuple(
    (pattern[:3], re.compile(pattern + _IS + _TASK_ID))
    for pattern in (
        r"ask(?<=[Tt]ask)(?: (?:was )?created with ID| ID| status for ID|_?[Ii]d)",
        r"unway(?<=[Rr]unway) (?:[Vv]ideo|[Tt]ask) ID",
        rf"unway(?<=runway)_?[Vv]ideo_?[Ii]d(?: for video {_UUID})?",
    )
)
_ANSWER = tuple(
    (pattern[:3], re.compile(pattern + _ID_OF_OBJECT + _TASK_ID))
    for pattern in (r"ask status(?<=[Tt]ask status)", r"esponse(?<=[Rr]esponse)")
)


class Names(NamedTuple):
    """Ids a message names in so many words, in order, each once."""

    videos: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


_NOTHING = Names()


def names_in(message: str) -> Names:
    """The videos and tasks that the wording of `message` calls so: other ids in it are left alone."""
    if (
        "ideo" not in message
        and "ask" not in message
        and "esponse" not in message
        and "record" not in message
    ):
        return _NOTHING
    start = message[:_READ]
    named = _VIDEO.findall(start) if "ideo" in start else []
    if "Updated record" in start:
        named += _RECORD.findall(start)
    videos = dict.fromkeys(found.lower() for found in named)
    tasks = dict.fromkeys(_found(_TASK, start) + _found(_ANSWER, start))
    if not videos and not tasks:
        return _NOTHING
    return Names(tuple(videos), tuple(task for task in tasks if task.lower() not in videos))


def _found(patterns: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> list[str]:
    """What the patterns' group holds, in the order of the text."""
    found: list[tuple[int, str]] = []
    for literal, pattern in patterns:
        if literal in text:
            found += [(match.start(1), match[1]) for match in pattern.finditer(text)]
    return [name for _, name in sorted(found)]


def ids_in(message: str) -> list[str]:
    """Every id that stands anywhere in the beginning of `message`."""
    return [found.lower() for found in _ANY.findall(message[:_READ])] if "-" in message else []

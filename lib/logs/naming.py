"""Which video and which tasks a message names."""

from __future__ import annotations

import re
from typing import NamedTuple

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_TASK_ID = r"(?=[\w-]*[0-9a-f]{8})([\w-]{8,})"
_READ = 4096  # a name stands in the beginning of a message; an error's whole request may follow it

_ANY = re.compile(_UUID)
_VIDEO = re.compile(rf"(?<!unway )(?<!unway_)[Vv]ideo(?:[ _]?[Ii][Dd])?['\"]?[\s:=]+['\"]?({_UUID})(?![\w-])")
_RECORD = re.compile(rf"Updated record: \{{\s*\"?id\"?: ['\"]({_UUID})")
_TASK = re.compile(
    r"(?:[Tt]ask (?:was )?created with ID|[Tt]ask ID|[Tt]ask status for ID|[Tt]ask_?[Ii]d"
    rf"|[Rr]unway (?:[Vv]ideo|[Tt]ask) ID|runway_?[Vv]ideo_?[Ii]d(?: for video {_UUID})?)['\"]?\s*[:=]\s*['\"]?"
    + _TASK_ID
)
_ANSWER = re.compile(r"(?:[Rr]esponse|[Tt]ask status)[^{\n]{0,120}:? \{\s*\"?id\"?: ['\"]" + _TASK_ID)


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
    videos = dict.fromkeys(found.lower() for found in _VIDEO.findall(start) + _RECORD.findall(start))
    tasks = dict.fromkeys(_TASK.findall(start) + _ANSWER.findall(start))
    if not videos and not tasks:
        return _NOTHING
    return Names(tuple(videos), tuple(task for task in tasks if task.lower() not in videos))


def ids_in(message: str) -> list[str]:
    """Every id that stands anywhere in the beginning of `message`."""
    return [found.lower() for found in _ANY.findall(message[:_READ])] if "-" in message else []

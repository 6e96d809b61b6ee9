"""Which video and which tasks a message names."""

from __future__ import annotations

import re
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_TASK_ID = r"(?=[\w-]*[0-9a-f]{8})([\w-]{8,})"
_READ = 4096  # a name stands in the beginning of a message; an error's whole request may follow it

_IS = r"['\"]?\s*[:=]\s*['\"]?"
_OBJECT_WITH_ID = r"[^{\n]{0,120}:? \{\s*\"?id\"?: ['\"]"

_ANY = re.compile(_UUID)


_VIDEO, _TASK, _ANSWER = range(3)  # an answer is Runway's, printed whole
# Each begins with a snippet. One pass finds all snippets, and a pattern is tried only where its own stands.
_PATTERNS = (
    (
        _VIDEO,
        ("ideo",),
        rf"(?<=[Vv])(?<!unway .)(?<!unway_.)ideo(?:[ _]?[Ii][Dd])?['\"]?[\s:=]+['\"]?({_UUID})(?![\w-])",
    ),
    (_VIDEO, ("Updated record: ",), rf"Updated record: \{{\s*\"?id\"?: ['\"]({_UUID})"),
    (
        _TASK,
        ("ask",),
        rf"(?<=[Tt])ask(?: (?:was )?created with ID| ID| status for ID|_?[Ii]d){_IS}{_TASK_ID}",
    ),
    (
        _TASK,
        ("unway V", "unway v", "unway T", "unway t"),
        rf"(?<=[Rr])unway (?:[Vv]ideo|[Tt]ask) ID{_IS}{_TASK_ID}",
    ),
    (
        _TASK,
        ("unway_", "unwayV", "unwayv"),
        rf"(?<=r)unway_?[Vv]ideo_?[Ii]d(?: for video {_UUID})?{_IS}{_TASK_ID}",
    ),
    (_ANSWER, ("ask status",), rf"(?<=[Tt])ask status{_OBJECT_WITH_ID}{_TASK_ID}"),
    (_ANSWER, ("esponse",), rf"(?<=[Rr])esponse{_OBJECT_WITH_ID}{_TASK_ID}"),
)
_SNIPPETS = [snippet for _, snippets, _ in _PATTERNS for snippet in snippets]
_AT_SNIPPET = [(kind, re.compile(pattern).match) for kind, snippets, pattern in _PATTERNS for _ in snippets]
_FINDER = AhoCorasick(_SNIPPETS)


class Names(NamedTuple):
    """Ids a message names in so many words, in order, each once."""

    videos: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


_NOTHING = Names()


def names_in(message: str) -> Names:
    """The videos and tasks that the wording of `message` calls so: other ids in it are left alone."""
    start = message[:_READ]
    named: tuple[list[str], list[str], list[str]] | None = None
    for snippet, at, _ in _FINDER.find_matches_as_indexes(start, overlapping=True):
        kind, match = _AT_SNIPPET[snippet]
        if name := match(start, at):
            named = named or ([], [], [])
            named[kind].append(name[1])
    if named is None:
        return _NOTHING
    videos = dict.fromkeys([name.lower() for name in named[_VIDEO]])
    tasks = dict.fromkeys([task for task in named[_TASK] + named[_ANSWER] if task.lower() not in videos])
    return Names(tuple(videos), tuple(tasks))


def ids_in(message: str) -> list[str]:
    """Every id that stands anywhere in the beginning of `message`."""
    return [found.lower() for found in _ANY.findall(message[:_READ])] if "-" in message else []

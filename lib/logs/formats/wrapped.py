"""The older drain schema: everything one request wrote in one message, between START and REPORT."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lib.logs.values import Unusable, at_ms, level, number, path, status

_WRAPPED = re.compile(
    r"START RequestId: [^\n]*\n(?P<body>.*?)(?:^END RequestId:[^\n]*\n?)?(?P<report>^REPORT RequestId:.*)?\Z",
    re.DOTALL | re.MULTILINE,
)
_REQUEST = re.compile(r"\[(?P<method>[A-Z]+)\] (?P<path>/\S*)(?: status=(?P<status>-?\d+))?[ \r]*(?:\n|\Z)")
_DURATION = re.compile(r"(?<!Billed )Duration: ([\d.]+) ms")
_PREFIX = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT[\d:.]+Z)\t\S*\t(?P<level>[A-Z]+)\t")
_NEXT_PREFIX = re.compile(r"\n(?=\d{4}-\d\d-\d\dT[\d:.]+Z\t)")
_NEXT_MESSAGE = re.compile(r"\n(?=[^\s})\]])")  # indented lines and closing brackets go on


class Message(NamedTuple):
    text: str
    at_ms: int | None
    level: str | None


class Wrapped(NamedTuple):
    messages: list[Message]
    method: str | None
    path: str | None
    status_code: int | None
    duration_ms: int | None


def unwrap(message: str) -> Wrapped | None:
    """What a wrapped message holds; None when it is not wrapped."""
    found = _WRAPPED.match(message)
    if found is None:
        return None
    body = found["body"]
    about = _REQUEST.match(body)
    duration = _DURATION.search(found["report"] or "")
    return Wrapped(
        list(_messages(body[about.end() :] if about else body)),
        about["method"] if about else None,
        path(about["path"]) if about else None,
        status(about["status"]) if about else None,
        number(duration[1]) if duration else None,
    )


def _messages(body: str) -> Iterator[Message]:
    body = body.strip("\r\n")
    for piece in (_NEXT_PREFIX if _PREFIX.match(body) else _NEXT_MESSAGE).split(body):
        prefix = _PREFIX.match(piece)
        written = (piece[prefix.end() :] if prefix else piece).rstrip()
        if written:
            yield (
                Message(written, _time(prefix["at"]), level(prefix["level"]))
                if prefix
                else Message(written, None, None)
            )


def _time(value: str) -> int | None:
    try:
        return at_ms(value)
    except Unusable:
        return None

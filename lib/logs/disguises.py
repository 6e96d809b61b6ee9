"""Seeing through what secrets are wrapped in: escapes of JSON and of URLs, colours, and line breaks.

A view is the text with one layer undone. Where something stands in a view, `origin` says where in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

LAYERS = 4  # JSON inside JSON inside a URL, and one for luck

_HEX = "[0-9A-Fa-f]"
_OF_SEQUENCE = r"(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\))"
SEQUENCE = rf"\x1b{_OF_SEQUENCE}"  # how a terminal is told of colours, of lines to be erased, of links
_ESCAPE = re.compile(  # from a set of letters, which are found quickly
    rf"[\\%&\x1b](?:(?<=\x1b){_OF_SEQUENCE}|(?<=\\)(?:[\"'`\\/nrtbf]|u{_HEX}{{4}}|x{_HEX}{{2}})|(?<=%)[0-7]{_HEX}"
    rf"|(?<=%)[89A-Fa-f]{_HEX}(?:%[89A-Fa-f]{_HEX})*|(?<=&)(?:quot|amp|lt|gt|\#39|\#x27|\#34);)"
)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ENTITIES = {"&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#39;": "'", "&#x27;": "'", "&#34;": '"'}

_INSIDE = r"[\w+/=.~%@-]"  # what tokens are made of
_BREAK = re.compile(  # also as Node prints text of several lines: 'one\n' +\n  'two'; not in a stack
    rf"\n(?:(?<={_INSIDE}\n)|(?<={_INSIDE}\r\n)|(?<={_INSIDE}\\\n)|(?<={_HEX}:\n))"
    rf"(?:[\"'`] \+\n[ \t]{{0,40}}[\"'`]|[ \t]{{0,40}})(?={_INSIDE}|\) ?\d)(?!at )"
)
may_be_broken = _BREAK.search


def has_escapes(text: str) -> bool:
    """Whether `text` may have any. Quick: most have none."""
    return "\\" in text or "%" in text or "&" in text or "\x1b" in text


class Unwrapped:
    """`text`, made of another by replacing pieces of it."""

    def __init__(
        self, pieces: Iterable[tuple[int, int, str]], source: str, below: Unwrapped | None = None
    ) -> None:
        """`pieces` of `source`: start, end, and what stands there now."""
        self._below = below
        self._starts, self._places = [0], [0]  # of `text`, and where in `source` that is
        parts, done, length = list[str](), 0, 0
        for start, end, written in pieces:
            parts += (source[done:start], written)
            length += start - done
            if written:
                self._starts.append(length)
                self._places.append(start)
                length += len(written)
            self._starts.append(length)
            self._places.append(end)
            done = end
        self.text = "".join((*parts, source[done:]))

    def origin(self, position: int) -> int:
        """The place in the first text from which `position` comes."""
        at = bisect_right(self._starts, position) - 1
        place = self._places[at] + position - self._starts[at]
        return self._below.origin(place) if self._below else place

    def pieces(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where `start` to `end` is in the source, divided by what was left out."""
        first, last = bisect_right(self._starts, start) - 1, bisect_left(self._starts, end)
        found = []
        for at in range(first, last):
            begins = max(self._starts[at], start)
            ends = end if at == last - 1 else self._starts[at + 1]
            if begins < ends:
                place = self._places[at] + begins - self._starts[at]
                found.append((place, place + ends - begins))
        return found


def unescaped(text: str) -> Iterator[Unwrapped]:
    """The text with one layer of escapes undone, with two, and so on."""
    view: Unwrapped | None = None
    for _ in range(LAYERS):
        if not (has_escapes(text) and _ESCAPE.search(text)):
            return
        view = Unwrapped(_escapes(text), text, view)
        text = view.text
        yield view


def unbroken(view: Unwrapped) -> Unwrapped | None:
    """A view on the text of `view` without line breaks that may have cut a token in two, if it has any."""
    return Unwrapped(_breaks(view.text), view.text) if _BREAK.search(view.text) else None


def _escapes(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _ESCAPE.finditer(text):
        yield *found.span(), _plain(found[0])


def _plain(escape: str) -> str:
    if escape[0] == "\x1b":
        return ""
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode(errors="replace")
    if escape[0] == "&":
        return _ENTITIES[escape.lower()]
    if len(escape) > 2:
        return chr(int(escape[2:], 16))
    return _LETTERS.get(escape[1], escape[1])


def _breaks(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _BREAK.finditer(text):
        start, end = found.span()
        yield start - (text[start - 1] in "\r\\"), end, ""

"""Cutting a stream of bytes into lines, and JSON text into objects, in bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from msgspec import DecodeError
from msgspec.json import Decoder
from orjson import JSONDecodeError, loads

LONGEST_RECORD = 8 << 20
RESCANS = 4
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+([{}\[\]])', re.DOTALL)
_BETWEEN_OBJECTS = re.compile(rb"\}[\s,\]\[]+(?=\{)")


Line = tuple[int, bytes]
Piece = tuple[int, bytes, Any]  # line it begins on (from 1), its bytes, what was made of it (or None)


def lines(chunks: Iterator[bytes]) -> Iterator[Line]:
    """Lines without their ends. One beyond LONGEST_RECORD is cut there."""
    rest = b""
    number = 0
    for chunk in chunks:
        parts = (rest + chunk).split(b"\n")
        rest = parts.pop()
        for line in parts:
            number += 1
            yield number, line
        if len(rest) > LONGEST_RECORD:
            yield number + 1, rest
            rest = b""
    if rest.strip():
        yield number + 1, rest


def json_lines(
    chunks: Iterator[bytes], shape: type[Any] = dict, keep: Callable[[bytes], bool] | None = None
) -> Iterator[Piece]:
    """One JSON object a line, or several: an array (a delivery) or `rows` (a page of an API).

    `shape` is a TypedDict of the fields to read; making nothing of the others saves half the time. What does
    not fit it is read whole. `keep` says which lines to read at all.
    """
    decode = Decoder(shape).decode
    for number, raw in lines(chunks):
        if keep and not keep(raw):
            continue
        try:
            value = decode(raw)
        except (DecodeError, UnicodeDecodeError):
            value = parse_json(raw)
        if type(value) is dict and "rows" not in value:
            yield number, raw, value
        else:
            yield from _several(number, raw, value)


def blocks(chunks: Iterator[bytes], start: re.Pattern[str]) -> Iterator[Piece]:
    """Lines that match `start`, each with the lines below it that do not."""
    first, block, size = 1, list[str](), 0
    for number, raw in lines(chunks):
        line = raw.decode(errors="replace").rstrip("\r")
        if block and (start.match(line) or size > LONGEST_RECORD):
            yield first, b"", "\n".join(block)
            block.clear()
        if not block:
            first, size = number, 0
        block.append(line)
        size += len(line)
    if block:
        yield first, b"", "\n".join(block)


def json_objects(chunks: Iterator[bytes]) -> Iterator[Piece]:
    """The JSON objects that stand alone or in top-level arrays, however they are laid out."""
    scan = _ObjectScan()
    for chunk in chunks:
        for piece in scan.feed(chunk):
            yield from _several(*piece)
    yield from scan.end()


def _several(line: int, raw: bytes, value: Any) -> Iterator[Piece]:
    """The objects of an array or of `rows`; anything but an object has no value."""
    found = value.get("rows", value) if isinstance(value, dict) else value
    if isinstance(found, list):
        yield from ((line, raw, item if isinstance(item, dict) else None) for item in found)
    elif raw.strip():
        yield line, raw, found if isinstance(found, dict) else None


def parse_json(raw: bytes) -> Any:
    """The value of JSON text, None for anything else. Takes half surrogates, which cut messages contain."""
    with suppress(JSONDecodeError):
        return loads(raw)
    try:
        return json.loads(raw.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None


class _ObjectScan:
    """Finds objects by their brackets. A damaged object costs itself, not those behind it."""

    def __init__(self) -> None:
        self._buffer = b""
        self._line = 1  # at `_counted`
        self._counted = 0
        self._depth = 0
        self._start = 0  # of the object, or of what is between two objects
        self._position = 0
        self._budget = LONGEST_RECORD  # bytes that may be looked at again, so that damage costs no more

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        self._buffer += chunk
        self._budget += RESCANS * len(chunk)
        while bracket := _TO_BRACKET.match(self._buffer, self._position):
            self._position = bracket.end()
            if bracket[1] in b"{[":
                if self._depth:
                    self._depth += 1
                elif bracket[1] == b"{":
                    yield from self._between(bracket.end() - 1)
                    self._depth = 1
            elif self._depth:
                self._depth -= 1
                if not self._depth:
                    yield self._piece(self._position)
        if len(self._buffer) - self._start > LONGEST_RECORD:
            yield from self._give_up()
        self._forget(self._start)

    def end(self) -> Iterator[Piece]:
        while self._depth:
            yield from self._give_up()
            yield from self.feed(b"")
        yield from self._between(len(self._buffer))

    def _piece(self, end: int) -> Piece:
        """The object that ends at `end`; when it is damaged, as much of it as surely is."""
        raw = self._buffer[self._start : end]
        value = parse_json(raw)
        if value is None and self._budget > 0 and (boundary := _BETWEEN_OBJECTS.search(raw)):
            self._budget -= len(raw)
            raw = raw[: boundary.start() + 1]
        line = self._line_at(self._start)
        self._start += len(raw)
        self._position, self._depth = self._start, 0
        return line, raw, value

    def _give_up(self) -> Iterator[Piece]:
        """Take what has not ended as damaged."""
        if self._depth:
            yield self._piece(len(self._buffer))
        else:
            yield from self._between(len(self._buffer))

    def _between(self, end: int) -> Iterator[Piece]:
        """What stands between two objects where only commas and brackets belong."""
        raw = self._buffer[self._start : end].strip(b" \t\r\n,[]")
        if raw:
            yield self._line_at(self._start), raw, None
        self._start = end
        self._position = max(self._position, end)

    def _line_at(self, position: int) -> int:
        self._line += self._buffer.count(b"\n", self._counted, position)
        self._counted = position
        return self._line

    def _forget(self, end: int) -> None:
        self._line_at(end)
        self._buffer = self._buffer[end:]
        self._counted = 0
        self._position -= end
        self._start -= end

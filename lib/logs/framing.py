"""Cutting a stream of bytes into lines, and JSON text into objects, in bounded memory."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from msgspec import DecodeError, Struct
from msgspec.json import Decoder
from orjson import JSONDecodeError, loads

LONGEST_RECORD = 8 << 20
RESCANS = 4
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+([{}\[\]])', re.DOTALL)
_BETWEEN_OBJECTS = re.compile(rb"\}[\s,\]\[]+(?=\{)")


Line = tuple[int, bytes]
Piece = tuple[int, bytes, Any]  # line it begins on (from 1), its bytes, what was made of it (or None)


def whole_lines(chunks: Iterator[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """The stream in pieces that end with lines: number of the first line (from 1), how many end, bytes.

    A line beyond LONGEST_RECORD is cut there.
    """
    number, rest = 1, b""
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end:
            ends = chunk.count(b"\n")
            yield number, ends, rest + chunk[:end]
            number += ends
        rest = chunk[end:] if end else rest + chunk
        if len(rest) > LONGEST_RECORD:
            yield number, 0, rest
            rest = b""
    if rest.strip():
        yield number, 0, rest


def lines(chunks: Iterator[bytes]) -> Iterator[Line]:
    """Lines without their ends."""
    for first, _, block in whole_lines(chunks):
        yield from enumerate(block.removesuffix(b"\n").split(b"\n"), first)


def json_lines(chunks: Iterator[bytes], shape: type[Struct] | None = None) -> Iterator[Piece]:
    """One JSON object a line, or several: an array (a delivery) or `rows` (a page of an API).

    `shape` has the fields to read. Many lines that all fit it are read at once, in a third of the time; each
    of others is read whole, as a dict.
    """
    decode = Decoder(shape).decode_lines if shape else None
    for first, ends, block in whole_lines(chunks):
        values: list[Any] = []
        with suppress(DecodeError, UnicodeDecodeError):
            values = decode(block) if decode else []
        if values and len(values) == ends:
            yield from zip(itertools.count(first), itertools.repeat(b""), values)
        else:
            for number, raw in enumerate(block.removesuffix(b"\n").split(b"\n"), first):
                yield from _several(number, raw, parse_json(raw))


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

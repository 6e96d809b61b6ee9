"""Cutting a stream of bytes into lines, and JSON text into objects, in bounded memory."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from msgspec import DecodeError, Struct
from msgspec.json import Decoder
from orjson import JSONDecodeError, loads

LONGEST_RECORD = 128 << 20  # a request of 256 lines of 256 KB, as Vercel allows, with room for JSON's escapes
MOST_BRACKETS = 200_000  # that open in a first record; one of 256 lines has 257
RESCANS = 4
RESCANNED_AT_LEAST = 8 << 20
_TO_MARK = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)  # a bracket or an open string
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_OBJECT = re.compile(rb'\{(?=\s*["}])')
_BETWEEN_OBJECTS = re.compile(rb"\}[\s,\]\[]+(?=\{)")

_OF_A_RECORD = ("time", "timestamp", "ts", "message", "msg", "event")  # which may hold a list itself

Line = tuple[int, bytes]
Piece = tuple[int, bytes, Any]  # line it begins on (from 1), its bytes, what was made of it (or None)


def whole_lines(chunks: Iterator[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """The stream in pieces that end with lines: number of the first line (from 1), how many end, bytes.

    A line beyond LONGEST_RECORD is cut there.
    """
    number, rest, size = 1, list[bytes](), 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end:
            ends = chunk.count(b"\n")
            yield number, ends, b"".join([*rest, chunk[:end]])
            number += ends
            rest, size = [], 0
        if end < len(chunk):
            rest.append(chunk[end:])
            size += len(chunk) - end
        if size > LONGEST_RECORD:
            yield number, 0, b"".join(rest)
            rest, size = [], 0
    if (last := b"".join(rest)).strip():
        yield number, 0, last


def lines(chunks: Iterator[bytes]) -> Iterator[Line]:
    """Lines without their ends."""
    for first, _, block in whole_lines(chunks):
        yield from enumerate(block.removesuffix(b"\n").split(b"\n"), first)


def json_lines(chunks: Iterator[bytes], shape: type[Struct] | None = None) -> Iterator[list[Piece]]:
    """One JSON object a line, or several: an array (a delivery) or `rows` (a page of an API).

    `shape` has the fields to read. Many lines that all fit it are read at once, in a third of the time; each
    of others is read whole, as a dict.
    """
    decode = Decoder(shape).decode_lines if shape else None
    for first, ends, block in whole_lines(chunks):
        values: list[Any] = []
        with suppress(DecodeError, UnicodeDecodeError, RecursionError):
            values = decode(block) if decode else []
        if values and len(values) == ends:
            yield list(zip(itertools.count(first), itertools.repeat(b""), values))
        else:
            pieces = list[Piece]()
            for number, raw in enumerate(block.removesuffix(b"\n").split(b"\n"), first):
                value = parse_json(raw)
                if value is None and (start := raw.find(b'{"')) > 0:  # behind what a terminal has left
                    value = parse_json(raw[start:])
                pieces += _several(number, raw, value)
            yield pieces


def blocks(
    chunks: Iterator[bytes],
    start: Callable[[str], object],
    record: Callable[[str], dict[str, Any] | None],
) -> Iterator[Piece]:
    """Lines for which `start` is true, each with the lines below it for which it is not.

    A line that `record` finds an object in stands for itself, as that object; lines below it stand alone.
    """
    first, block, size = 1, list[str](), 0
    for number, raw in lines(chunks):
        line = raw.decode(errors="replace").rstrip("\r")
        found = record(line) if line.startswith('{"') else None
        if block and (found is not None or size > LONGEST_RECORD or start(line)):
            yield first, b"", "\n".join(block)
            block.clear()
        if found is not None:
            yield number, raw, found
            continue
        if not block:
            if not line.strip():
                continue
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
    for piece in scan.end():
        yield from _several(*piece)


def first_objects(head: bytes, most: int) -> tuple[list[dict[str, Any]], bool]:
    """The first objects of the beginning of a file, and whether one has begun that may end behind it."""
    scan = _ObjectScan()
    pieces = itertools.chain.from_iterable(_several(*piece) for piece in scan.feed(head))
    found = [value for _, _, value in itertools.islice(pieces, most) if value is not None]
    return found, scan.is_inside and scan.brackets <= MOST_BRACKETS


def _several(line: int, raw: bytes, value: Any) -> Iterator[Piece]:
    """The objects of an array, or of a page of an API; anything but an object has no value."""
    found = value.get("rows", value) if isinstance(value, dict) else value
    if isinstance(found, dict) and found.keys().isdisjoint(_OF_A_RECORD):
        found = next((found[name] for name in ("events", "data") if type(found.get(name)) is list), found)
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
    """Finds objects by their brackets. A damaged object costs itself, not those behind it.

    What is between two objects is passed over up to where one can begin: quotes in prose mean nothing.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._line = 1  # at `_counted`
        self._counted = 0
        self._depth = 0
        self._start = 0  # of the object, or of what is between two objects
        self._position = 0
        self._in_string = False  # at `_position`, of an object whose end has not come yet
        self._budget = RESCANNED_AT_LEAST  # bytes that may be looked at again, so that damage costs no more

        self.brackets = 0  # of the object so far

    @property
    def is_inside(self) -> bool:
        """Whether an object has begun and not ended."""
        return self._depth > 0

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        self._buffer += chunk
        self._budget += RESCANS * len(chunk)
        while bracket := self._next_bracket():
            if bracket in b"{[":
                if not self._depth:
                    yield from self._between(self._position - 1)
                    self.brackets = 0
                self._depth += 1
                self.brackets += 1
            else:
                self._depth -= 1
                if not self._depth:
                    yield self._piece(self._position)
        if len(self._buffer) - self._start > LONGEST_RECORD:
            yield from self._give_up()
        self._line_at(self._start)
        del self._buffer[: self._start]
        self._position -= self._start
        self._counted = self._start = 0

    def end(self) -> Iterator[Piece]:
        while self._depth:
            yield from self._give_up()
            yield from self.feed(b"")
        yield from self._between(len(self._buffer))

    def _next_bracket(self) -> bytes:
        """The next bracket that counts, with the position behind it; nothing when it is still to come."""
        if not self._depth:
            if begins := _OBJECT.search(self._buffer, self._position):
                self._position = begins.start() + 1
                return b"{"
            last = self._buffer.rfind(b"{", self._position)
            may_begin = last >= 0 and not self._buffer[last + 1 :].strip()
            self._position = last if may_begin else len(self._buffer)
            return b""
        while True:
            pattern = _IN_STRING if self._in_string else _TO_MARK
            found = pattern.match(self._buffer, self._position)
            assert found is not None  # both match nothing, too
            self._position = found.end()
            mark = self._buffer[self._position : self._position + 1]
            if not mark or mark == b"\\":  # a backslash at the very end: what it stands before is to come
                return b""
            self._position += 1
            if mark != b'"':
                return bytes(mark)
            self._in_string = not self._in_string

    def _piece(self, end: int) -> Piece:
        """The object that ends at `end`; when it is damaged, as much of it as surely is."""
        raw = bytes(self._buffer[self._start : end])
        value = parse_json(raw)
        if value is None and self._budget > 0 and (boundary := _BETWEEN_OBJECTS.search(raw)):
            self._budget -= len(raw)
            raw = raw[: boundary.start() + 1]
        line = self._line_at(self._start)
        self._start += len(raw)
        self._position, self._depth, self._in_string = self._start, 0, False
        return line, raw, value

    def _give_up(self) -> Iterator[Piece]:
        """Take what has not ended as damaged."""
        if self._depth:
            yield self._piece(len(self._buffer))
        else:
            yield from self._between(len(self._buffer))

    def _between(self, end: int) -> Iterator[Piece]:
        """What stands between two objects where only commas and brackets belong."""
        raw = bytes(self._buffer[self._start : end]).strip(b" \t\r\n,[]")
        if raw:
            yield self._line_at(self._start), raw, None
        self._start = end
        self._position = max(self._position, end)

    def _line_at(self, position: int) -> int:
        self._line += self._buffer.count(b"\n", self._counted, position)
        self._counted = position
        return self._line

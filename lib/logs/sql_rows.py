"""Rows out of INSERT statements, as table editors and `pg_dump --inserts` write them."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any

INSTEAD = "Export the table as CSV (or JSON) instead and name that file."
_NAME = r'(?:"[^"]{1,63}"|\w{1,63})'
_COMMENT = re.compile(r"(?:\s++|--[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)*+")
_INSERT = re.compile(
    rf"INSERT\s+INTO\s+(?:ONLY\s+)?(?P<table>{_NAME}(?:\s*\.\s*{_NAME})?)\s*\((?P<columns>[^()]*)\)\s*"
    r"(?:OVERRIDING\s+\w+\s+VALUE\s*)?VALUES\b",
    re.I,
)
_OTHER = re.compile(r"(?!COPY\b)\w(?:[^;'\"$]++|'(?:[^']++|'')*+'|\"[^\"]*+\"|\$(?!\$))*+;", re.I)
_CAST = r"(?:\s*::\s*[\w.\"]+(?: \w+){0,3}(?:\(\d+(?:, ?\d+)?\))?(?:\[\])?)*"
_VALUE = re.compile(
    r"(?:[Ee]'(?P<escaped>(?:[^'\\]++|\\.|'')*+)'|'(?P<text>(?:[^']++|'')*+)'"
    rf"|(?P<word>null|true|false)\b|(?P<number>-?\d[\d.]*(?:[eE][+-]?\d+)?)){_CAST}",
    re.I | re.S,
)
_TAIL = re.compile(r"(?:ON\s+CONFLICT(?:[^;']++|'(?:[^']++|'')*+')*+)?;?", re.I)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_WORDS = {"null": None, "true": True, "false": False}


def sql_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row with the line it begins on. Statements that insert nothing are passed over.

    Raises ValueError naming the line where something cannot be read, or a second table begins.
    """
    at, table = _skip(text, 0), None
    lines = _Lines(text)
    while at < len(text):
        if insert := _INSERT.match(text, at):
            if table not in (None, insert["table"]):
                raise ValueError(
                    f"{lines.at(at)}: rows of two tables, {table} and {insert['table']}. {INSTEAD}"
                )
            table = insert["table"]
            columns = [name.strip().strip('"') for name in insert["columns"].split(",")]
            at = yield from _tuples(text, insert.end(), columns, lines)
        elif (other := _OTHER.match(text, at)) and text[at : at + 6].upper() != "INSERT":
            at = other.end()
        else:
            raise ValueError(f"{lines.at(at)}: SQL that cannot be read. {INSTEAD}")
        at = _skip(text, at)
    if table is None:
        raise ValueError(f"SQL that inserts no rows. {INSTEAD}")


class _Lines:
    """Line numbers of positions that only grow, counted once."""

    def __init__(self, text: str) -> None:
        self._text, self._counted, self.number = text, 0, 1

    def at(self, position: int) -> str:
        self.number += self._text.count("\n", self._counted, position)
        self._counted = position
        return f"line {self.number}"


def _tuples(
    text: str, at: int, columns: list[str], lines: _Lines
) -> Generator[tuple[int, dict[str, Any]], None, int]:
    """The tuples behind VALUES; returns where the statement ends."""
    while True:
        at = _skip(text, at)
        where = lines.at(at)
        values, at = _tuple(text, at, where)
        if len(values) != len(columns):
            raise ValueError(f"{where}: {len(values)} values for {len(columns)} columns")
        yield lines.number, dict(zip(columns, values, strict=True))
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at += 1
    tail = _TAIL.match(text, at)
    return tail.end() if tail else at


def _tuple(text: str, at: int, where: str) -> tuple[list[Any], int]:
    values: list[Any] = []
    ends = "("
    while text[at : at + 1] in ("(", ",") and text[at] in ends:
        ends = ",)"
        found = _VALUE.match(text, _skip(text, at + 1))
        if found is None:
            raise ValueError(f"{where}: a value that is no text, number, true, false or null. {INSTEAD}")
        values.append(_value(found))
        at = _skip(text, found.end())
    if text[at : at + 1] != ")":
        raise ValueError(f"{where}: the list of values is cut off or damaged. {INSTEAD}")
    return values, at + 1


def _value(found: re.Match[str]) -> Any:
    if found["word"]:
        return _WORDS[found["word"].lower()]
    if found["number"]:
        return int(found["number"]) if found["number"].lstrip("-").isdigit() else float(found["number"])
    if found["escaped"] is not None:
        text = re.sub(r"\\(.)", lambda each: _ESCAPES.get(each[1], each[1]), found["escaped"], flags=re.S)
    else:
        text = found["text"]
    return text.replace("''", "'")


def _skip(text: str, at: int) -> int:
    passed = _COMMENT.match(text, at)
    return passed.end() if passed else at

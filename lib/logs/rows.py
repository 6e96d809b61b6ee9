"""Rows of a table as people export them: JSON in any of its shapes, CSV, a printed table or a dump, in any
encoding."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lib.errors import BadInput
from lib.logs.framing import LONGEST_RECORD
from lib.logs.report import ImportReport
from lib.logs.source import utf8_chunks
from lib.logs.sql_rows import sql_rows

Row = Mapping[str, Any]

_WRAPPERS = ("data", "rows", "videos", "tasks", "items", "results", "result")
_SQL = re.compile(
    r"(?:\s++|--[^\n]*\n|/\*(?:[^*]++|\*(?!/))*+\*/;?|\\\w[^\n]*\n)*+"
    r"(?:INSERT\s|REPLACE\s+INTO\b|COPY\s|SET |USE |PRAGMA\s+\w+\s*=|START\s+TRANSACTION\b|BEGIN\b[\w ]*+;\s"
    r"|(?:CREATE|DROP|LOCK|ALTER)\s+(?:TABLES?|EXTENSION|FUNCTION|SCHEMA|TYPE)\b)",
    re.I,
)
csv.field_size_limit(LONGEST_RECORD)
_DELIMITERS = ",;\t|"
# How databases, editors of tables, Python, pandas and Ruby write that there is nothing, in small letters.
_NULLS = frozenset({"", "null", "\\n", "(null)", "<null>", "[null]", "none", "nil", "nan", "nat"})
# The first line of a file for Excel.
_SEPARATOR = re.compile(r"\"?sep=([,;\t|])\"?[,;\t|]*\r?\n", re.I)
# Below the head of a printed table; MySQL's has one above it, too.
_RULE = re.compile(r"(?<=\n)[+-]-{1,1000}(?:\+-{1,1000}){1,200}\+?\r?\n")
LONGEST_HEAD = 1 << 16
_DEEPEST = 4  # arrays within arrays
_JSON = json.JSONDecoder(parse_constant=lambda _: None)  # pandas writes NaN where there is nothing


class Numbered(NamedTuple):
    """A row and the line of the file that it begins on."""

    line: int
    row: Row


def read_rows(path: Path) -> list[Row]:
    """Every row of the file, in its order. Raises BadInput naming the file, the line and what is wrong."""
    return [row for _, row in numbered_rows(path)]


def numbered_rows(path: Path) -> list[Numbered]:
    """`read_rows`, each with its line."""
    try:
        with path.open("rb") as file:
            text = b"".join(utf8_chunks(file, ImportReport())).decode(errors="replace")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    try:
        if _SQL.match(text):
            return [
                Numbered(line, {name: _parsed(v) for name, v in row.items()}) for line, row in sql_rows(text)
            ]
        if text.lstrip()[:1] in ("[", "{"):
            return list(_of_json(text))
        if rule := _RULE.search(text[:LONGEST_HEAD]):
            return list(_of_printed(text, rule))
        return list(_of_csv(text))
    except ValueError as error:
        raise BadInput(f"{path}: {error}") from error


def _of_json(text: str) -> Iterator[Numbered]:
    """Arrays, objects, wrapped arrays, one after another, with or without line breaks between them."""
    decode, at, open_arrays, line, counted = _JSON.raw_decode, 0, 0, 1, 0
    while at < len(text):
        if text[at] in "[]":
            open_arrays += 1 if text[at] == "[" else -1
            if not 0 <= open_arrays <= _DEEPEST:
                raise ValueError(
                    f"line {line}: {'nested too deeply' if open_arrays > 0 else 'an array ends twice'}"
                )
        elif not (text[at].isspace() or text[at] == ","):
            line, counted = line + text.count("\n", counted, at), at
            try:
                value, at = decode(text, at)
            except json.JSONDecodeError as error:
                raise ValueError(f"line {error.lineno} is not JSON: {error.msg}") from error
            except RecursionError as error:
                raise ValueError(f"line {line}: nested too deeply to be a row") from error
            yield from (Numbered(line, row) for row in _rows_in(value, line))
            continue
        at += 1
    if open_arrays:
        raise ValueError(f"line {line + text.count(chr(10), counted)}: cut off in the middle of an array")


def _rows_in(value: Any, line: int) -> Iterator[Row]:
    """The object itself, or the objects that it wraps: `{"data": […]}`, or psql's `{"json_agg": […]}`."""
    value = _by_column(value) or value
    if isinstance(value, dict) and "id" not in value:
        names = value if len(value) == 1 else _WRAPPERS
        wrapped = next((value[name] for name in names if isinstance(value.get(name), list)), None)
        value = value if wrapped is None else wrapped
    for row in value if isinstance(value, list) else [value]:
        if not isinstance(row, dict):
            kind = type(row).__name__
            raise ValueError(f"line {line}: expected objects, one a row, and found {kind}")
        yield from _rows_in(row, line) if len(row) == 1 and "id" not in row else [row]


def _by_column(value: Any) -> list[Row] | None:
    """The rows of what pandas writes: `{"columns": […], "data": [[…]]}`, or by column `{"id": {"0": …}}`."""
    if not isinstance(value, dict):
        return None
    names, data = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(data, list):
        if not all(isinstance(row, list) and len(row) == len(names) for row in data):
            raise ValueError(f"`data` has a row that is not of as many values as `columns`, {len(names)}")
        return [dict(zip(map(str, names), row, strict=True)) for row in data]
    columns = list(value.values())
    if not all(isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns):
        return None
    places = columns[0] if columns else ()
    if len(columns) < 2 or not all(map(str.isdecimal, places)):
        return None
    return [{name: column[place] for name, column in value.items()} for place in places]


def _of_printed(text: str, rule: re.Match[str]) -> Iterator[Numbered]:
    """The table that psql or MySQL prints: a head, `rule` below it, and cells between bars. A `+` in the last
    place of a column says that its cell goes on in the next line."""
    head = text[: rule.start()].rstrip("\n").rpartition("\n")[2]
    names = [name.strip() for name in _cells(head)]
    widths = [len(dashes) for dashes in rule[0].strip().strip("+").split("+")]
    row, first = [""] * len(names), text.count("\n", 0, rule.end()) + 1
    if len(widths) != len(names):
        raise ValueError(f"line {first - 2}: the head has not as many cells as the rule below it")
    begun, ended = first, 0
    for number, printed in enumerate(text[rule.end() :].split("\n"), first):
        if "|" not in printed:  # the rule at the end, how many rows there were
            if printed.startswith(" ") and printed.strip():
                raise ValueError(f"line {number}: a row that is cut off")
            ended = ended or number
            continue
        if ended:
            raise ValueError(f"line {ended}: the table ends, and in line {number} there is more")
        if head.startswith("|") and not (printed.startswith("|") and printed.rstrip().endswith("|")):
            raise ValueError(f"line {number}: a row that is cut off, or has a text of several lines")
        cells = _cells(printed)
        if len(cells) != len(names):
            raise ValueError(f"line {number}: it has not as many cells as the head")
        goes_on = [
            cell.endswith("+") and _width(cell) >= width for cell, width in zip(cells, widths, strict=True)
        ]
        told = (cell[:-1] if more else cell for cell, more in zip(cells, goes_on, strict=True))
        row = [before + cell.strip() for before, cell in zip(row, told, strict=True)]
        if any(goes_on):
            row = [part + "\n" * more for part, more in zip(row, goes_on, strict=True)]
            continue
        yield Numbered(begun, {name: _cell(cell) for name, cell in zip(names, row, strict=True)})
        row, begun = [""] * len(names), number + 1
    if any(row):
        raise ValueError(f"line {begun}: a row that is cut off")


def _width(cell: str) -> int:
    """The columns of a terminal that it takes: letters of Chinese and pictures take two."""
    return len(cell) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in cell)


def _cells(printed: str) -> list[str]:
    printed = printed.removesuffix("\r")
    return (printed.strip()[1:-1] if printed.startswith("|") else printed).split("|")


def _of_csv(text: str) -> Iterator[Numbered]:
    told = _SEPARATOR.match(text)
    text = text[told.end() :] if told else text
    header = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = told[1] if told and told[1] in header else max(_DELIMITERS, key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    if len(reader.fieldnames or ()) < 2:
        raise ValueError("expected rows as JSON or CSV, with the names of the columns in the first line")
    before = 2 if told else 1
    line = reader.line_num + before
    try:
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(f"line {line}: it has not as many cells as the header")
            yield Numbered(line, {name.strip(): _cell(cell) for name, cell in row.items()})
            line = reader.line_num + before
    except csv.Error as error:
        raise ValueError(f"line {line}: {error}") from error


def _cell(text: str) -> Any:
    return None if len(text) < 9 and text.strip().lower() in _NULLS else _parsed(text)


def _parsed(value: Any) -> Any:
    """JSON columns hold JSON."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _JSON.decode(value)
        except (ValueError, RecursionError):
            return value
    return value

"""Rows of a table as people export them: JSON in any of its shapes, JSON lines, or CSV, in any encoding."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lib.errors import BadInput
from lib.logs.report import ImportReport
from lib.logs.source import utf8_chunks

Row = Mapping[str, Any]

_WRAPPERS = ("data", "rows", "videos", "tasks", "items", "results", "result")
_SQL = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:INSERT\s+INTO|COPY|CREATE\s+TABLE|BEGIN)\b", re.I)
_DELIMITERS = ",;\t|"


def read_rows(path: Path) -> list[Row]:
    """Every row of the file, in its order. Raises BadInput naming the file, the line and what is wrong."""
    try:
        with path.open("rb") as file:
            text = b"".join(utf8_chunks(file, ImportReport())).decode(errors="replace")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    if _SQL.match(text):
        raise BadInput(f"{path} is SQL. Export the table as CSV (or JSON) instead and name that file.")
    try:
        if text.lstrip()[:1] in ("[", "{"):
            return list(_of_json(text))
        return list(_of_csv(text))
    except ValueError as error:
        raise BadInput(f"{path}: {error}") from error


def _of_json(text: str) -> Iterator[Row]:
    """Arrays, objects, wrapped arrays, one after another, with or without line breaks between them."""
    decode, at, line, counted = json.JSONDecoder().raw_decode, 0, 1, 0
    while (at := _next_value(text, at)) < len(text):
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decode(text, at)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {error.lineno} is not JSON: {error.msg}") from error
        except RecursionError as error:
            raise ValueError(f"line {line}: nested too deeply to be a row") from error
        yield from _rows_in(value, line)


def _next_value(text: str, at: int) -> int:
    while at < len(text) and (text[at].isspace() or text[at] == ","):
        at += 1
    return at


def _rows_in(value: Any, line: int) -> Iterator[Row]:
    if isinstance(value, dict) and "id" not in value:
        wrapped = next((value[name] for name in _WRAPPERS if isinstance(value.get(name), list)), None)
        value = value if wrapped is None else wrapped
    for row in value if isinstance(value, list) else [value]:
        if not isinstance(row, dict):
            kind = type(row).__name__
            raise ValueError(f"line {line}: expected objects, one a row, and found {kind}")
        yield row


def _of_csv(text: str) -> Iterator[Row]:
    header = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    if len(reader.fieldnames or ()) < 2:
        raise ValueError("expected rows as JSON or CSV, with the names of the columns in the first line")
    try:
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(f"line {reader.line_num}: it has not as many cells as the header")
            yield {name.strip(): _cell(cell) for name, cell in row.items()}
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error


def _cell(text: str) -> Any:
    """An empty cell is null; JSON columns hold JSON."""
    if text in ("", "null", "NULL"):
        return None
    if text[0] in "{[":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text

"""Rows out of a dump: INSERT statements, as table editors, `pg_dump` and `mysqldump` write them, or COPY."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from typing import Any

INSTEAD = "Export the table as CSV (or JSON) instead and name that file."
_NAME = r'(?:"[^"]{1,63}"|`[^`]{1,63}`|\w{1,63})'
_COMMENT = re.compile(r"(?:\s++|;|\\\w[^\n]*+|--[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)*+")
_TABLE = rf"{_NAME}(?:\s*\.\s*{_NAME})?"
_INSERT = re.compile(
    rf"(?:INSERT\s+(?:IGNORE\s+)?|REPLACE\s+)INTO\s+(?:ONLY\s+)?(?P<table>{_TABLE})\s*"
    r"(?:\((?P<columns>[^()]*)\)\s*)?(?:OVERRIDING\s+\w+\s+VALUE\s*)?VALUES\b",
    re.I,
)
_COPY = re.compile(rf"COPY\s+(?P<table>{_TABLE})\s*\((?P<columns>[^()]*)\)\s+FROM\s+stdin;\r?\n", re.I)
# The names of the columns, a line each, as dumps have them: their statements to insert may leave them out.
_CREATE = re.compile(rf"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<table>{_TABLE})\s*\(", re.I)
_COLUMN = re.compile(
    r"^[ \t]{0,40}+(?!(?:PRIMARY|UNIQUE|KEY|INDEX|CONSTRAINT|FOREIGN|CHECK|FULLTEXT|SPATIAL|EXCLUDE)\b)"
    rf"({_NAME})[ \t]+\w",
    re.I | re.M,
)
_OTHER = re.compile(  # the body of a function stands between `$$`, or between `$name$`
    r"(?!(?:COPY|INSERT|REPLACE)\b)\w(?:[^;'\"$]++|'(?:[^']++|'')*+'|\"[^\"]*+\""
    r"|\$(?P<tag>\w{0,63}+)\$(?:[^$]++|\$(?!(?P=tag)\$))*+\$(?P=tag)\$|\$(?!\w{0,63}+\$))*+;",
    re.I,
)
_CAST = r"(?:\s*::\s*[\w.\"]+(?: \w+){0,3}(?:\(\d+(?:, ?\d+)?\))?(?:\[\])?)*"
_VALUE = re.compile(
    r"(?:[Ee]'(?P<escaped>(?:[^'\\]++|\\.|'')*+)'|'(?P<text>(?:[^']++|'')*+)'"
    rf"|(?P<word>null|true|false)\b|(?P<number>-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)){_CAST}",
    re.I | re.S,
)
# MySQL escapes within plain quotes, and may say the character set of a text.
_MYSQL_VALUE = re.compile(_VALUE.pattern.replace("[Ee]'", r"(?:_\w{3,10} )?'", 1), re.I | re.S)
_TAIL = re.compile(r"(?:ON\s+CONFLICT(?:[^;']++|'(?:[^']++|'')*+')*+)?;?", re.I)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}
_WORDS = {"null": None, "true": True, "false": False}


def sql_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row with the line it begins on. Statements that insert nothing are passed over.

    Raises ValueError naming the line where something cannot be read, or a second table begins.
    """
    at, table = _skip(text, 0), None
    lines, created = _Lines(text), dict[str, list[str]]()
    while at < len(text):
        if found := _INSERT.match(text, at) or _COPY.match(text, at):
            if table not in (None, found["table"]):
                raise ValueError(
                    f"{lines.at(at)}: rows of two tables, {table} and {found['table']}. {INSTEAD}"
                )
            table = found["table"]
            columns = _names(found["columns"].split(",")) if found["columns"] else created.get(table)
            if not columns:
                raise ValueError(f"{lines.at(at)}: rows without the names of their columns. {INSTEAD}")
            if found.re is _COPY:
                at = yield from _copied(text, found.end(), columns, lines)
            else:
                of_a_value = _MYSQL_VALUE if "`" in found[0] else _VALUE
                at = yield from _tuples(text, found.end(), columns, lines, of_a_value)
        elif other := _OTHER.match(text, at):
            if begun := _CREATE.match(text, at, other.end()):
                created[begun["table"]] = _names(_COLUMN.findall(text, begun.end(), other.end()))
            at = other.end()
        else:
            raise ValueError(f"{lines.at(at)}: SQL that cannot be read. {INSTEAD}")
        at = _skip(text, at)
    if table is None:
        raise ValueError(f"SQL that inserts no rows. {INSTEAD}")


def _names(written: Iterable[str]) -> list[str]:
    return [name.strip().strip('"`') for name in written]


class _Lines:
    """Line numbers of positions that only grow, counted once."""

    def __init__(self, text: str) -> None:
        self._text, self._counted, self.number = text, 0, 1

    def at(self, position: int) -> str:
        self.number += self._text.count("\n", self._counted, position)
        self._counted = position
        return f"line {self.number}"


def _tuples(
    text: str, at: int, columns: list[str], lines: _Lines, of_a_value: re.Pattern[str]
) -> Generator[tuple[int, dict[str, Any]], None, int]:
    """The tuples behind VALUES; returns where the statement ends."""
    while True:
        at = _skip(text, at)
        where = lines.at(at)
        values, at = _tuple(text, at, where, of_a_value)
        if len(values) != len(columns):
            raise ValueError(f"{where}: {len(values)} values for {len(columns)} columns")
        yield lines.number, dict(zip(columns, values, strict=True))
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at += 1
    tail = _TAIL.match(text, at)
    return tail.end() if tail else at


def _copied(
    text: str, at: int, columns: list[str], lines: _Lines
) -> Generator[tuple[int, dict[str, Any]], None, int]:
    """The lines behind COPY, up to the one that ends them; returns where that is."""
    while not text.startswith("\\.", at):
        where = lines.at(at)
        end = text.find("\n", at)
        if end < 0:
            raise ValueError(f"{where}: the rows behind COPY are cut off. {INSTEAD}")
        cells = text[at:end].removesuffix("\r").split("\t")
        if len(cells) != len(columns):
            raise ValueError(f"{where}: {len(cells)} values for {len(columns)} columns")
        values = (None if cell == "\\N" else _plain(cell) for cell in cells)
        yield lines.number, dict(zip(columns, values, strict=True))
        at = end + 1
    return at + 2


def _tuple(text: str, at: int, where: str, of_a_value: re.Pattern[str]) -> tuple[list[Any], int]:
    values: list[Any] = []
    ends = "("
    while text[at : at + 1] in ("(", ",") and text[at] in ends:
        ends = ",)"
        found = of_a_value.match(text, _skip(text, at + 1))
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
    text = found["text"] if found["escaped"] is None else _plain(found["escaped"])
    return text.replace("''", "'")


def _plain(escaped: str) -> str:
    return re.sub(r"\\(.)", lambda each: _ESCAPES.get(each[1], each[1]), escaped, flags=re.S)


def _skip(text: str, at: int) -> int:
    passed = _COMMENT.match(text, at)
    return passed.end() if passed else at

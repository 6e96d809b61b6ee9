"""One module a log source: how to recognise a record, what it says, and what makes two of them repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from lib.domain.trace import LogEntry, RequestSummary

Item = LogEntry | RequestSummary
Record = Mapping[str, Any]  # a JSON object or a CSV row


def nothing_repeats(_record: Any) -> None:
    """For sources without ids: rows that look the same are taken as written twice."""


class Format(NamedTuple):
    name: str
    parse: Callable[[Any], list[Item]]  # raises values.Unusable
    matches: Callable[[Record], bool] = lambda _record: False
    repeat_id: Callable[[Any], str | None] = nothing_repeats  # equal ids: the same thing delivered twice
    unordered: bool = False  # the order of records says nothing, entries carry ids that do
    has_request_ids: bool = True
    shape: type[Struct] | None = None  # what the functions here take instead of a Record
    request: Callable[[Any], str | None] | None = None  # of a record; big files of such formats are shared
    texts: Callable[[Any], Iterable[str]] | None = None  # of a record: what will be redacted
    notes: Callable[[], Iterable[str]] = tuple  # what people must know of the file, once it has been read

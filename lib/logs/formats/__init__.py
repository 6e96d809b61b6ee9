"""One module a log source: how to recognise a record, what it says, and what makes two of them repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.values import Unusable

Item = LogEntry | RequestSummary
Record = Mapping[str, Any]  # a JSON object or a CSV row

Said = list[Item] | Unusable  # by a record, which may be of no use
Parse = Callable[[Sequence[Any]], Sequence[Said]]  # of records in their order, some at once


def one_by_one(parse: Callable[[Any], list[Item]]) -> Parse:
    """For a `parse` that takes one record, and raises Unusable."""

    def said(record: Any) -> Said:
        try:
            return parse(record)
        except Unusable as reason:
            return reason
        except RecursionError:
            return Unusable("nested too deeply")

    return lambda records: list(map(said, records))


def in_shape(record: Any, shape: type[Struct] | None) -> Any:
    """A JSON object that was read whole, as its format takes it."""
    return shape(*map(record.get, shape.__struct_fields__)) if shape and type(record) is dict else record


class Format(NamedTuple):
    name: str
    parse: Parse
    matches: Callable[[Record], bool] = lambda _record: False
    # Equal ids: the same thing delivered twice. Where a source has none, rows that look the same are taken as
    # written twice. It is asked of what could be parsed.
    repeat_id: Callable[[Any], str | None] | None = None
    unordered: bool = False  # the order of records says nothing, entries carry ids that do
    has_request_ids: bool = True
    shape: type[Struct] | None = None  # what the functions here take instead of a Record
    request: Callable[[Any], str | None] | None = None  # of a record; big files of such formats are shared
    notes: Callable[[], Iterable[str]] = tuple  # what people must know of the file, once it has been read

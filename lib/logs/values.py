"""Reading single values as log sources write them: `-`, `""` and -1 stand for nothing."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from lib.domain.memo import remembered
from lib.domain.times import to_ms
from lib.logs.disguises import SEQUENCE
from lib.logs.redact import redact

FIRST_MS, LAST_MS = 946_684_800_000, 4_102_444_799_999  # what a log can be of: the years 2000 to 2099
LONGEST_ID = 256  # characters; Vercel's have about 40, and an index takes no more than some 2,000
LONGEST_DURATION_MS = 2**31 - 1
_SEQUENCES = re.compile(SEQUENCE)
_START = re.compile(r"-(\d{13})-")
_METHOD = re.compile(r"[A-Z]{3,10}")
_HOST = re.compile(r"[.:]|^localhost$")
_LEVELS = {
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    **dict.fromkeys(("err", "fail", "exception", "severe", "alert"), "error"),
    **dict.fromkeys(("fatal", "critical", "crit", "panic", "dpanic", "emergency", "emerg"), "fatal"),
    **{"40": "warning", "50": "error", "60": "fatal"},  # pino's and Bunyan's
}


class Unusable(ValueError):
    """A record that cannot be used; the message is the reason, for people."""


def an_id(value: Any) -> str | None:
    """A field that holds an id; None for nothing and for what is no text. Raises Unusable."""
    return _id(value) if type(value) is str else None


@remembered
def _id(value: str) -> str | None:
    if value in ("", "-"):
        return None
    if len(value) > LONGEST_ID:
        raise Unusable(f"an id of {len(value):,} characters")
    if not value.isprintable():
        raise Unusable("an id with characters that no id has")
    return redact(value)


def number(value: Any) -> int | None:
    """A whole number, however written; None for nothing. -1 is kept: its meaning depends on the field."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 2**53 else None
    if isinstance(value, float) or (isinstance(value, str) and value not in ("", "-")):
        try:
            rounded = round(float(value))
        except (ValueError, OverflowError):
            return None
        return rounded if abs(rounded) < 2**53 else None
    return None


def status(value: Any) -> int | None:
    """An HTTP status, or -1 for: no answer was returned. None when the source does not know."""
    code = value if type(value) is int else number(value)
    return code if code is not None and (100 <= code <= 599 or code == -1) else None


def duration(value: Any) -> int | None:
    """Milliseconds that a request took; None for nothing and for what no request takes."""
    took = number(value)
    return took if took is not None and 0 <= took <= LONGEST_DURATION_MS else None


def level(value: Any) -> str:
    """One of info, warning, error, fatal."""
    return _LEVELS.get(str(value).lower(), "info") if isinstance(value, str | int) else "info"


def at_ms(*values: Any) -> int:
    """The first usable time as epoch milliseconds. Values are milliseconds or ISO times; no zone means UTC.

    Raises Unusable.
    """
    found: int | None = None
    for value in values:
        found = value if type(value) is int else number(value)
        if found is None and isinstance(value, str):
            with suppress(ValueError, OverflowError):
                at = datetime.fromisoformat(value)
                found = to_ms(at if at.tzinfo else at.replace(tzinfo=UTC))
        if found is not None and FIRST_MS <= found <= LAST_MS:
            return found
    raise Unusable("no usable time" if found is None else "no usable time: it lies outside 2000 to 2099")


def request_id(value: Any) -> str | None:
    """A request id without its region prefixes (`sin1::cdg1::`), in which sources differ. Raises Unusable."""
    return _id(value.rpartition("::")[2]) if type(value) is str else None


def request_start(request: str) -> int:
    """The epoch milliseconds a Vercel request id carries; for another id any number, always the same."""
    found = _START.search(request)
    return int(found[1]) if found else crc32(request.encode(errors="replace"))


def path(value: Any) -> str | None:
    """The path of a URL or of `host/path`, redacted and without its query, which can hold secrets."""
    return _path(value) if type(value) is str and value not in ("", "-") else None


@remembered
def _path(value: str) -> str:
    without_query = value.partition("?")[0].partition("#")[0]
    rest = without_query.partition("://")[2] or without_query
    host, slash, tail = rest.partition("/")
    if host and not _HOST.search(host):
        tail = host + slash + tail
    return redact("/" + tail.replace("\0", ""))


def method(value: Any) -> str | None:
    """An HTTP method."""
    return value if isinstance(value, str) and _METHOD.fullmatch(value) else None


def message(value: Any) -> str:
    """A message as it may be stored: redacted, without colours, trailing blanks and what Postgres text cannot
    hold. Raises Unusable."""
    if type(value) is not str:
        try:
            return "" if value is None else message(json.dumps(value))
        except RecursionError:
            raise Unusable("nested too deeply") from None
    if "\x1b" in value:
        value = _SEQUENCES.sub("", value)
    if "\0" in value:
        value = value.replace("\0", "")
    return redact(value.rstrip())

"""Reading single values as log sources write them: `-`, `""` and -1 stand for nothing."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from lib.logs.memo import remembered
from lib.logs.redact import redact

LAST_MS = 253_402_300_799_999  # the end of the year 9999
_START = re.compile(r"-(\d{13})-")
_METHOD = re.compile(r"[A-Z]{3,10}")
_HOST = re.compile(r"[.:]|^localhost$")
_LEVELS = {
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    "err": "error",
    "fatal": "fatal",
    "critical": "fatal",
}


class Unusable(ValueError):
    """A record that cannot be used; the message is the reason, for people."""


def text(value: Any) -> str | None:
    """A field as text; None for nothing and for what is no text."""
    return value if type(value) is str and value not in ("", "-") else None


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


def level(value: Any) -> str:
    """One of info, warning, error, fatal."""
    return _LEVELS.get(value.lower(), "info") if isinstance(value, str) else "info"


def at_ms(*values: Any) -> int:
    """The first usable time as epoch milliseconds. Values are milliseconds or ISO times; no zone means UTC.

    Raises Unusable.
    """
    for value in values:
        found = value if type(value) is int else number(value)
        if found is None and isinstance(value, str):
            found = _iso_ms(value)
        if found is not None and 0 < found <= LAST_MS:
            return found
    raise Unusable("no usable time")


def _iso_ms(value: str) -> int | None:
    try:
        at = datetime.fromisoformat(value)
        return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def request_id(value: Any) -> str | None:
    """A request id without its region prefixes (`sin1::cdg1::`), as sources differ in them."""
    return value.rpartition("::")[2] or None if type(value) is str and value != "-" else None


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
    return redact("/" + tail)


def method(value: Any) -> str | None:
    """An HTTP method."""
    return value if isinstance(value, str) and _METHOD.fullmatch(value) else None


def message(value: Any) -> str:
    """A message as it may be stored: redacted, without trailing blanks and what Postgres text cannot hold."""
    if type(value) is not str:
        return "" if value is None else message(json.dumps(value))
    written = value.rstrip()
    if "\0" in written:
        written = written.replace("\0", "")
    return redact(written)

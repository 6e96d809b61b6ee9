"""Arguments as both transports can carry them: JSON that Postgres accepts."""

from __future__ import annotations

import re
from typing import Any

import orjson

from lib.errors import BadInput

# JSON can carry the character 0, Postgres text cannot. After an escaped backslash `u0000` is plain text.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)(?:\\u0000)+")


def encode(value: Any) -> bytes:
    """Raises BadInput for what JSON cannot hold; both transports refuse the same (dates are sent as text)."""
    try:
        return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError as error:
        raise BadInput(f"A value cannot be stored: {error}") from error


def storable(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, without the character 0 in any text."""
    encoded = encode(arguments)
    if rb"\u0000" not in encoded:
        return arguments
    cleaned: dict[str, Any] = orjson.loads(_NUL.sub(rb"\1", encoded))
    return cleaned

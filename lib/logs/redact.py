"""Taking out of log text what must never be stored or shown."""

from __future__ import annotations

import re

_KEY_PREFIX = re.compile(r"\bkey_[0-9a-zA-Z]+(?:\.\.\.)?")


def redact(text: str) -> str:
    return _KEY_PREFIX.sub("[redacted]", text)

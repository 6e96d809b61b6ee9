"""Sharing a big file between processes: each decodes all of it and reads the requests that are its own.

Whatever repeats itself or belongs together carries one request id, so the shares never need each other.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

BIG = 64 << 20  # bytes; starting processes pays from here on
MOST = 4  # processes: passing over the records of the others costs each a tenth of reading them


class Share(NamedTuple):
    number: int  # from 0
    of: int

    def owns(self, request: str | None) -> bool:
        return crc32((request or "").encode("utf-8", "replace")) % self.of == self.number


WHOLE = Share(0, 1)


def shares(path: Path, big: int = BIG) -> list[Share]:
    """One for each processor when the file has `big` bytes, else the whole."""
    of = min(os.cpu_count() or 1, MOST) if path.stat().st_size >= big else 1
    return [Share(number, of) for number in range(of)]

"""Undoing what PowerShell does to redirected output: a preamble, and rows wrapped at the console's width."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lib.logs.formats import pasted, table
from lib.logs.framing import lines

_MARK = re.compile(rb"\A\s*node(?:\.exe)?\s*:\s", re.IGNORECASE)


def is_wrapped(head: bytes) -> bool:
    """Whether a file that begins with `head` was written by PowerShell (`node.exe : …`)."""
    return _MARK.match(head) is not None


def unwrapped(chunks: Iterator[bytes], head: bytes) -> Iterator[bytes]:
    """`chunks` with wrapped rows joined; `head` is their beginning, from which the width is taken."""
    width = _width(head)
    row, goes_on = "", False
    for number, raw in lines(chunks):
        line = raw.decode(errors="replace").rstrip("\r")
        if number > 1 and not (goes_on and not _starts(line)):
            yield f"{row}\n".encode()
            row = ""
        row += line
        goes_on = len(line) == width
    yield row.encode()


def _width(head: bytes) -> int:
    """The length of the longest lines, when there are several: they were cut there. Else 0."""
    lengths = Counter(len(line.rstrip("\r")) for line in head.decode(errors="replace").split("\n")[:-1])
    longest = max(lengths, default=0)
    return longest if lengths[longest] > 1 else 0


def _starts(line: str) -> bool:
    return line.startswith('{"') or bool(table.START.match(line) or pasted.START.match(line))

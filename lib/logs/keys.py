"""What makes an entry the same in two files that overlap."""

from __future__ import annotations

from hashlib import blake2b

from lib.domain.trace import LogEntry
from lib.logs.repeats import Repeats

MADE_UP = "text-"  # begins the ids given to requests of text without any: they depend on what was pasted


class EntryKeys:
    """Keys for the entries of one file, 16 bytes each.

    A key is made of what every source says of an entry, and of how many like it came before in the file:
    overlapping files merge, and a line that the program wrote twice stays two. It begins with the time,
    so that the index puts keys of one time into one place; the rest tells apart what is of one millisecond.
    """

    def __init__(self) -> None:
        self._seen = Repeats()

    def key(self, entry: LogEntry) -> bytes:
        at_ms, level, message, request, _, _, _, _ = entry
        if request is not None and request.startswith(MADE_UP):
            request = None
        content = f"{request}\n{level}\n{message}".encode("utf-8", "replace")
        same = at_ms.to_bytes(6, "big") + blake2b(content, digest_size=10).digest()
        before = self._seen.count(at_ms, same)
        if not before:
            return same
        return same[:6] + blake2b(same + before.to_bytes(8, "big"), digest_size=10).digest()

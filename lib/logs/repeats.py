"""Remembering what a file has already said, exactly and in little memory, and what makes two entries one."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from hashlib import blake2b
from typing import IO

from lib.domain.trace import MADE_UP, LogEntry, RequestSummary, is_made_up

KEPT_IN_MEMORY = 50_000
BUCKET_MS = 10_000


class Repeats:
    """How often each thing came before, whatever their number.

    Things are kept by time, since what is repeated carries the same time. Times that were not opened lately
    wait in a temporary file. Logs come roughly in order, so that file is seldom read back.
    """

    def __init__(self, kept_in_memory: int = KEPT_IN_MEMORY) -> None:
        self.different = 0
        self._limit = kept_in_memory
        self._in_memory = 0
        self._recent: dict[int, dict[Hashable, int]] = {}  # in the order in which they were opened
        self._stored: dict[int, tuple[int, int]] = {}
        self._file: IO[bytes] | None = None

    def count(self, at_ms: int, thing: Hashable) -> int:
        """How often `thing` of time `at_ms` was counted before; counts it."""
        return self.count_each([at_ms], [thing])[0]

    def count_each(self, times: Iterable[int], things: Iterable[Hashable | None]) -> list[int]:
        """`count` of each, of nothing 0. They all stay in memory meanwhile, so some hundred at most."""
        found, new, recent = list[int](), 0, self._recent
        for at_ms, thing in zip(times, things, strict=True):
            if thing is None:
                found.append(0)
                continue
            bucket = at_ms // BUCKET_MS
            counts = recent.get(bucket)
            if counts is None:
                counts = recent[bucket] = self._load(bucket)
                self._in_memory += len(counts)
                while self._in_memory > self._limit and len(recent) > 1:
                    oldest = next(iter(recent))
                    self._store(oldest, recent.pop(oldest))
            before = counts.get(thing, 0)
            counts[thing] = before + 1
            new += not before
            found.append(before)
        self.different += new
        self._in_memory += new
        return found

    def _store(self, bucket: int, counts: dict[Hashable, int]) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
            weakref.finalize(self, self._file.close)
        self._in_memory -= len(counts)
        self._file.seek(0, 2)
        data = pickle.dumps(counts)
        self._stored[bucket] = self._file.tell(), len(data)
        self._file.write(data)

    def _load(self, bucket: int) -> dict[Hashable, int]:
        if bucket not in self._stored or self._file is None:
            return {}
        start, length = self._stored.pop(bucket)
        self._file.seek(start)
        loaded: dict[Hashable, int] = pickle.loads(self._file.read(length))  # noqa: S301 - written by _store
        return loaded


_BLAKE = blake2b(digest_size=10)


def _digest(content: bytes) -> bytes:
    begun = _BLAKE.copy()  # in two thirds of the time that a new one takes
    begun.update(content)
    return begun.digest()


class EntryKeys:
    """Keys for the entries of one file, 16 bytes each.

    A key is made of what every source says of an entry, and of how many like it came before in the file:
    overlapping files merge, and a line that the program wrote twice stays two. It begins with the time,
    so that the index puts keys of one time into one place; the rest tells apart what is of one millisecond.
    """

    def __init__(self) -> None:
        self._seen = Repeats()

    def key(self, entry: LogEntry) -> bytes:
        return self.keys([entry])[0]

    def keys(self, entries: Sequence[LogEntry]) -> list[bytes]:
        """Of some entries, one behind the other."""
        keys = list[bytes]()
        for at_ms, level, message, request, _, _, _, _ in entries:
            told = None if request is not None and request.startswith(MADE_UP) else request
            content = f"{told}\n{level}\n{message}"
            keys.append(at_ms.to_bytes(6, "big") + _digest(content.encode("utf-8", "replace")))
        for place, before in enumerate(self._seen.count_each([entry.at_ms for entry in entries], keys)):
            if before:
                keys[place] = keys[place][:6] + _digest(keys[place] + before.to_bytes(8, "big"))
        return keys


def merged(
    files: Iterable[Iterable[LogEntry | RequestSummary]],
) -> tuple[list[LogEntry], list[RequestSummary]]:
    """The entries and requests of several files, what overlaps once.

    A line that one tells as text, without its request's id, and another with it, is one as well.
    """
    entries: dict[bytes, LogEntry] = {}
    requests: dict[str, RequestSummary] = {}
    for items in files:
        keys = EntryKeys()
        for item in items:
            if isinstance(item, LogEntry):
                entries.setdefault(keys.key(item), item)
            else:
                requests[item.request_id] = completed(item, requests.get(item.request_id))
    return _without_copies(entries.values()), list(requests.values())


def completed(summary: RequestSummary, known: RequestSummary | None) -> RequestSummary:
    """`summary`, with what only `known` says of the same request."""
    if known is None:
        return summary
    both = zip(summary, known, strict=True)
    whole = RequestSummary._make(old if new is None else new for new, old in both)
    return whole._replace(at_ms=min(summary.at_ms, known.at_ms))


def _without_copies(entries: Iterable[LogEntry]) -> list[LogEntry]:
    told, copies = list[LogEntry](), list[LogEntry]()
    for entry in entries:
        (copies if is_made_up(entry.request_id) else told).append(entry)
    if not copies or not told:
        return told or copies
    left = Counter((entry.at_ms, entry.level, entry.message) for entry in told)
    for entry in copies:
        line = entry.at_ms, entry.level, entry.message
        if left[line]:
            left[line] -= 1
        else:
            told.append(entry)
    return told

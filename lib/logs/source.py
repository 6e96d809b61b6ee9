"""Opening a log file, however it is packed and encoded, as chunks of UTF-8."""

from __future__ import annotations

import codecs
import itertools
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from lib.logs.report import ImportReport

CHUNK = 1 << 17  # with what is made of it, this stays in the processor's cache
GZIP = 16 + zlib.MAX_WBITS  # what makes zlib expect a gzip header
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def utf8_chunks(file: BinaryIO, report: ImportReport) -> Iterator[bytes]:
    """The content of `file` from its current position: inflated, without byte order mark, as UTF-8."""
    chunks = _raw_chunks(file, report)
    first = next(chunks, b"")
    encoding, mark = _encoding(first)
    if encoding == "utf-8":
        yield first[mark:]
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(first[mark:]).encode(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")


def _raw_chunks(file: BinaryIO, report: ImportReport) -> Iterator[bytes]:
    chunks = iter(lambda: file.read(CHUNK), b"")
    first = next(chunks, b"")
    content = itertools.chain([first], chunks)
    return _inflated(content, report) if first.startswith(b"\x1f\x8b") else content


def _inflated(packed: Iterator[bytes], report: ImportReport) -> Iterator[bytes]:
    """The content of a gzip file (of one member or several), as far as it goes."""
    member = zlib.decompressobj(GZIP)
    try:
        for chunk in packed:
            while chunk:
                if member.eof:
                    member = zlib.decompressobj(GZIP)
                yield member.decompress(chunk, CHUNK)
                chunk = member.unused_data or member.unconsumed_tail  # noqa: PLW2901
    except zlib.error:
        pass
    if not member.eof:
        report.note("The gzip file is damaged or cut off: what comes after the damage is lost.")


def _encoding(start: bytes) -> tuple[str, int]:
    """The encoding, and the length of the byte order mark."""
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding, len(mark)
    if start[1:2] == b"\0":
        return "utf-16-le", 0
    return ("utf-16-be", 0) if start[:1] == b"\0" and len(start) > 1 else ("utf-8", 0)

"""Opening a log file, however it is packed, encoded and captured, as chunks of UTF-8."""

from __future__ import annotations

import codecs
import itertools
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from lib.logs.disguises import SEQUENCE
from lib.logs.formats.printed import is_noise
from lib.logs.formats.table import TABLE
from lib.logs.formats.tail import TAIL
from lib.logs.framing import lines, parse_json
from lib.logs.report import ImportReport

CHUNK = 1 << 17  # with what is made of it, this stays in the processor's cache
FIRST = 1 << 9  # bytes that are tried of a gzip member: what is behind its end is copied for each
MEMBERS = 100_000  # of a gzip file
GZIP = 16 + zlib.MAX_WBITS  # what makes zlib expect a gzip header
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
HEAD = 1 << 16  # bytes that tell how a file was captured
_SEQUENCES = re.compile(SEQUENCE.encode())
_LONGEST_SEQUENCE = 2_100
_POWERSHELL = re.compile(
    rb"\A\s*node(?:\.exe)?\s*:\s|\A\s*\S{1,40} ?: [^\0]{0,4000}?^ *\+ FullyQualifiedErrorId", re.MULTILINE
)
_PLAIN_TABLE = re.compile(r"\bTIME\s+(?:HOST\s+)?LEVEL\s+STATUS\s+MESSAGE\b")
_TIME_FIRST = re.compile(r"(?:[A-Z][a-z]{2} \d\d )?\d\d:\d\d:\d\d\.\d\d  ")
_PROGRESS = re.compile(rb"((?:waiting for new|Fetching) logs\.\.\.)(?=[^\r\n])")  # a row stands behind it
_RECORDS = re.compile(r"\s*+(?:(?:\[\s*+)?\{|[^\n]{0,400}\brequestId\b)")
_SYMBOLS = frozenset("λεɛƒന◇…🚫⚠ℹ")  # that the Vercel CLI prints
_FOREIGN = re.compile(r"[^\x00-\x7f]+")


# The byte of each character; those that the code page leaves out stand for themselves, as on Windows.
_CODE_PAGES = [
    {ord(bytes([byte]).decode(page, "ignore") or chr(byte)): byte for byte in range(0x80, 0x100)}
    for page in ("cp437", "cp850", "cp852", "cp866", "cp1252", "cp1250", "cp1251")
]


def utf8_chunks(file: BinaryIO, report: ImportReport) -> Iterator[bytes]:
    """The content of `file` from its current position: inflated, as UTF-8 without byte order mark, without
    colours, and without what PowerShell did to it."""
    start, chunks = with_head(_without_sequences(_decoded(file, report)), HEAD)
    head = start.decode(errors="replace")
    if _POWERSHELL.match(start):
        chunks = _unwrapped(chunks, head)
    if _RECORDS.match(head):
        return chunks
    if page := _code_page(head):
        chunks = (_mended(raw.decode(errors="replace"), page).encode() + b"\n" for _, raw in lines(chunks))
    return (_PROGRESS.sub(rb"\1\n", chunk) if b" logs..." in chunk else chunk for chunk in chunks)


def with_head(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The beginning of a stream, of `size` bytes where it has so many, and the whole stream again."""
    head = list[bytes]()
    while sum(map(len, head)) < size and (chunk := next(chunks, None)) is not None:
        head.append(chunk)
    start = b"".join(head)
    return start, itertools.chain([start], chunks)


def _decoded(file: BinaryIO, report: ImportReport) -> Iterator[bytes]:
    start, chunks = with_head(iter(lambda: file.read(CHUNK), b""), 2)
    if start.startswith(b"\x1f\x8b"):
        chunks = _inflated(chunks, report)
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


def _inflated(packed: Iterator[bytes], report: ImportReport) -> Iterator[bytes]:
    """The content of a gzip file (of one member or several), as far as it goes."""
    member, members, step = zlib.decompressobj(GZIP), 1, FIRST
    try:
        for chunk in packed:
            at = 0
            while at < len(chunk) and members <= MEMBERS:
                if member.eof:
                    member, members, step = zlib.decompressobj(GZIP), members + 1, FIRST
                piece = chunk[at : at + step]
                if content := member.decompress(piece, CHUNK):
                    yield content
                at += len(piece) - len(member.unused_data or member.unconsumed_tail)
                step = min(2 * step, CHUNK)
    except zlib.error:
        pass
    if members > MEMBERS or not member.eof:
        report.note("The gzip file is damaged or cut off: what comes after the damage is lost.")


def _encoding(start: bytes) -> tuple[str, int]:
    """The encoding, and the length of the byte order mark."""
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding, len(mark)
    if start[1:2] == b"\0":
        return "utf-16-le", 0
    return ("utf-16-be", 0) if start[:1] == b"\0" and len(start) > 1 else ("utf-8", 0)


def _without_sequences(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """`chunks` without what tells a terminal of colours and of lines to be erased."""
    rest = b""
    for chunk in chunks:
        if not rest and b"\x1b" not in chunk:
            yield chunk
            continue
        text = _SEQUENCES.sub(b"", rest + chunk)
        begun = text.rfind(b"\x1b", max(0, len(text) - _LONGEST_SEQUENCE))
        rest = text[begun:] if begun >= 0 else b""
        yield text[:begun] if begun >= 0 else text
    if rest:
        yield rest


def _unwrapped(chunks: Iterator[bytes], head: str) -> Iterator[bytes]:
    """`chunks` with the lines joined that PowerShell wrapped at the width of its console."""
    below = head.partition("FullyQualifiedErrorId")[2] or head
    width = max(len(line.rstrip("\r")) for line in below.split("\n"))
    is_table = _PLAIN_TABLE.search(head) or any(
        (found := TABLE.start.match(line)) and found["status"] for line in head.split("\n")
    )
    row = before = ""
    for number, raw in lines(chunks):
        line = raw.decode(errors="replace").rstrip("\r")
        line = "" if line == " " else line  # as PowerShell writes an empty one
        if is_table:
            goes_on = _TIME_FIRST.match(row) and not _TIME_FIRST.match(line) and not is_noise(line)
        else:
            starts = line.startswith('{"') or TABLE.start.match(line) or TAIL.start.match(line)
            goes_on = not starts and _was_wrapped(row, before, line, width)
        if number > 1 and not goes_on:
            yield f"{row}\n".encode()
            row = ""
        row += line
        before = line
    yield row.encode()


def _was_wrapped(row: str, before: str, line: str, width: int) -> bool:
    """Whether `line` goes on with `row`, the last part of which is `before`.

    PowerShell breaks behind a blank, where the next word with its own blank does not fit, or inside a word
    that is longer than a line. JSON goes on to its end; a request's line of a table is padded with blanks.
    """
    if row.startswith('{"'):
        return not (row.endswith("}") and parse_json(row.encode(errors="replace")))
    if TABLE.start.match(row):
        return not line.strip()
    word, blank, _ = line.partition(" ")
    if before.endswith(" "):
        return len(before) + len(word + blank) > width
    return len(before) == width and len(row) - row.rfind(" ") - 1 + len(word) > width


def _code_page(head: str) -> dict[int, int] | None:
    """The code page as which UTF-8 was read, where symbols of the Vercel CLI in `head` show one."""
    runs = set(_FOREIGN.findall(head))
    best = max(_CODE_PAGES, key=lambda page: sum(_shows_symbol(run, page) for run in runs))
    return best if any(_shows_symbol(run, best) for run in runs) else None


def _shows_symbol(run: str, page: dict[int, int]) -> bool:
    return _SYMBOLS.isdisjoint(run) and not _SYMBOLS.isdisjoint(_mended(run, page))


def _mended(line: str, page: dict[int, int]) -> str:
    return line if line.isascii() else _FOREIGN.sub(lambda run: _mended_run(run[0], page), line)


def _mended_run(run: str, page: dict[int, int]) -> str:
    try:
        return run.translate(page).encode("latin-1").decode()
    except UnicodeError:
        return run

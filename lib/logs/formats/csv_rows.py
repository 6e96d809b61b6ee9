"""The rows of a CSV file as records."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from lib.logs.formats.dashboard import TIME_COLUMNS
from lib.logs.framing import LONGEST_RECORD, Piece, lines

csv.field_size_limit(LONGEST_RECORD)


def is_header(line: str) -> bool:
    try:
        columns = next(csv.reader([line]), [])
    except csv.Error:
        return False
    return "requestId" in columns and any(column in columns for column in TIME_COLUMNS)


def csv_rows(chunks: Iterator[bytes]) -> Iterator[Piece]:
    """The rows below the header, each by column name. A cut row, or a quote never closed, has no value."""
    reader = csv.reader(raw.decode(errors="replace") + "\n" for _, raw in lines(chunks))
    header = next(reader)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, str(error).encode(), None
            continue
        if len(row) == len(header):
            yield line, b"", dict(zip(header, row, strict=True))
        elif row:
            yield line, ",".join(row).encode(), None

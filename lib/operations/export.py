"""Videos and repairs for people's own tools: whole, with raw values, as CSV, JSON or Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from lib.data.videos import VideoRow
from lib.domain.cause import CAUSES
from lib.domain.times import iso_of
from lib.domain.video import parse_time
from lib.errors import BadInput
from lib.logs.redact import redact

FORMATS = {"csv": "text/csv", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
VIDEO_COLUMNS = (
    *("id", "status", "created_at", "updated_at", "cause", "cause_title", "confidence", "action", "stuck"),
    *("flow", "first_missing", "stages_seen", "stages", "deployment_id", "runway_video_id"),
    *("recoverable_runway_id", "attempts", "video_url", "input_image_url", "error_message", "prompt"),
)


def write(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], kind: str) -> bytes:
    """`kind` is one of FORMATS. Raises BadInput for any other."""
    if kind == "csv":
        return as_csv(columns, rows).encode()
    chosen = ({name: row[name] for name in columns} for row in rows)
    if kind == "json":
        return b"[\n" + b",\n".join(json.dumps(row, ensure_ascii=False).encode() for row in chosen) + b"\n]\n"
    if kind == "parquet":
        output = io.BytesIO()
        pd.DataFrame(chosen, columns=list(columns)).to_parquet(output, index=False)
        return output.getvalue()
    raise BadInput(f"{kind} is not one of {', '.join(FORMATS)}.")


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """For a spreadsheet: text of others is no formula there."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return output.getvalue()


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def _cell(value: object) -> object:
    """Spreadsheets also read a formula behind blanks, and in the wide letters of East Asian keyboards."""
    is_formula = isinstance(value, str) and (
        value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA)
    )
    return f"'{value}" if is_formula else value


def plain_rows(rows: Iterable[VideoRow]) -> Iterator[dict[str, Any]]:
    """Each video with the values of VIDEO_COLUMNS: times in ISO, keys beside titles, `stages_seen` of
    `stages`, no picture inside an address."""
    for row in rows:
        stages = row["stages"] or ()
        image = row["input_image_url"] or ""
        yield {
            **row,
            "created_at": iso_of(parse_time(row["created_at"])),
            "updated_at": iso_of(parse_time(row["updated_at"])),
            "cause_title": cause.title if (cause := CAUSES.get(row["cause"] or "")) else None,
            "stages_seen": sum(stage["state"] == "seen" for stage in stages),
            "stages": len(stages),
            "input_image_url": f"{image.partition(',')[0]},…" if image.startswith("data:") else image or None,
            "error_message": redact(row["error_message"]) if row["error_message"] else None,
        }

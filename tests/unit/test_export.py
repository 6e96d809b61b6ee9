"""What is exported is whole and raw, and harmless where it is opened."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, cast

import pandas as pd
import pytest

from lib.data.videos import VideoRow
from lib.errors import BadInput
from lib.operations.export import FORMATS, VIDEO_COLUMNS, plain_rows, write

ID = "5d0c9a52-6a51-4b6c-9c64-9a3bb1a0f8d1"
ROW: dict[str, Any] = {
    "id": ID,
    "status": "failed",
    "created_at": "2026-11-21 09:05:06.5+00",
    "updated_at": None,
    "prompt": "=1+1, 'swan'\nlake",
    "input_image_url": "data:image/png;base64," + "A" * 9000,
    "runway_video_id": None,
    "video_url": None,
    "error_message": "401 for Bearer key_" + "9f" * 64,
    "cause": "unauthorized",
    "confidence": "certain",
    "action": "fix_first",
    "stuck": False,
    "flow": "direct",
    "first_missing": "task_created",
    "stages": [{"stage": "a", "state": "seen"}, {"stage": "task_created", "state": "missing"}],
    "recoverable_runway_id": None,
    "deployment_id": None,
    "attempts": 0,
}


def exported(kind: str) -> bytes:
    return write(VIDEO_COLUMNS, plain_rows([cast("VideoRow", ROW)]), kind)


def read(kind: str) -> dict[str, Any]:
    content = exported(kind)
    if kind == "csv":
        return next(csv.DictReader(io.StringIO(content.decode())))
    if kind == "json":
        return cast("dict[str, Any]", json.loads(content)[0])
    return cast("dict[str, Any]", pd.read_parquet(io.BytesIO(content)).iloc[0].to_dict())


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_holds_ids_keys_beside_titles_and_times_in_iso(kind: str) -> None:
    row = read(kind)
    assert list(row) == list(VIDEO_COLUMNS)
    assert (row["id"], row["cause"], row["created_at"]) == (ID, "unauthorized", "2026-11-21T09:05:06.500Z")
    assert row["cause_title"] != row["cause"]
    assert (int(row["stages_seen"]), int(row["stages"])) == (1, 2)


@pytest.mark.parametrize("kind", FORMATS)
def test_no_secret_and_no_picture_leaves_with_it(kind: str) -> None:
    content = read(kind)
    assert "9f9f" not in content["error_message"]
    assert content["error_message"].startswith("401")
    assert content["input_image_url"] == "data:image/png;base64,…"


def test_a_formula_is_text_in_a_spreadsheet_and_untouched_elsewhere() -> None:
    assert read("csv")["prompt"] == "'" + ROW["prompt"]
    assert read("json")["prompt"] == read("parquet")["prompt"] == ROW["prompt"]


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_found_is_a_file_without_rows(kind: str) -> None:
    content = write(VIDEO_COLUMNS, [], kind)
    if kind == "json":
        assert json.loads(content) == []
    elif kind == "csv":
        assert content.decode().splitlines() == [",".join(VIDEO_COLUMNS)]
    else:
        assert pd.read_parquet(io.BytesIO(content)).empty


def test_an_unknown_format_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="xlsx is not one of csv, json, parquet"):
        write(VIDEO_COLUMNS, [], "xlsx")

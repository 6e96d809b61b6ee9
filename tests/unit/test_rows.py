"""Rows are read as people have them: in the shapes and encodings of other tools, and nothing is lost."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from lib.errors import BadInput
from lib.logs.rows import read_rows

ROWS = [{"id": "1", "prompt": 'a "very", long\nkite'}, {"id": "2", "prompt": None}]
JSON = json.dumps(ROWS)
CSV = 'id,prompt\r\n1,"a ""very"", long\nkite"\r\n2,\r\n'


def read(folder: Path, content: str | bytes) -> list[object]:
    path = folder / "rows"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(path))


@pytest.mark.parametrize(
    "content",
    [
        JSON,
        codecs.BOM_UTF8 + JSON.encode(),
        codecs.BOM_UTF16_LE + JSON.replace("\n", "\r\n").encode("utf-16-le"),
        codecs.BOM_UTF16_BE + JSON.encode("utf-16-be"),
        "\n".join(json.dumps(row) for row in ROWS) + "\n",
        "".join(json.dumps(row) for row in ROWS),
        ",\n".join(json.dumps(row, indent=2) for row in ROWS),
        json.dumps({"data": ROWS, "count": 2}),
        json.dumps({"rows": ROWS}),
        "".join(json.dumps([row]) for row in ROWS),
        CSV,
        CSV.replace(",", ";").replace('""very"";', '""very"",'),
        CSV.replace(",", "\t").replace('""very""\t', '""very"",'),
        codecs.BOM_UTF16_LE + CSV.encode("utf-16-le"),
    ],
)
def test_the_same_rows_are_read_from_every_shape(tmp_path: Path, content: str | bytes) -> None:
    assert read(tmp_path, content) == ROWS


def test_a_single_object_is_a_row_whatever_lists_it_holds(tmp_path: Path) -> None:
    task = {"id": "t", "status": "SUCCEEDED", "output": ["https://cdn.example.com/a.mp4"], "data": []}
    assert read(tmp_path, json.dumps(task, indent=1)) == [task]


def test_json_columns_of_a_csv_hold_json(tmp_path: Path) -> None:
    (row,) = read(tmp_path, 'id,metadata,tags\n1,"{""task"": {""id"": ""x""}}",[broken\n')
    assert row == {"id": "1", "metadata": {"task": {"id": "x"}}, "tags": "[broken"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[{"id": 1},\n{"id": 2,}]', "line 2"),
        ('{"id": 1}\n{"id": ', "line 2"),
        ("[1, 2]", "found int"),
        ("[" * 100_000, "nested too deeply"),
        ("id,status\n1,failed\n2\n", "line 3"),
        ("hello", "as JSON or CSV"),
        ("", "as JSON or CSV"),
        ('INSERT INTO "public"."videos" VALUES (1);', "as CSV"),
        ("-- dump\nCOPY public.videos FROM stdin;", "as CSV"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(BadInput, match=told) as refused:
        read(tmp_path, content)
    assert "rows" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_rows(tmp_path / "absent.csv")

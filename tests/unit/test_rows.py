"""Rows are read as people have them: in the shapes and encodings of other tools, and nothing is lost."""

from __future__ import annotations

import codecs
import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from lib.cli.files import tasks_of, videos_of
from lib.domain.times import iso_of
from lib.domain.video import Video, parse_time
from lib.errors import BadInput
from lib.logs.rows import numbered_rows, read_rows

ROWS: list[dict[str, Any]] = [{"id": "1", "prompt": 'a "very", long\nkite'}, {"id": "2", "prompt": None}]
JSON = json.dumps(ROWS)
SQL = """-- the two
insert into "public"."clips" ("id", "prompt") values ('1', 'a "very", long
kite'), ('2', NULL) on conflict (id) do nothing;
"""
PG_DUMP = """--
-- PostgreSQL database dump
--

\\restrict a1b2

SET statement_timeout = 0;
CREATE TABLE public.clips (
    id text NOT NULL,
    prompt text
);
COPY public.clips (id, prompt) FROM stdin;
1\ta "very", long\\nkite
2\t\\N
\\.

SELECT pg_catalog.setval('public.clips_id_seq', 2, true);
\\unrestrict a1b2
"""
MYSQL_DUMP = """-- MySQL dump 10.13  Distrib 8.0.36
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `clips`;
CREATE TABLE `clips` (
  `id` varchar(36) NOT NULL,
  `prompt` text COLLATE utf8mb4_bin COMMENT 'what was asked; as written',
  PRIMARY KEY (`id`),
  KEY `by_prompt` (`prompt`)
) ENGINE=InnoDB;
LOCK TABLES `clips` WRITE;
/*!40000 ALTER TABLE `clips` DISABLE KEYS */;
INSERT INTO `clips` VALUES ('1','a \\"very\\", long\\nkite'),('2',NULL);
UNLOCK TABLES;
"""
PSQL = """ id |    prompt
----+---------------
 1  | a "very", long+
    | kite
 2  |
(2 rows)

"""
MYSQL_TABLE = """+----+------------------+
| id | prompt           |
+----+------------------+
| 1  | a "very", long  +|
|    | kite             |
| 2  | NULL             |
+----+------------------+
2 rows in set (0.00 sec)
"""
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
        json.dumps([{"json_agg": ROWS}]),
        SQL,
        SQL.replace("\nkite", "\\nkite").replace("'a", "E'a"),
        SQL.replace("('2', NULL) on", "('2'::text, null::character varying(80)) on"),
        "SET statement_timeout = 0;\n"
        + SQL.replace("), (", ");\nINSERT INTO public.clips (id, prompt) VALUES (").replace(
            '"public"."clips"', "public.clips"
        ),
        PG_DUMP,
        MYSQL_DUMP,
        MYSQL_DUMP.replace(" VALUES", " (`id`, `prompt`) VALUES"),
        MYSQL_DUMP.replace("INSERT", "REPLACE"),
        PG_DUMP.replace(
            "CREATE TABLE",
            "CREATE FUNCTION f() RETURNS text AS $_$ select 'it''s $1;' $_$ LANGUAGE sql;\nCREATE TABLE",
            1,
        ),
        PSQL,
        MYSQL_TABLE,
        json.dumps({"columns": ["id", "prompt"], "index": [0, 1], "data": [list(r.values()) for r in ROWS]}),
        json.dumps({name: {str(n): row[name] for n, row in enumerate(ROWS)} for name in ROWS[0]}),
    ],
)
def test_the_same_rows_are_read_from_every_shape(tmp_path: Path, content: str | bytes) -> None:
    assert read(tmp_path, content) == ROWS


@pytest.mark.parametrize("name", ["set", "Begin", "USE", "copy", "insert"])
def test_a_column_may_be_called_like_a_statement(tmp_path: Path, name: str) -> None:
    for sign in ",;":
        content = f"{name},id,status\n1,2,failed\n".replace(",", sign)
        assert read(tmp_path, content) == [{name: "1", "id": "2", "status": "failed"}]


def test_a_cell_of_a_printed_table_may_end_with_a_plus(tmp_path: Path) -> None:
    printed = " id | prompt \n----+--------\n 1  | 灯塔  +\n    | C++\n 2  | C+\n(2 rows)\n"
    assert read(tmp_path, printed) == [{"id": "1", "prompt": "灯塔\nC++"}, {"id": "2", "prompt": "C+"}]


def test_a_single_object_is_a_row_whatever_lists_it_holds(tmp_path: Path) -> None:
    task = {"id": "t", "status": "SUCCEEDED", "output": ["https://cdn.example.com/a.mp4"], "data": []}
    assert read(tmp_path, json.dumps(task, indent=1)) == [task]


def test_json_columns_of_a_csv_hold_json(tmp_path: Path) -> None:
    (row,) = read(tmp_path, 'id,metadata,tags\n1,"{""task"": {""id"": ""x""}}",[broken\n')
    assert row == {"id": "1", "metadata": {"task": {"id": "x"}}, "tags": "[broken"}


@pytest.mark.parametrize(
    "nothing",
    ["\\N", "(null)", "<null>", "[NULL]", "None", "NULL", "Null", "nil", "NaN", "nan", "NaT", " NULL ", ""],
)
def test_a_cell_that_says_there_is_nothing_is_empty(tmp_path: Path, nothing: str) -> None:
    for cell in (nothing, f'"{nothing}"'):
        assert read(tmp_path, f"id,runway_video_id,prompt\n1,{cell},{nothing} of it\n") == [
            {"id": "1", "runway_video_id": None, "prompt": f"{nothing} of it"}
        ]


def test_what_is_not_a_number_in_json_is_nothing(tmp_path: Path) -> None:
    nothing = {"id": "1", "runway_video_id": None, "data": {"task": None}}
    assert read(tmp_path, '[{"id": "1", "runway_video_id": NaN, "data": {"task": NaN}}]') == [nothing]
    assert read(tmp_path, 'id,runway_video_id,data\n1,NaN,"{""task"": NaN}"\n') == [nothing]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;;", "sep=,"])
def test_the_line_in_which_excel_is_told_the_separator_is_no_header(tmp_path: Path, first: str) -> None:
    path = tmp_path / "rows"
    path.write_text(f"{first}\r\nid;prompt\r\n1;a, b, c\r\n2;\r\n")
    assert numbered_rows(path) == [(3, {"id": "1", "prompt": "a, b, c"}), (4, {"id": "2", "prompt": None})]
    path.write_text(f"{first}\nid;prompt\n1;a;b\n")
    with pytest.raises(BadInput, match="line 3: it has not as many cells"):
        read_rows(path)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (1793784600, "2026-11-04T09:30:00.000Z"),
        ("1793784600", "2026-11-04T09:30:00.000Z"),
        (1793784600.25, "2026-11-04T09:30:00.250Z"),
        ("1793784600123", "2026-11-04T09:30:00.123Z"),
        (1793784600123.0, "2026-11-04T09:30:00.123Z"),
        (1793784600123000, "2026-11-04T09:30:00.123Z"),
        ("2026-11-04 09:30:00 UTC", "2026-11-04T09:30:00.000Z"),
        ("2026-11-04 09:30:00.123456 UTC", "2026-11-04T09:30:00.123Z"),
        ("2026-11-04 10:30:00 +0100", "2026-11-04T09:30:00.000Z"),
        ("2026-11-04 09:30:00 +0000 UTC", "2026-11-04T09:30:00.000Z"),
        ("2026-11-04 09:30:00 Z", "2026-11-04T09:30:00.000Z"),
        ("2026-11-04 09:30:00+00", "2026-11-04T09:30:00.000Z"),
        ("2026-11-04", "2026-11-04T00:00:00.000Z"),
    ],
)
def test_a_time_is_read_however_databases_write_it(written: object, at: str) -> None:
    read_as = parse_time(written)
    assert read_as is not None
    assert iso_of(read_as.astimezone(UTC)) == at


@pytest.mark.parametrize(
    "written",
    [
        *(
            "11/4/26 9:30 AM",
            "04.11.2026 09:30",
            "1.79378E+12",
            "2026-11-04 09:30:00 EST",
            "46330.4",
            "yesterday",
        ),
        *("2026-13-04", "20261104093000", 20261104, 179378460, 9793784600, True, [1], "x" * 1_000_000),
    ],
)
def test_a_time_that_may_be_several_is_refused_by_file_line_and_column(
    tmp_path: Path, written: object
) -> None:
    rows = [
        {"id": n, "status": "failed", "created_at": "2026-11-04", "updated_at": at}
        for n, at in ((7, None), (8, written))
    ]
    path = tmp_path / "rows.json"
    path.write_text(",\n".join(map(json.dumps, rows)))
    with pytest.raises(
        BadInput, match=r"rows.json: line 2: video 8: column `updated_at`: .{1,90} is no time"
    ):
        videos_of(path)


def test_a_task_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text('{"id": "t", "status": "FAILED"}\n{"id": "u"}')
    with pytest.raises(BadInput, match=r"tasks.json: line 2: task u: field `status`"):
        tasks_of(path)


def test_values_of_sql_keep_their_kinds(tmp_path: Path) -> None:
    values = """(7, 2.5, TRUE, '{"task": 1}'::jsonb, 'O''Neill')"""
    sql = f"INSERT INTO clips (id, n, ok, data, who) VALUES {values};"
    assert read(tmp_path, sql) == [{"id": 7, "n": 2.5, "ok": True, "data": {"task": 1}, "who": "O'Neill"}]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (json.dumps(ROWS, indent=1), [2, 6]),
        ("\n".join(json.dumps(row) for row in ROWS), [1, 2]),
        (CSV, [2, 4]),
        (SQL, [2, 3]),
    ],
)
def test_every_row_knows_its_line(tmp_path: Path, content: str, lines: list[int]) -> None:
    path = tmp_path / "rows"
    path.write_bytes(content.encode())
    assert [line for line, _ in numbered_rows(path)] == lines


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[{"id": 1},\n{"id": 2}', "line 2: cut off"),
        ('[{"id": 1}]\n]', "line 1: an array ends twice"),
        (
            "insert into a (id) values (1);\ninsert into b (id) values (2);",
            "line 2: rows of two tables, a and b",
        ),
        ("insert into a (id) values\n(1, 2);", "line 2: 2 values for 1 columns"),
        ("insert into a (id) values\n(1), (now());", "line 2: a value that is no text"),
        ("insert into a (id) values (1), ('2", "line 1: a value that is no text"),
        ("insert into a (id) values (1", "line 1: the list of values is cut off"),
        ("create table a (id int);", "inserts no rows"),
        ('[{"id": 1},\n{"id": 2,}]', "line 2"),
        ('{"id": 1}\n{"id": ', "line 2"),
        ("[1, 2]", "found int"),
        ("[" * 100_000, "nested too deeply"),
        ("id,status\n1,failed\n2\n", "line 3"),
        ("hello", "as JSON or CSV"),
        ("", "as JSON or CSV"),
        ('INSERT INTO "public"."videos" VALUES (1);', "as CSV"),
        ("-- dump\nCOPY public.videos FROM stdin;", "as CSV"),
        ("COPY a (id, b) FROM stdin;\n1\t2\n3\n\\.\n", "line 3: 1 values for 2 columns"),
        ("COPY a (id, b) FROM stdin;\n1\t2\n", "line 3: the rows behind COPY are cut off"),
        (" id | b\n----+---\n 1  | 2\n 2  | 3 | 4\n", "line 4: it has not as many cells as the head"),
        (" id | b\n----+---\n 1  | 2\n 2 ", "line 4: a row that is cut off"),
        (" id | b\n----+---\n 1  | a+\n", "line 3: a row that is cut off"),
        (
            " id | b\n----+---\n 1  | 2\n(1 row)\n\n id | c\n----+---\n 1  | 3\n",
            "line 4: the table ends, and in line 6 there is more",
        ),
        ("+----+---+\n| id | b |\n+----+---+\n| 1  | x\ny |\n+----+---+\n", "line 4: a row that is cut off"),
        ("insert into a (id) values\n(1.2.3);", "line 2: the list of values is cut off or damaged"),
        ("replace into a (id) values (1);\nreplace into a (id) select 2;", "line 2: SQL that cannot be read"),
        ('{"columns": ["id", "b"], "data": [["1", "2"], ["3"]]}', "`data` has a row"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(BadInput, match=told) as refused:
        read(tmp_path, content)
    assert "rows" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_rows(tmp_path / "absent.csv")


@pytest.mark.parametrize(
    ("payload", "prompt"),
    [
        ({"prompt": "An otter dances", "model": "gen4.5"}, "An otter dances"),
        ({"input": {"beschreibung": "Ein Otter tanzt", "n": 2}}, "Ein Otter tanzt"),
        ('{"text": "An otter dances"}', "An otter dances"),
        ('{"otter": 1}', '{"otter": 1}'),
        ("{not JSON", "{not JSON"),
        ({"otter": 1}, None),
        (["An otter dances"], "An otter dances"),
    ],
)
def test_a_json_column_says_the_prompt_under_its_name(payload: object, prompt: str | None) -> None:
    row = {"id": "1", "status": "done", "created_at": "2026-05-06T08:00:00Z", "prompt": payload}
    assert Video.from_row(row).prompt == prompt


def test_addresses_and_errors_in_json_columns_are_text() -> None:
    video = Video.from_row(
        {
            "id": "1",
            "status": "failed",
            "created_at": "2026-05-06T08:00:00Z",
            "video_url": {"kind": "mp4", "url": "https://films.example.com/1.mp4"},
            "input_image_url": {"image": "https://images.example.com/1.jpg"},
            "error_message": {"code": 401, "error": "Invalid API key"},
            "runway_video_id": {"id": "9f1c2d3e-0000-4000-8000-000000000001"},
        }
    )
    assert video.video_url == "https://films.example.com/1.mp4"
    assert video.input_image_url == "https://images.example.com/1.jpg"
    assert video.error_message == '{"code": 401, "error": "Invalid API key"}'
    assert video.runway_video_id == "9f1c2d3e-0000-4000-8000-000000000001"

"""Whatever a file holds, reading it ends, without a crash, and every record is accounted for."""

from __future__ import annotations

import gzip
import json
import time
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lib.domain.trace import LogEntry
from lib.errors import BadInput
from lib.logs import framing
from lib.logs.reading import read_stream
from lib.logs.redact import redact
from lib.logs.report import ImportReport
from tests.unit.test_logs_reading import (
    G1,
    G2,
    G3,
    PASTED,
    TABLE,
    WRITTEN,
    drain,
    lines,
    request,
    row,
)

SAMPLES = [
    lines(drain(1), drain(2), drain(1)),
    json.dumps([drain(1), drain(2)], indent=1),
    lines(drain(1, "START RequestId: 1\n[GET] /x status=200\nhello\nEND RequestId: 1\nREPORT RequestId: 1")),
    G1,
    G2,
    G3,
    json.dumps([{"requestId": "a", "timestampInMs": 1_768_302_649_895, "message": "m"}]),
    lines(request(), request()),
    lines(row("1", "one"), row("2", "two")),
    TABLE,
    PASTED,
    "node.exe : Vercel CLI\n" + TABLE,
]  # fmt: skip
settings.register_profile("files", deadline=2000)
settings.load_profile("files")
values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["-", "", -1, "-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def account(content: bytes) -> ImportReport | None:
    """The report of a file, checked; None when its format is not known."""
    report = ImportReport()
    try:
        items = list(read_stream(BytesIO(content), "file", report, WRITTEN))
    except BadInput:
        return None
    assert report.records == report.used + report.repeated + report.unusable
    assert report.entries == sum(isinstance(item, LogEntry) for item in items)
    assert len(items) == report.entries + report.request_summaries
    for item in items:
        str(item).encode()
        assert item.request_id != ""
        assert not isinstance(item, LogEntry) or ("\0" not in item.message and item.message.strip())
    json.dumps(report.details())
    return report


@given(st.binary(max_size=300))
@example(b"\x1f\x8b\x08")
@example(b"\xff\xfe")
def test_any_bytes(content: bytes) -> None:
    account(content)


@pytest.mark.parametrize("unit", ["[", '{"a":', '{"', '},{"', "\n", '"', '{"},\n{"', "a,"])
def test_a_file_of_nothing_but_beginnings_ends_in_a_moment(unit: str) -> None:
    started = time.process_time()
    account((lines(drain()).strip() + unit * 5_000).encode())
    account(b"[" + (json.dumps(drain()) + unit * 5_000).encode())
    assert time.process_time() - started < 5


@given(st.sampled_from(SAMPLES), st.data())
@settings(max_examples=400)
def test_any_damage_to_a_file(sample: str, data: st.DataObject) -> None:
    content = sample.encode(data.draw(st.sampled_from(["utf-8", "utf-16"])))
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, len(content)))
    account(content[:start] + data.draw(st.binary(max_size=20)) + content[end:])


@given(st.sampled_from(SAMPLES), st.integers(0, 2000))
def test_a_file_cut_anywhere_loses_its_last_record_at_most(sample: str, cut: int) -> None:
    whole, part = account(sample.encode()), account(sample.encode()[: -cut or None])
    assert whole is not None
    if part is not None:
        assert part.records <= whole.records
        assert part.unusable <= whole.unusable + 1


@given(st.sampled_from(SAMPLES), st.integers(0, 3000))
def test_a_packed_file_cut_anywhere(sample: str, cut: int) -> None:
    account(gzip.compress(sample.encode())[: -cut or None])


@given(st.sampled_from([drain(), request(), row("1", "one")]), st.data())
@settings(max_examples=400)
def test_any_value_in_any_field(record: dict[str, Any], data: st.DataObject) -> None:
    strange = record | {data.draw(st.sampled_from(sorted(record))): data.draw(values)}
    report = account(lines(record).encode() + lines(strange).encode(errors="replace"))
    assert report is not None
    assert report.records >= 1


@given(st.lists(st.lists(st.text(max_size=8), max_size=30), max_size=4))
def test_any_rows_below_a_csv_header(rows: list[list[str]]) -> None:
    report = account((G3 + "\n" + "\n".join(",".join(row) for row in rows)).encode(errors="replace"))
    assert report is not None
    assert report.used >= 1


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_where_chunks_end_makes_no_difference_to_json(pieces: list[bytes]) -> None:
    whole = json.dumps([drain(1), drain(2, 'a "quoted" }, { thing')]).encode() + b"".join(pieces)
    one_by_one = framing.json_objects(whole[n : n + 1] for n in range(len(whole)))
    assert list(one_by_one) == list(framing.json_objects(iter([whole])))


@given(st.text(max_size=200))
def test_redaction_of_any_text(text: str) -> None:
    once = redact(text)
    once.encode()
    assert redact(once) == once

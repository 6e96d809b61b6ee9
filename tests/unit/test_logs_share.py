"""Processes that share a file find together what one finds alone, each thing once."""

from __future__ import annotations

import pickle
from io import BytesIO
from pathlib import Path

import pytest

from lib.logs import reading, source
from lib.logs.reading import WHOLE, Share, read_logs, read_stream, shares
from lib.logs.report import ImportReport
from lib.operations.import_logs import count_file
from tests.unit.test_logs_reading import G3, PASTED, WRITTEN, drain, lines, row

RECORDS = [
    drain(n, f"message {n}", requestId=f"iad1::r{n % 17}-{1_768_302_649_895 + n}-ab") for n in range(200)
]
IN_ORDER = lines(*RECORDS, *RECORDS[:20])
A_TAIL = lines(*(row(str(n), f"message {n}") for n in range(50)))


UNUSABLE = [
    drain(500, "x", timestamp="no time"),
    drain(501, "x", id="7" * 300),
    drain(502, "", requestId=None),
    drain(503) | {"message": {"no": ["text"]}},
    drain(504, "x", requestId=["no", "id"], path=5, statusCode="200"),
]


def a_drain() -> str:
    nameless = drain(300, "no request")
    del nameless["requestId"]
    return IN_ORDER + lines(nameless, nameless) + "broken\n" + lines(drain(400, 'not a "requestId": "x"'))


@pytest.fixture(
    params=[
        *(a_drain(), IN_ORDER, lines(*RECORDS[:90], *UNUSABLE, *RECORDS[90:])),
        *(A_TAIL, G3, PASTED, "cut off}\n" + a_drain()),
    ],
    ids=["drain", "clean drain", "partly unusable", "tail", "csv", "pasted", "cut"],
)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text(request.param, "utf-8")
    return path


@pytest.mark.parametrize("at_once", [300, 2_000])
def test_what_is_read_is_the_same_however_much_is_read_at_once(
    file: Path, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = ImportReport(), ImportReport()
    everything = list(read_logs(file, whole))
    monkeypatch.setattr(source, "CHUNK", at_once)
    monkeypatch.setattr(source, "HEAD", at_once)
    monkeypatch.setattr(reading, "AT_ONCE", at_once // 100)
    assert list(read_logs(file, parts)) == everything
    assert parts.details() == whole.details()


LONG = "m" * 2_000
A_TABLE = ["timestampInMs,requestId,message", *(f"{n + 1_768_302_649_000},r{n},{LONG}" for n in range(500))]
A_TEXT = [f"2026-01-13 11:10:49.{n:03} [info] {LONG}" for n in range(500)]


@pytest.mark.parametrize("rows", [A_TABLE, A_TEXT], ids=["csv", "pasted"])
def test_of_a_long_file_no_more_is_read_than_is_asked_for(rows: list[str]) -> None:
    content = BytesIO("\n".join(rows).encode())
    items = read_stream(content, "file", ImportReport(), WRITTEN)
    read = [content.tell() for _ in items]
    assert len(read) == 500
    assert all(at <= n * 2_050 + 3 * source.CHUNK for n, at in enumerate(read))


@pytest.mark.parametrize("of", [2, 3])
def test_shares_add_up_to_the_whole(file: Path, of: int) -> None:
    whole, together = ImportReport(), ImportReport()
    everything = list(read_logs(file, whole, WHOLE))
    found = []
    for number in range(of):
        part = ImportReport()
        found += list(read_logs(file, part, Share(number, of)))
        together.format = part.format
        together.merge(pickle.loads(pickle.dumps(part)))
    assert sorted(map(str, found)) == sorted(map(str, everything))
    assert together.details() == whole.details()


def test_a_small_file_is_read_by_one_process_and_a_big_one_by_several(file: Path) -> None:
    assert shares(file) == [WHOLE]
    assert len(shares(file, big=1)) >= 1


def test_counting_in_several_processes_counts_the_same(tmp_path: Path) -> None:
    path = tmp_path / "drain.ndjson"
    path.write_text(a_drain(), "utf-8")
    assert count_file(path, big=0).details() == count_file(path).details()


def test_lines_without_request_ids_stay_together_as_their_order_tells_requests_apart(tmp_path: Path) -> None:
    path = tmp_path / "tail.ndjson"
    path.write_text(A_TAIL, "utf-8")
    assert [len(list(read_logs(path, ImportReport(), Share(n, 2)))) for n in range(2)] == [50, 0]

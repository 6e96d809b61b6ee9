"""Processes that share a file find together what one finds alone, each thing once."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from lib.logs.reading import WHOLE, Share, read_logs, shares
from lib.logs.report import ImportReport
from lib.operations.import_logs import count_file
from tests.unit.test_logs_reading import G3, PASTED, drain, lines, row

RECORDS = [
    drain(n, f"message {n}", requestId=f"iad1::r{n % 17}-{1_768_302_649_895 + n}-ab") for n in range(200)
]
IN_ORDER = lines(*RECORDS, *RECORDS[:20])
A_TAIL = lines(*(row(str(n), f"message {n}") for n in range(50)))


def a_drain() -> str:
    nameless = drain(300, "no request")
    del nameless["requestId"]
    return IN_ORDER + lines(nameless, nameless) + "broken\n" + lines(drain(400, 'not a "requestId": "x"'))


@pytest.fixture(
    params=[a_drain(), IN_ORDER, A_TAIL, G3, PASTED, "cut off}\n" + a_drain()],
    ids=["drain", "clean drain", "tail", "csv", "pasted", "cut"],
)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text(request.param, "utf-8")
    return path


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

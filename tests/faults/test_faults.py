"""Whatever is killed or breaks off, no task is lost and none is paid for twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import Cluster
from tests.faults.bench import Bench, bench
from tests.faults.cases import Case, cases


@pytest.fixture(scope="module")
def ready(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with cluster.clone() as url, bench(url, tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_no_task_is_lost_or_paid_for_twice(ready: Bench, case: Case) -> None:
    result = ready.run(case)
    assert result.is_good, result

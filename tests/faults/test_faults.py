"""Whatever is killed or breaks off: no task is lost, none is paid for twice, nothing untrue is claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.databases import Cluster
from tests.faults.bench import Result
from tests.faults.cases import Case, cases
from tests.faults.matrix import running

THIRD = [case for case in cases() if case.in_third]  # all of them: `make faults`


@pytest.fixture(scope="module")
def results(
    request: pytest.FixtureRequest, cluster: Cluster, open_folder: Path
) -> Iterator[Mapping[str, Future[Result]]]:
    """Of the cases that were chosen, side by side."""
    asked = [item.callspec.params.get("case") for item in request.session.items if hasattr(item, "callspec")]
    with running([case for case in asked if isinstance(case, Case)], cluster, open_folder) as found:
        yield found


@pytest.mark.parametrize("case", THIRD, ids=lambda case: case.name)
def test_no_task_is_lost_or_paid_for_twice_and_nothing_untrue_is_claimed(
    results: Mapping[str, Future[Result]], case: Case
) -> None:
    result = results[case.name].result()
    assert result.is_good, result


def test_the_matrix_holds_each_case_once_and_more_than_four_hundred() -> None:
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) >= 400
    assert 0.25 < len(THIRD) / len(names) < 0.4

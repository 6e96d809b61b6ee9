"""Whatever is killed or breaks off: no task is lost, none is paid for twice, nothing untrue is claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path

import pytest

from lib.data.postgres import PostgresDatabase
from tests.databases import Cluster
from tests.faults.answers import ask, questions
from tests.faults.bench import Result
from tests.faults.cases import Case, cases
from tests.faults.matrix import running
from tests.simulated import simulated

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


def test_page_command_batch_sweep_and_queue_give_one_answer_and_pay_for_nothing_unproved(
    postgres: PostgresDatabase, database_url: str, tmp_path: Path
) -> None:
    """A third of the questions; all of them: `make faults`."""
    with simulated(tmp_path / "simulator") as runway:
        runway.store.configure(daily=100_000, credits=10_000_000, concurrency=1000)
        found = list(ask(questions()[::3], postgres, database_url, runway, tmp_path))
    assert {each.question.name: each.wrong for each in found if each.wrong} == {}
    assert any(each.question.is_proved for each in found)
    assert len(found) == 72


def test_the_matrix_holds_each_case_once_and_more_than_four_hundred() -> None:
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) >= 400
    assert 0.25 < len(THIRD) / len(names) < 0.4

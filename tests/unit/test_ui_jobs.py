"""A click starts its work once, and the work outlives the click's page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from lib.errors import BadInput
from lib.ui.kit.jobs import Jobs


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    running = Jobs(workers=2)
    yield running
    running.stop()


def test_a_double_click_starts_one_job(jobs: Jobs) -> None:
    gate, calls = threading.Event(), list[int]()

    def work() -> None:
        gate.wait(5)
        calls.append(1)

    jobs.start("retry-1", work)
    jobs.start("retry-1", work)
    gate.set()
    jobs.stop()
    assert calls == [1]


def test_a_job_is_running_until_it_ends_and_then_has_a_result(jobs: Jobs) -> None:
    begun, gate = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return gate.wait(5)

    jobs.start("retry-1", work)
    assert begun.wait(5)
    assert jobs.is_running("retry-1")
    assert jobs.result("retry-1") is None
    gate.set()
    jobs.stop()
    assert not jobs.is_running("retry-1")
    assert jobs.result("retry-1") is True


def test_a_job_that_was_not_begun_when_dailies_was_stopped_says_so() -> None:
    gate, jobs = threading.Event(), Jobs(1)
    jobs.start("retry-1", lambda: gate.wait(5))
    jobs.start("retry-2", fail_on_purpose)
    threading.Timer(0.1, gate.set).start()
    jobs.stop()
    assert jobs.result("retry-2") is None
    assert str(jobs.problem("retry-2")) == "It was not begun: Dailies was being stopped."


def fail_on_purpose() -> None:
    raise BadInput("The image is too large.")


def fail_unexpectedly() -> None:
    raise ZeroDivisionError("secret detail")


def test_a_failure_raised_on_purpose_is_shown_as_it_is(jobs: Jobs) -> None:
    jobs.start("generate-1", fail_on_purpose)
    jobs.stop()
    assert str(jobs.problem("generate-1")) == "The image is too large."


def test_an_unexpected_failure_is_logged_whole_and_shown_without_detail(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        jobs.start("generate-1", fail_unexpectedly)
        jobs.stop()
    assert "secret detail" not in str(jobs.problem("generate-1"))
    assert caplog.records[0].exc_info is not None


def test_a_name_nobody_started_has_neither_result_nor_problem(jobs: Jobs) -> None:
    assert jobs.problem("nothing") is None
    assert jobs.result("nothing") is None
    assert not jobs.is_running("nothing")

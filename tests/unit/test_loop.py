"""The background loop goes on whatever happens, and says what does not work."""

from __future__ import annotations

import logging
import threading

import pytest

from lib.errors import DatabaseUnavailable
from lib.worker.loop import Loop


class Failing:
    """A step that fails until it is told otherwise."""

    def __init__(self) -> None:
        self.broken = True
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        if self.broken:
            raise DatabaseUnavailable("The database is down.")
        return 1


def test_a_round_counts_what_its_steps_did() -> None:
    assert Loop({"judging": lambda: 3, "polling": lambda: 2}).run_once() == 5


def test_a_failing_step_does_not_keep_the_others_from_working() -> None:
    loop = Loop({"judging": Failing(), "polling": lambda: 2})
    assert loop.run_once() == 2
    assert loop.problems == {"judging": "The database is down."}


def test_the_same_failure_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    step = Failing()
    loop = Loop({"judging": step})
    with caplog.at_level(logging.INFO):
        loop.run_once()
        loop.run_once()
        step.broken = False
        loop.run_once()
    assert [record.message for record in caplog.records] == [
        "judging: The database is down.",
        "judging works again",
    ]
    assert loop.problems == {}


def test_it_waits_while_there_is_nothing_to_do_and_wakes_when_told() -> None:
    worked = threading.Semaphore(0)

    def step() -> int:
        worked.release()
        return 0

    loop = Loop({"judging": step}, every=60)
    loop.start()
    assert worked.acquire(timeout=5)
    assert not worked.acquire(timeout=0.1)
    loop.wake()
    assert worked.acquire(timeout=5)
    loop.stop()
    assert not loop.is_running


def test_after_stop_no_step_is_begun() -> None:
    step = Failing()
    loop = Loop({"judging": step})
    loop.stop()
    loop.run_once()
    assert step.calls == 0

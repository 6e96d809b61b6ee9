"""The loop goes on whatever happens, says what does not work, and ends with nothing half done."""

from __future__ import annotations

import logging
import threading

import pytest

from lib.errors import DatabaseUnavailable
from lib.worker.loop import Loop, Verb


class Failing:
    """A verb that fails until it is told otherwise."""

    def __init__(self) -> None:
        self.broken = True
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        if self.broken:
            raise DatabaseUnavailable("The database is down.")
        return 1


def test_a_round_counts_what_its_verbs_did() -> None:
    assert Loop([Verb("judge", lambda: 3), Verb("poll", lambda: 2)]).run_once() == 5


def test_a_failing_verb_does_not_keep_the_others_from_working() -> None:
    loop = Loop([Verb("judge", Failing()), Verb("poll", lambda: 2)])
    assert loop.run_once() == 2
    assert loop.problems == {"judge": "The database is down."}


def test_the_same_failure_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    verb = Failing()
    loop = Loop([Verb("judge", verb)])
    with caplog.at_level(logging.INFO):
        loop.run_once()
        loop.run_once()
        verb.broken = False
        loop.run_once()
    assert [record.message for record in caplog.records] == [
        "judge: The database is down.",
        "judge works again",
    ]
    assert loop.problems == {}


def test_it_rests_while_there_is_nothing_to_do_and_wakes_when_told() -> None:
    worked = threading.Semaphore(0)

    def verb() -> int:
        worked.release()
        return 0

    loop = Loop([Verb("judge", verb, pause=60)])
    loop.start()
    assert worked.acquire(timeout=5)
    assert not worked.acquire(timeout=0.1)
    loop.wake()
    assert worked.acquire(timeout=5)
    assert loop.stop()
    assert not loop.is_running


def test_what_takes_long_to_find_nothing_is_asked_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.worker.loop.RESTS", 10_000)
    looked = threading.Semaphore(0)

    def verb() -> int:
        threading.Event().wait(0.01)
        looked.release()
        return 0

    loop = Loop([Verb("poll", verb, pause=0.01)])
    loop.start()
    assert looked.acquire(timeout=5)
    assert not looked.acquire(timeout=0.5)  # at most five seconds
    assert loop.stop()


def test_a_slow_verb_holds_up_no_other() -> None:
    begun, release, polled = threading.Event(), threading.Event(), threading.Semaphore(0)

    def slow() -> int:
        begun.set()
        release.wait(5)
        return 0

    def quick() -> int:
        polled.release()
        return 0

    loop = Loop([Verb("queue", slow), Verb("poll", quick, pause=0.01)])
    loop.start()
    assert begun.wait(5)
    for _ in range(3):
        assert polled.acquire(timeout=5)
    release.set()
    assert loop.stop()


def test_stopping_waits_for_the_unit_in_hand_and_then_says_goodbye() -> None:
    begun, told = threading.Event(), []

    def unit() -> int:
        begun.set()
        loop.stopping.wait(5)
        told.append("unit")
        return 1

    loop = Loop([Verb("queue", unit)], at_end=lambda: told.append("goodbye"))
    loop.start()
    assert begun.wait(5)
    assert loop.stop()
    assert told == ["unit", "goodbye"]


def test_stopping_says_when_a_unit_does_not_end() -> None:
    release = threading.Event()
    begun = threading.Event()

    def unit() -> int:
        begun.set()
        release.wait(5)
        return 0

    loop = Loop([Verb("queue", unit)])
    loop.start()
    assert begun.wait(5)
    assert not loop.stop(timeout=0.05)
    release.set()


def test_after_stop_no_verb_is_begun() -> None:
    verb = Failing()
    loop = Loop([Verb("judge", verb)])
    loop.stop()
    loop.run_once()
    assert verb.calls == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unexpected_error_is_told_without_its_words_and_tried_again() -> None:
    tried = threading.Semaphore(0)

    def broken() -> int:
        tried.release()
        raise ZeroDivisionError("a secret may stand here")

    loop = Loop([Verb("judge", broken, pause=0.01)])
    loop.start()
    for _ in range(3):
        assert tried.acquire(timeout=5)
    assert loop.is_running
    assert loop.problems == {"judge": "Unexpected ZeroDivisionError; the server's log has the details."}
    assert loop.stop()

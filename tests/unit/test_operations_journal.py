"""The journal: what was appended is there, whatever happened in between, and whatever else stands in it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.data import attempts
from lib.data.journal import Journal, JournalError
from lib.data.postgres import PostgresDatabase
from lib.operations.recover import recover_from_journal, settle_interrupted
from lib.operations.sweep import sweep
from lib.worker.jobs import JournalVerb
from tests.apps import app_of
from tests.production import attempts_of
from tests.simulated import COST, REQUEST, Simulated, simulated

ATTEMPT, VIDEO, TASK = (f"{digit * 8}-0000-4000-8000-000000000001" for digit in "abc")
WHOLE = {"at": "2026-11-21T10:00:00+00:00", "attempt_id": ATTEMPT, "video_id": VIDEO, "task_id": TASK}


def line(**changes: object) -> bytes:
    return json.dumps(WHOLE | changes).encode()


BAD_LINES = {
    "a bad uuid": (line(attempt_id="attempt-1"), "Invalid UUID"),
    "no video": (line(video_id=""), "video_id"),
    "a video that is a number": (line(video_id=7), "Expected `str`"),
    "an id that is a number": (line(attempt_id=7), "Expected `uuid`"),
    "no task": (line(task_id=None), "task_id"),
    "an empty task": (line(task_id=""), "task_id"),
    "a task with a line break": (line(task_id="task\n1"), "task_id"),
    "a task with a character 0": (line(task_id="task\x00"), "task_id"),
    "a task that is too long": (line(task_id="t" * 201), "task_id"),
    "a list of tasks": (line(task_id=[TASK]), "Expected `str`"),
    "no time": (line(at="yesterday"), "datetime"),
    "a time in numbers": (line(at=1763719200), "datetime"),
    "a number": (b"17", "Expected `object`"),
    "null": (b"null", "Expected `object`"),
    "an array": (b"[]", "Expected `object`"),
    "a text": (b'"line"', "Expected `object`"),
    "too little": (b'{"task_id": "task-1"}', "missing required field"),
    "binary rubbish": (b"\x00\xff\xfe\x80\x00", "malformed"),
    "rubbish in a text": (line(task_id="?").replace(b"?", b"\xff\xfe"), ""),
    "half a line": (line()[:60], ""),
    "two lines in one": (line() + line(), "trailing"),
    "a deep nest": (line(more=0).replace(b"0}", b"[" * 1900 + b"]" * 1900 + b"}"), "recursion"),
    "ten megabytes": (line(task_id="t" * 10_000_000), ""),
    "ten megabytes of brackets": (b"[" * 10_000_000, ""),
}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "data" / "journal.jsonl")


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator") as running:
        yield running


def ids() -> tuple[str, str]:
    return str(uuid.uuid4()), str(uuid.uuid4())


def test_what_was_appended_is_read_in_order(journal: Journal) -> None:
    first, second = ids(), ids()
    journal.append(*first, "task-1")
    journal.append(*second, "task-2")
    entries = Journal(journal.path).read().entries
    assert [(entry.attempt_id, entry.video_id, entry.task_id) for entry in entries] == [
        (*first, "task-1"),
        (*second, "task-2"),
    ]


@pytest.mark.parametrize("video_id", ["41", "clip_9f2", "Clip Ä/7"])
def test_a_video_may_have_an_id_of_any_kind(journal: Journal, video_id: str) -> None:
    journal.append(ATTEMPT, video_id, TASK)
    content = journal.read()
    assert [(entry.video_id, entry.task_id) for entry in content.entries] == [(video_id, TASK)]
    assert content.bad == []


def test_a_journal_that_was_never_written_is_empty(journal: Journal) -> None:
    assert journal.read() == ([], [])


def test_a_torn_last_line_is_told_and_loses_nothing_that_comes_after(journal: Journal) -> None:
    journal.append(*ids(), "task-1")
    with journal.path.open("a") as file:
        file.write('{"at": "2026-11-21T')
    journal.append(*ids(), "task-2")
    content = journal.read()
    assert [entry.task_id for entry in content.entries] == ["task-1", "task-2"]
    assert [(bad.number, bad.text) for bad in content.bad] == [(2, '{"at": "2026-11-21T')]


@pytest.mark.parametrize("kind", BAD_LINES)
def test_a_line_that_is_no_entry_is_set_aside_with_its_number_and_the_reason(
    journal: Journal, kind: str
) -> None:
    bad, reason = BAD_LINES[kind]
    journal.append(*ids(), "task-1")
    with journal.path.open("ab") as file:
        file.write(b"\n" + bad + b"\n")
    journal.append(*ids(), "task-2")
    content = journal.read()
    assert [entry.task_id for entry in content.entries] == ["task-1", "task-2"]
    (told,) = content.bad
    assert told.number == 3
    assert reason in told.reason
    assert 0 < len(told.text) <= 200


def test_what_a_later_version_adds_to_a_line_does_not_lose_it(journal: Journal) -> None:
    journal.path.parent.mkdir()
    journal.path.write_bytes(line(cost=25) + b"\n")
    assert [entry.task_id for entry in journal.read().entries] == [TASK]


def test_an_id_in_capitals_is_the_same_id(journal: Journal) -> None:
    journal.path.parent.mkdir()
    journal.path.write_bytes(line(attempt_id=ATTEMPT.upper()))
    assert [entry.attempt_id for entry in journal.read().entries] == [ATTEMPT]


@given(rubbish=st.binary(max_size=300))
def test_no_bytes_at_all_keep_it_from_being_read(
    tmp_path_factory: pytest.TempPathFactory, rubbish: bytes
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal") / "journal.jsonl")
    journal.path.write_bytes(rubbish + b"\n")
    journal.append(*ids(), "task-1")
    assert [entry.task_id for entry in journal.read().entries][-1:] == ["task-1"]


def test_a_very_long_line_is_passed_over_quickly(journal: Journal) -> None:
    journal.path.parent.mkdir()
    journal.path.write_bytes(b"x" * 100_000_000 + b"\n" + line())
    begun = time.process_time()
    content = journal.read()
    assert time.process_time() - begun < 2
    assert (len(content.entries), len(content.bad)) == (1, 1)


def test_a_journal_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (bad,) = Journal(tmp_path).read().bad
    assert (bad.number, bad.reason) == (0, "the journal cannot be read: Is a directory")


@pytest.mark.parametrize("kind", BAD_LINES)
def test_no_line_stops_a_sweep_a_recovery_or_a_replay(
    postgres: PostgresDatabase, runway: Simulated, journal: Journal, kind: str
) -> None:
    """A task whose id stands in the journal only is saved, whatever stands beside it."""
    app = app_of(postgres, runway.client, journal.path.parent)
    journal.path.parent.mkdir()
    journal.path.write_bytes(BAD_LINES[kind][0] + b"\n")
    for bring_back in (
        lambda: sweep(app, holder="w1"),
        lambda: settle_interrupted(app),
        JournalVerb(app).step,
    ):
        video_id = str(uuid.uuid4())
        claim = attempts.claim(
            postgres, video_id, f"{video_id}/1", "ann", request=REQUEST, credits=COST, new={}
        )
        attempts.sent(postgres, claim.attempt.id)
        journal.append(claim.attempt.id, video_id, runway.client.create(REQUEST).id)
        bring_back()
        (saved,) = attempts_of(postgres, video_id)
        assert saved.task_id == runway.task_ids[-1]
    (problem,) = recover_from_journal(app).problems
    assert f"{journal.path}, line 1: left out, " in problem
    assert len(problem) < 2000


def test_a_full_disk_is_named_together_with_the_id_that_must_not_be_lost() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(JournalError, match=r"Task task-1 of video video-1 .*No space left"):
        Journal(Path("/dev/full")).append("attempt-1", "video-1", "task-1")


def test_only_its_owner_can_read_it(journal: Journal) -> None:
    journal.append(*ids(), "task-1")
    assert journal.path.stat().st_mode & 0o077 == 0

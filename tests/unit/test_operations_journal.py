"""The journal: what was appended is there, whatever happened in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.data.journal import Journal, JournalError


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "data" / "journal.jsonl")


def test_what_was_appended_is_read_in_order(journal: Journal) -> None:
    journal.append("attempt-1", "video-1", "task-1")
    journal.append("attempt-2", "video-2", "task-2")
    entries = Journal(journal.path).read().entries
    assert [(entry.attempt_id, entry.video_id, entry.task_id) for entry in entries] == [
        ("attempt-1", "video-1", "task-1"),
        ("attempt-2", "video-2", "task-2"),
    ]


def test_a_journal_that_was_never_written_is_empty(journal: Journal) -> None:
    assert journal.read() == ([], [])


def test_a_torn_last_line_is_reported_and_loses_nothing_that_comes_after(journal: Journal) -> None:
    journal.append("attempt-1", "video-1", "task-1")
    with journal.path.open("a") as file:
        file.write('{"at": "2026-11-21T')
    assert journal.read().torn == ['{"at": "2026-11-21T']
    journal.append("attempt-2", "video-2", "task-2")
    content = journal.read()
    assert [entry.task_id for entry in content.entries] == ["task-1", "task-2"]
    assert content.torn == ['{"at": "2026-11-21T']


@pytest.mark.parametrize(
    "line", ["null", "[]", "17", '{"task_id": "task-1"}', '{"other": 1}', "\x00\x00", "\xff"]
)
def test_lines_that_are_no_entries_are_torn(journal: Journal, line: str) -> None:
    journal.append("attempt-1", "video-1", "task-1")
    with journal.path.open("ab") as file:
        file.write(line.encode("latin-1") + b"\n")
    content = journal.read()
    assert len(content.entries) == 1
    assert len(content.torn) == 1


def test_a_full_disk_is_named_together_with_the_id_that_must_not_be_lost() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(JournalError, match=r"Task task-1 of video video-1 .*No space left"):
        Journal(Path("/dev/full")).append("attempt-1", "video-1", "task-1")


def test_only_its_owner_can_read_it(journal: Journal) -> None:
    journal.append("attempt-1", "video-1", "task-1")
    assert journal.path.stat().st_mode & 0o077 == 0

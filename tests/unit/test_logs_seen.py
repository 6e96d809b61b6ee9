"""Counting what came before is exact, however many things there are and in whatever order."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lib.domain.trace import LogEntry
from lib.logs.formats import Item
from lib.logs.reading import in_written_order
from lib.logs.repeats import BUCKET_MS, EntryKeys, Repeats

things = st.tuples(st.integers(0, 5).map(lambda n: n * BUCKET_MS), st.sampled_from("abcdef"))


@given(st.lists(things, max_size=200), st.integers(0, 10))
def test_counts_are_exact_when_hardly_anything_fits_in_memory(
    asked: list[tuple[int, str]], room: int
) -> None:
    seen, expected = Repeats(kept_in_memory=room), Counter[tuple[int, str]]()
    for at_ms, thing in asked:
        assert seen.count(at_ms, thing) == expected[at_ms, thing]
        expected[at_ms, thing] += 1
    assert seen.different == len(expected)


def test_memory_holds_no_more_than_it_may() -> None:
    seen = Repeats(kept_in_memory=1000)
    for n in range(100_000):
        seen.count(n * 100, n)
    assert sum(map(len, seen._recent.values())) <= 1000 + BUCKET_MS // 100
    assert seen.count(0, 0) == 1


def entry(message: str = "m", at_ms: int = 1, request: str | None = "r") -> LogEntry:
    return LogEntry(at_ms, "info", message, request)


def test_the_same_entry_has_the_same_key_in_every_file() -> None:
    fuller = entry()._replace(path="/x", status_code=200, deployment_id="d", entry_id="7")
    assert EntryKeys().key(entry()) == EntryKeys().key(fuller)


def test_a_line_written_twice_has_two_keys_in_every_file() -> None:
    one, other = EntryKeys(), EntryKeys()
    keys = [one.key(entry()), one.key(entry())]
    assert keys == [other.key(entry()), other.key(entry())]
    assert len(set(keys)) == 2


def test_whatever_differs_makes_another_key() -> None:
    keys = EntryKeys()
    entries = [
        entry(),
        entry("n"),
        entry(at_ms=2),
        entry(request="s"),
        entry(request=None),
        entry()._replace(level="error"),
    ]
    assert len({keys.key(each) for each in entries}) == len(entries)


def test_an_id_made_up_for_text_is_no_part_of_the_key() -> None:
    assert EntryKeys().key(entry(request="text-1-ab")) == EntryKeys().key(entry(request=None))


def test_runs_of_one_time_are_turned_round_where_time_goes_back() -> None:
    times = [(3, "d"), (2, "c"), (2, "b"), (1, "a")]
    backwards: list[list[Item]] = [[entry(text, at_ms)] for at_ms, text in times]
    assert [e.message for e in in_written_order(backwards) if isinstance(e, LogEntry)] == ["d", "b", "c", "a"]
    forwards = backwards[::-1]
    assert [e.message for e in in_written_order(forwards) if isinstance(e, LogEntry)] == ["a", "b", "c", "d"]

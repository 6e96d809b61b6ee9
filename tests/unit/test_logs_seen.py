"""Counting what came before is exact, however many things there are and in whatever order."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.formats import Item
from lib.logs.reading import in_written_order
from lib.logs.repeats import BUCKET_MS, EntryKeys, Repeats, completed, merged

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


@given(st.lists(st.lists(things, max_size=20), max_size=20), st.integers(0, 10))
def test_counts_are_the_same_whether_things_are_counted_together_or_one_by_one(
    asked: list[list[tuple[int, str]]], room: int
) -> None:
    together, alone = Repeats(kept_in_memory=room), Repeats(kept_in_memory=room)
    for some in asked:
        times, counted = [at_ms for at_ms, _ in some], [thing for _, thing in some]
        assert together.count_each(times, counted) == [alone.count(*each) for each in some]
    assert together.different == alone.different
    assert sum(map(len, together._recent.values())) == together._in_memory


def test_nothing_was_never_before() -> None:
    seen = Repeats()
    assert seen.count_each([1, 1, 1], [None, "a", None]) == [0, 0, 0]
    assert (seen.different, seen.count(1, "a")) == (1, 1)
    assert seen.count_each([9 * BUCKET_MS], [None]) == [0]
    assert len(seen._recent) == 1


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


def test_keys_are_the_same_whether_they_are_made_together_or_one_by_one() -> None:
    entries = [entry(), entry("n"), entry(), entry(request=None), entry(), entry(request="text-1-ab")]
    alone = EntryKeys()
    assert EntryKeys().keys(entries) == [alone.key(each) for each in entries]


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


def summary(**fields: Any) -> RequestSummary:
    return RequestSummary("r", 5)._replace(**fields)


def test_what_two_files_tell_is_there_once_and_what_one_tells_twice_is_there_twice() -> None:
    twice, other = [entry(), entry()], entry("other")
    assert merged([twice, [*twice, other], [other]]) == ([*twice, other], [])


def test_a_line_of_text_that_another_file_tells_with_its_request_is_one() -> None:
    pasted: list[Item] = [entry(request=None), entry("only pasted", request="text-1-ab"), entry(request=None)]
    exported: list[Item] = [entry(), summary()]
    for files in ([pasted, exported], [exported, pasted]):
        entries, requests = merged(files)
        assert sorted(map(str, entries)) == sorted(map(str, [entry(), entry(request=None), pasted[1]]))
        assert requests == [summary()]


def test_what_is_known_of_a_request_is_completed() -> None:
    first, second = summary(status_code=200, at_ms=7), summary(duration_ms=412, method="POST")
    for files in ([[first], [second]], [[second], [first]]):
        assert merged(files)[1] == [summary(status_code=200, duration_ms=412, method="POST", at_ms=5)]
    assert completed(first, None) == first
    assert completed(summary(status_code=500), first).status_code == 500

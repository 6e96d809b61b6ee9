"""What is typed into the search of the list fills its filters; what is not understood is told."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from lib.ui.kit.search import QUALIFIERS, read

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "filters", "text"),
    [
        ("swan lake", {}, "swan lake"),
        ("moderated lake cause:moderated", {"cause": ["moderated"]}, "moderated lake"),
        ("status:failed", {"status": ["failed"]}, ""),
        ("status:failed,queued status:processing", {"status": ["failed", "queued", "processing"]}, ""),
        ("STATUS:Failed", {"status": ["failed"]}, ""),
        ('cause:"Task id not saved"', {"cause": ["task_id_not_saved"]}, ""),
        ("cause:moderated lake", {"cause": ["moderated"]}, "lake"),
        ("trouble:stuck", {"trouble": ["stuck"]}, ""),
        ("model:gen4_turbo deployment:dpl_9z", {"model": ["gen4_turbo"], "deployment": ["dpl_9z"]}, ""),
        ("ratio:1280:720 duration:5", {"ratio": ["1280:720"], "duration": ["5"]}, ""),
        ("user:8a1f lake", {"user": ["8a1f"]}, "lake"),
        ("stage:task_created", {"stage": ["task_created"]}, ""),
        ('group:"no error message"', {"group": ["no error message"]}, ""),
        ("before:2h", {"window": ["all"], "until": ["2026-03-14T10:00"]}, ""),
        ("before:2026-03-01", {"window": ["all"], "until": ["2026-03-01T00:00"]}, ""),
        ("after:3h", {"window": ["180m"], "until": []}, ""),
        ("after:1d before:2h", {"window": ["1320m"], "until": ["2026-03-14T10:00"]}, ""),
        ("window:all", {"window": ["all"], "until": []}, ""),
        ("https://images.test/a.png", {}, "https://images.test/a.png"),
        ("", {}, ""),
    ],
)
def test_a_search_fills_filters_and_leaves_its_words(
    typed: str, filters: dict[str, list[str]], text: str
) -> None:
    found = read(typed, NOW)
    assert (found.filters, found.text, found.problems) == (filters, text, [])


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("status:faild", "status:faild is unknown. Possible: failed"),
        ("cause:zzz", "cause:zzz is unknown. Possible: succeeded"),
        ("model:gen9", "Possible: gen"),
        ("before:yesterday", "before:yesterday is not a time. Write 2h"),
        ("window:x", "window:x is not a time"),
    ],
)
def test_what_is_not_understood_is_told_with_what_is_possible_and_stays(typed: str, told: str) -> None:
    found = read(f"swan {typed} status:queued", NOW)
    assert told in found.problems[0]
    assert (found.rest, found.text) == (f"swan {typed}", "swan")
    assert found.filters == {"status": ["queued"]}


@pytest.mark.parametrize(
    "typed",
    [
        'said "hello" and',
        '"error":"Too many',
        'ZYX "quote"',
        '"swan" or "lake"',
        '"swan lake" tail',
        '{"code": "E1", "detail": "status:failed"}',
        "'status:failed' it is",
        "don't say it's",
        'an inch is 1"',
        '"',
        '""',
        "two  blanks",
        "a\ttab",
        "a line\nand the next",
        "12:30 status: failed",
    ],
)
def test_what_is_no_filter_is_searched_for_as_it_was_typed(typed: str) -> None:
    found = read(f" {typed}\n", NOW)
    assert (found.text, found.rest, found.filters, found.problems) == (typed, typed, {}, [])


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("style:neon", "style:"),
        ("swan  State:failed", "state:"),
        ('error:"Too many" requests', "error:"),
        ("style:neon mood:dark style:flat", "style: or mood:"),
    ],
)
def test_a_name_of_no_filter_is_told_with_those_there_are_and_searched_for_as_text(
    typed: str, named: str
) -> None:
    found = read(typed, NOW)
    assert (found.text, found.rest, found.filters) == (typed, typed, {})
    assert found.problems == [
        f"There is no filter {named}, so it is searched for as text. Filters: {', '.join(QUALIFIERS)}."
    ]
    assert read(f"{typed} status:failed", NOW).filters == {"status": ["failed"]}


@pytest.mark.parametrize("quote", ['"', "'", "`"])
@pytest.mark.parametrize("text", ["swan lake", "status:failed", "a status:failed", " blanks  around "])
def test_one_pair_of_quotes_around_all_of_a_text_is_not_searched_for(quote: str, text: str) -> None:
    typed = f"{quote}{text}{quote}"
    found = read(typed, NOW)
    assert (found.text, found.rest, found.filters, found.problems) == (text, typed, {}, [])
    found = read(f"model:gen4_turbo {typed} trouble:stuck", NOW)
    assert (found.text, found.rest, list(found.filters)) == (text, typed, ["model", "trouble"])


def test_quotes_within_quotes_of_another_kind_are_searched_for() -> None:
    assert read("""'"error"'""", NOW).text == '"error"'


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ('said  "hello" status:failed', 'said  "hello"'),
        ('status:failed "error":"Too many', '"error":"Too many'),
        ('not status:failed  so  "fast"', 'not so  "fast"'),
        ('a "model:x y" status:failed b', 'a "model:x y" b'),
        ('"a status:queued" status:failed', "a status:queued"),
        ("it's status:failed isn't", "it's isn't"),
        ('2" wide status:failed', '2" wide'),
    ],
)
def test_filters_are_taken_out_of_a_text_and_the_rest_of_it_stays_as_it_was_typed(
    typed: str, text: str
) -> None:
    found = read(typed, NOW)
    assert (found.text, found.filters, found.problems) == (text, {"status": ["failed"]}, [])


def test_what_stays_in_the_field_is_read_as_the_same_text_again() -> None:
    chance = Random(7)
    parts = (
        "status:failed",
        'user:a"b',
        "cause:zz",
        '"',
        "'",
        "`",
        " ",
        "  ",
        "swan",
        "\n",
        'model:"gen4_turbo"',
    )
    for _ in range(3000):
        typed = "".join(chance.choices(parts, k=chance.randint(1, 9)))
        found = read(typed, NOW)
        again = read(found.rest, NOW)
        assert (again.text, again.rest, again.filters) == (found.text, found.rest, {}), typed


def test_a_search_of_any_length_is_read_at_once() -> None:
    assert len(read('a:"' * 100_000, NOW).text) <= 1000


def test_of_a_longer_search_than_is_read_it_is_told_how_much_is() -> None:
    assert read("x" * 1000, NOW).problems == []
    assert "only its first 1,000 characters" in read("x" * 1001, NOW).problems[0]

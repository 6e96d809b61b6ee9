"""What is typed into the search of the list fills its filters; what is not understood is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lib.ui.kit.search import read

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "filters", "text"),
    [
        ("swan lake", {}, "swan lake"),
        ('"swan lake" tail', {}, "swan lake tail"),
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
        ("state:failed", "state: is not a filter. There are status, cause"),
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


def test_a_search_of_any_length_is_read_at_once() -> None:
    assert len(read('a:"' * 100_000, NOW).text) <= 1000

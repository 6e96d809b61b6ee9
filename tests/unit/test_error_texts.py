"""Hundreds of error texts as vendors, SDKs, HTTP clients and apps write them, read in linear time."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lib.domain.cause import CAUSES
from lib.domain.diagnosis import signatures, speaker, status, symptoms, text, warning, wording
from lib.domain.diagnosis.symptoms import Speaker, http_status, is_warning, read_error
from tests.growth import grows_too_fast

FILE = Path(__file__).parents[1] / "error_texts.txt"


class Labelled(NamedTuple):
    text: str
    meaning: str  # the heading it stands under


def labelled() -> Iterator[Labelled]:
    heading = ""
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("== "):
            heading = line.removeprefix("== ")
        elif line and not line.startswith("# "):
            yield Labelled(re.sub(r"\\(.)", lambda c: {"n": "\n", "t": "\t"}.get(c[1], c[1]), line), heading)


TEXTS = tuple(labelled())
MEANT = [each for each in TEXTS if each.meaning not in ("nothing", "in doubt")]


@pytest.mark.parametrize(("said", "meaning"), MEANT)
def test_a_text_tells_its_cause_and_who_failed_and_whether_runway_itself_refused(
    said: str, meaning: str
) -> None:
    symptom = read_error(said)
    assert symptom is not None
    assert f"{symptom.cause} {symptom.speaker}{' refusal' * symptom.refusal}" == meaning
    assert symptom.cause in CAUSES


@pytest.mark.parametrize("said", [each.text for each in TEXTS if each.meaning == "nothing"])
def test_a_number_that_is_no_status_a_warning_and_an_empty_phrase_speak_for_nothing(said: str) -> None:
    assert read_error(said) is None


@pytest.mark.parametrize("said", [each.text for each in TEXTS if each.meaning == "in doubt"])
def test_what_may_be_another_request_or_another_service_is_not_runways_refusal(said: str) -> None:
    symptom = read_error(said)
    assert symptom is None or not symptom.refusal


@pytest.mark.parametrize(
    "another",
    [
        "(bucket reels)",
        "https://kqjwzhxvbnmtrplgfdsa.supabase.co/rest/v1/reels",
        "duplicate key value violates unique constraint",
        "webhook",
        "OpenAI",
        "FUNCTION_INVOCATION_TIMEOUT",
        "; attempt 2 created a task",
        "; then socket hang up",
        "while polling",
    ],
)
@pytest.mark.parametrize("refused", [each.text for each in MEANT if each.meaning.endswith(" refusal")])
def test_a_refusal_beside_anybody_else_or_another_request_proves_nothing(refused: str, another: str) -> None:
    for said in (f"{refused}\n{another}", f"{another} {refused}"):
        symptom = read_error(said)
        assert symptom is None or not symptom.refusal


def test_the_texts_are_many_and_each_is_there_once() -> None:
    assert len(TEXTS) > 500
    assert len({each.text for each in MEANT}) == len(MEANT)
    assert {each.meaning.split()[1] for each in MEANT} == {str(who) for who in Speaker}


def test_a_refusal_that_a_status_check_threw_proves_nothing_of_the_creation() -> None:
    refused = 'AuthenticationError: 401 {"error":"The API key you provided is invalid."}'
    sdk = "\n    at RunwayML.makeStatusError (/var/task/node_modules/@runwayml/sdk/client.mjs:203:32)"
    created = read_error(refused + sdk + "\n    at async createReel (/var/task/app/api/reels/route.js:52:18)")
    checked = read_error(refused + sdk + "\n    at async GET (/var/task/app/api/reels/status/route.js:12:18)")
    assert created is not None
    assert checked is not None
    assert (created.refusal, checked.refusal) == (True, False)


@pytest.mark.parametrize("before", ["", "[reels] ", "Error: ", "Unhandled Rejection: "])
@pytest.mark.parametrize("said", [each.text for each in MEANT if " database" in each.meaning])
def test_what_the_database_says_is_never_runways_fault_whoever_passes_it_on(before: str, said: str) -> None:
    symptom = read_error(before + said)
    assert symptom is not None
    assert symptom.speaker is not Speaker.RUNWAY
    assert not CAUSES[symptom.cause].key.startswith("runway")


@pytest.mark.parametrize(
    "said",
    [
        "(node:17) UnhandledPromiseRejectionWarning: AuthenticationError: 401 {}",
        "(node:4) Warning: slow\nError: connect ECONNREFUSED 127.0.0.1:5432",
        "Error: 401 in spite of the warning",
        "model gen9 is deprecated: HTTP 400",
    ],
)
def test_an_error_that_speaks_of_a_warning_or_follows_one_is_an_error(said: str) -> None:
    assert not is_warning(said)
    assert read_error(said) is not None


def test_the_stack_says_who_threw_only_where_the_text_names_nobody() -> None:
    frames = "\n    at async f (/var/task/node_modules/@supabase/postgrest-js/dist/index.js:404:12)"
    threw = read_error("TypeError: fetch failed" + frames)
    named = read_error("Runway responded with 503" + frames)
    assert threw is not None
    assert named is not None
    assert (threw.speaker, named.speaker) == (Speaker.DATABASE, Speaker.RUNWAY)
    assert http_status("TypeError: fetch failed" + frames) is None


# Reading is linear in the length of a text.

ROWS = tuple(row for rows in vars(signatures).values() if isinstance(rows, tuple) for row in rows)


def compiled() -> Iterator[tuple[str, re.Pattern[str]]]:
    for module in (speaker, status, symptoms, text, warning, wording):
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield f"{module.__name__}.{name}", value
            elif name in ("STATED", "BY_CLASS", "BY_WORDING"):
                yield from ((f"{module.__name__}.{name}.{cause}", pattern) for cause, pattern in value)


def outside_brackets(row: str) -> str:
    row = re.sub(r"\[(?:\\.|[^\]\\])+\]", "x", re.sub(r"\\[^\]\[]", "x", row))
    while (shorter := re.sub(r"\([^()]*\)", "x", row)) != row:
        row = shorter
    return row


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_one_pattern_of_small_letters_whose_repeats_are_bounded(row: str) -> None:
    assert "|" not in outside_brackets(row)
    assert not re.search(r"[*+]|\{\d+,\}", re.sub(r"\\.|\[(?:\\.|[^\]\\])+\]", "x", row))
    assert not re.search(r"[A-Z]", re.sub(r"\\.|\(\?\w*", "", row))


def near_misses(pattern: re.Pattern[str]) -> set[str]:
    """What almost matches, many times over, and what makes bounded repeats try all they may."""
    said = [each.text for each in TEXTS] + [each.text.lower() for each in TEXTS]
    found = (match for match in map(pattern.search, said) if match and match.end() > match.start() + 1)
    missed = sorted({match[0][:-1] for match in found}, key=len)[-12:]
    return {
        *missed,
        *(" ".join([each] * 3) for each in missed),
        "a",
        "a ",
        "error ",
        "fail",
        "[a] ",
        "(node:1) ",
        '"',
        "x.y-",
    }


def grows_faster_than_the_text(pattern: re.Pattern[str]) -> list[str]:
    def find_all(said: str) -> None:
        deque(pattern.finditer(said), maxlen=0)

    said = ((seed * 4_000)[:4_000] for seed in near_misses(pattern))
    return [each[:80] for each in said if grows_too_fast(find_all, each)]


COMPILED = dict(compiled())


@pytest.mark.parametrize("name", COMPILED)
def test_twice_the_text_takes_twice_the_time(name: str) -> None:
    assert not grows_faster_than_the_text(COMPILED[name])


@pytest.mark.parametrize("first", sorted({row[:1] for row in ROWS}))
def test_twice_the_text_takes_twice_the_time_with_every_single_row(first: str) -> None:
    for row in (row for row in ROWS if row.startswith(first)):
        assert not grows_faster_than_the_text(re.compile(row)), row


def test_many_tables_in_one_pattern_find_what_each_of_them_finds_alone() -> None:
    tables = {"x": (r"\bfour\b", "five"), "y": ("fo", r"(?:s|t)even", r"\.six")}
    together = text.by_table(tables)
    for said, table in (("four", "x"), ("fourth", "y"), ("a five", "x"), ("aseven", "y"), (".six", "y")):
        found = together.search(said)
        assert found is not None
        assert text.table_of(found) == table
    assert together.search("ive of six") is None


def test_a_very_long_text_is_read_by_its_beginning() -> None:
    symptom = read_error("Runway responded with 503 " + "x" * 1_000_000)
    assert symptom is not None
    assert symptom.cause == "runway_server_error"
    assert read_error(" " * 5_000 + "Runway responded with 503") is None

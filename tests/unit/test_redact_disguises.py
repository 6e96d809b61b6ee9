"""Secrets of every shape, in every disguise in which logs hold them, are masked; and in linear time."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from urllib.parse import quote

import pytest

from lib.logs.redact import redact
from tests.growth import WORDS, grows_too_fast
from tests.planted import LETTERS, Maker, Planted, planted


def broken(text: str) -> str:
    """Cut in two, as a terminal or a pasted note does."""
    at = len(text) // 2
    return f"{text[:at]}\n{text[at:]}"


DISGUISES: dict[str, Callable[[str], str]] = {
    "alone": str,
    "in a sentence": lambda text: f"The call failed with {text} and nothing else.",
    "as a JSON string": lambda text: json.dumps({"level": "info", "detail": text}),
    "JSON inside JSON": lambda text: json.dumps({"body": json.dumps({"detail": text})}),
    "in a query": lambda text: f"GET /api/callback?next={quote(text, safe='')}&page=2",
    "as Node prints an object": lambda text: f"{{ headers: {{ 'x': '{text}' }}, status: 500 }}",
    "in a terminal's colours": lambda text: f"detail: \x1b[32m{text}\x1b[39m, status: \x1b[33m500\x1b[39m",
    "in colours inside JSON": lambda text: json.dumps({"detail": f"\x1b[1m\x1b[31m{text}\x1b[0m"}),
    "between backticks": lambda text: f"got `{text}` from the environment",
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("secret", planted(), ids=lambda each: each.shape)
def test_a_secret_is_masked_in_every_disguise(secret: Planted, disguise: str) -> None:
    told = redact(DISGUISES[disguise](secret.text))
    assert secret.secret not in told
    assert quote(secret.secret, safe="") not in told


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
def test_the_name_of_a_header_may_be_written_in_any_case(change: Callable[[str], str]) -> None:
    for secret in planted():
        name, sign, value = secret.text.partition(": ")
        if sign and secret.secret in value:
            assert secret.secret not in redact(f"{change(name)}: {value}")


@pytest.mark.parametrize(
    "secret",
    [
        each
        for each in planted()
        if len(each.secret) >= 24 and " " not in each.secret and "PEM" not in each.shape
    ],
    ids=lambda each: each.shape,
)
def test_a_token_that_is_broken_over_two_lines_is_masked_whole(secret: Planted) -> None:
    text = secret.text.replace(secret.secret, broken(secret.secret))
    told = redact(text)
    first, second = broken(secret.secret).splitlines()
    assert first not in told
    assert second not in told or len(second) < 8


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from /203.0.113.77:54321", "from /[ip]:54321"),  # as Java prints a socket
        ("clientIp:2001:db8:7f3a::4ada", "clientIp:[ip]"),
        ("_jane.roe@example.com_ wrote", "[email]_ wrote"),
    ],
)
def test_a_person_is_masked_right_behind_punctuation(text: str, told: str) -> None:
    assert redact(text) == told


@pytest.mark.parametrize("name", ["DEEPGRAM_KEY", "OUR_RENDERER_KEY", "RENDERER_KEY_2"])
def test_a_variable_that_ends_in_key_is_masked_whosever_key_it_is(name: str) -> None:
    value = Maker(random.Random(4)).of(LETTERS, 32)
    for text in (f"{name}={value}", f"{name}: '{value}'", f'{{"{name}":"{value}"}}'):
        assert value not in redact(text)


HARMLESS = (
    "code=ECONNREFUSED",
    "authorization: missing",
    "password: required",
    "state=ok",
    "token: undefined",
    "1.2.3.4 build 77",
    "next@14.2.3 with react@18.3.1",
    "video 3f2a9c10-11aa-4b2c-9d3e-001122334455 of task 17f20503-6c24-4c16-946b-35dbbce2af2f",
    "requestId: iad1::x7k2p-1768302600000-9f2c41aa03de",
    "deployment dpl_8nXwPq2RrTtYyUuIiOoPpAaSsDd",
    "A video in which somebody types a password and forgets the token.",
    "ER_DUP_KEY: Can't write; duplicate key in table 'videos1'",
    "cache_key=videos:page:12:sort:created and CACHE_KEY=short1",
    "Chrome/120.0.0.0 Safari/537.36 at std::deque::push_back",
    "errorCode: 'P2002', meta: { target: ['email'] }",
)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_left_alone(text: str, disguise: str) -> None:
    said = DISGUISES[disguise](text)
    assert redact(said) == said


NASTY = (
    *(
        "card",
        "apikey",
        "password",
        "code.",
        "://:a",
        "bearer+!",
        "cookie:",
        "authorization: ",
        "key_",
        "eyJ",
    ),
    *(
        "a@",
        "1.1.",
        "token='",
        "%25",
        "\\\\",
        "::",
        "4 ",
        "-----BEGIN PRIVATE KEY-----\n",
        "state=",
        "&quot;",
    ),
    *("DE00 ", "digest a=", "basic ", "sk-", "0-", "\nab", "?code=", "://a:", "pass ", "secret => "),
    "'authorization', '",
)


@pytest.mark.parametrize("piece", sorted({*NASTY, *WORDS}))
def test_redaction_takes_time_in_proportion_to_the_text(piece: str) -> None:
    number = itertools.count()  # answers are remembered
    text = piece * (4_000 // len(piece) + 1)
    assert grows_too_fast(lambda said: redact(f"{next(number)}{said}"), text) is None

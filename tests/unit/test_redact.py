"""Secrets and personal data never pass redaction; what diagnosis needs always does."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lib import outgoing
from lib.logs.redact import LONGEST, redact, redact_soon
from tests.planted import Planted, planted

HEX = "9f2c41d07ab3e58c6f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXBhcnQ"
JWE = "eyJhbGciOiJkaXIifQ..aXYtcGFydA.Y2lwaGVydGV4dA.dGFnLXBhcnQ"
JWE_FULL = "eyJhbGciOiJSU0EifQ.a2V5LXBhcnQ.aXYtcGFydA.Y2lwaGVydGV4dA.dGFnLXBhcnQ"

DISGUISES = [  # text, what must not be left of it
    # Runway keys and their prefixes
    (f"using key_{HEX}", HEX),
    ("  apiKeyPrefix: 'key_9f2c41...',", "9f2c41"),
    ('"apiKeyPrefix":"key_9f2c41..."', "9f2c41"),
    ('{\\"apiKeyPrefix\\":\\"9f2c41d0\\"}', "9f2c41d0"),
    ("API_KEY_PREFIX=9f2c41", "9f2c41"),
    ("KEY_9F2C41D07AB3", "9F2C41D07AB3"),
    ("key_abcdef...", "abcdef"),
    (f"RUNWAY_API_KEY={HEX}", HEX),
    (f"RUNWAYML_API_SECRET: {HEX}", HEX),
    (f"runwayApiKey: `{HEX}`", HEX),
    (f"x-api-key: {HEX}", HEX),
    (f"'X-API-Key' => '{HEX}'", HEX),
    # keys of other vendors
    ("sk-proj-abcDEF123456_x", "abcDEF123456"),
    ("sk-ab12...", "ab12"),
    ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "4eC39"),
    ("sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz", "N7UND0"),
    ("sbp_0123456789abcdef", "0123456789abcdef"),
    ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9"),
    ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"),
    ("vercel_blob_rw_AbCd1234_efgh", "AbCd1234"),
    ("xoxb-2345-abcdef", "2345-abcdef"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
    ("jdbc:oracle:thin:scott/tiger@//db:1521/x", "tiger"),
    ("AIzaSyA-1234567890abcdefghijklmnopqrstu", "SyA-1234567890"),
    # JSON web tokens
    (JWT, "c2lnbmF0dXJl"),
    (f"_vercel_jwt={JWT}", "eyJ"),
    (f"x=1&_vercel_jwt={JWT}&y=2", "c2lnbmF0dXJl"),
    (f"_vercel_jwe={JWE}", "dGFnLXBhcnQ"),
    (f"token {JWE_FULL} refused", "dGFnLXBhcnQ"),
    (f"url=%2Fx%3F_vercel_jwt%3D{JWT.replace('.', '%2E')}%26a%3Db", "c2lnbmF0dXJl"),
    (f'\\"access_token\\":\\"{JWT}\\"', "c2lnbmF0dXJl"),
    ("https://x.cloudfront.net/a.mp4?_jwt=opaque9value", "opaque9value"),
    # authorization headers
    (f"Authorization: Bearer {HEX}", HEX),
    ("authorization: 'Bearer onlyletters'", "onlyletters"),
    ("AUTHORIZATION: BEARER onlyletters", "onlyletters"),
    ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ('"authorization":"Bearer onlyletters"', "onlyletters"),
    ('\\"Authorization\\":\\"Bearer onlyletters\\"', "onlyletters"),
    ('\\\\\\"Authorization\\\\\\":\\\\\\"Bearer onlyletters\\\\\\"', "onlyletters"),
    ("authorization: [ 'Bearer onlyletters' ]", "onlyletters"),
    ("[ 'host', 'x', 'Authorization', 'Bearer onlyletters', 'a', 'b' ]", "onlyletters"),
    ("Headers { 'proxy-authorization' => 'Basic onlyletters' }", "onlyletters"),
    ("%22authorization%22%3A%22Bearer%20onlyletters%22", "onlyletters"),
    ("authorization=Bearer%20onlyletters&x=1", "onlyletters"),
    ("authorization: Bearer cut-off-with-the-mess", "cut-off"),
    ('authorization: "Bearer cut off with the mess', "mess"),
    (f"sent header bearer {HEX}", HEX),
    (f"curl -H 'authorization: Bearer {HEX}'", HEX),
    # cookies
    ("cookie: a=b; session=onlyletters; c=d", "onlyletters"),
    ("Set-Cookie: sid=onlyletters; Path=/; HttpOnly", "onlyletters"),
    ("'set-cookie': [ 'sid=onlyletters; Path=/', 'other=alsoletters' ]", "alsoletters"),
    ('"cookie":"sb-abc-auth-token=base64-onlyletters"', "onlyletters"),
    ("'cookie', 'sid=onlyletters'", "onlyletters"),
    ('\\"set-cookie\\":\\"__cf_bm=onlyletters; path=/\\"', "onlyletters"),
    # named tokens, secrets, passwords
    ("refresh_token=onlyletters", "onlyletters"),
    ("refreshToken: 'onlyletters'", "onlyletters"),
    ('"client_secret": "onlyletters"', "onlyletters"),
    ("password: hunter2", "hunter2"),
    ("password: onlyletters", "onlyletters"),
    ("PGPASSWORD=onlyletters psql", "onlyletters"),
    ("'db_password' => \"only letters\"", "letters"),
    ("?token=onlyletters&x=1", "onlyletters"),
    ("%3Ftoken%3Donlyletters%26x%3D1", "onlyletters"),
    ("SUPABASE_SERVICE_ROLE_KEY=onlyletters", "onlyletters"),
    ("X-Amz-Signature=fe5f80f77d5fa3beca", "fe5f80f7"),
    ("X-Amz-Security-Token=IQoJb3JpZ2lu", "IQoJb3"),
    ("x-vercel-signature: fe5f80f77d5fa3beca", "fe5f80f7"),
    # OAuth
    ("code=4%2F0AfJohXlabcdef&state=onlyletters", "0AfJoh"),
    ("code=4%2F0AfJohXlabcdef&state=onlyletters", "onlyletters"),
    ("GET /auth/callback?code=onlyletters", "onlyletters"),
    ("GET /auth/callback?state=a.b&code=0f3e-11", "0f3e-11"),
    ("/login?next=%2Fcb%3Fcode%3Donlyletters%26state%3Dxyz", "onlyletters"),
    ("{ code: '4/0AfJohXlabcdef' }", "0AfJoh"),
    ("URLSearchParams { 'code' => 'b1946ac92492d2347c6235b4', 'x' => '1' }", "b1946ac9"),
    # e-mail
    ("user ada.lovelace+x@example.co.uk signed in", "lovelace"),
    ("ADA@EXAMPLE.COM", "ADA"),
    ("email=ada%40example.com", "ada"),
    ("ada\\u0040example.com", "ada"),
    ("<mailto:ada@example.com>", "ada"),
    # addresses of clients
    ("from 203.0.113.9", "203.0.113.9"),
    ("clientIp: '203.0.113.9',", "203.0.113.9"),
    ("x-forwarded-for: 203.0.113.9, 198.51.100.7", "198.51"),
    ("203.0.113.9:52814 connected", "203.0"),
    ("http://203.0.113.9/x", "203.0"),
    ("::ffff:203.0.113.9", "203.0"),
    ("ip=2001:db8::8a2e:370:7334", "8a2e"),
    ("[2001:0db8:85a3:0000:0000:8a2e:0370:7334]:443", "8a2e"),
    ("ip%3D2001%3Adb8%3A%3A8a2e", "8a2e"),
    # URLs with passwords, cards
    ("postgres://postgres.ref:onlyletters@db.example.com:5432/x", "onlyletters"),
    ("postgres://postgres:only/letters@db.example.com:5432/x", "letters"),
    ("redis://:onlyletters@cache.example.com", "onlyletters"),
    ("postgres%3A%2F%2Fu%3Aonlyletters%40db.example.com", "onlyletters"),
    ("https://ghtokenletters@github.com/x/y", "ghtokenletters"),
    ('{"card":{"number":"4242424242424242","cvc":"314"}}', "4242"),
    ("card 4242 4242 4242 4242", "4242"),
    ("{ cvc: '3141' }", "3141"),
]

HARMLESS = [
    "[Video Generation] Starting video generation for video be10ad4c-ad5c-4ed2-820d-bf57b9feb228",
    "[Runway API] Task created with ID: 97d25ccf-7ae1-4f57-a5d7-bd49d4004691",
    "[Video Generation] Environment check: { hasRunwayApiKey: true, runwayModelId: 'gen4_turbo' }",
    "{ hasApiKey: false, apiKeyLength: 132, hasToken: true }",
    "RUNWAY_API_KEY is not set",
    "RUNWAY_API_KEY: undefined",
    "apiKey: null, secret: '', token: undefined",
    "apiKeyPrefix: 'undefined'",
    "Error: Missing API key: set RUNWAY_API_KEY",
    "imageUrl: 'https://q7xw.public.blob.vercel-storage.com/uploads/1764470731031-dog.jpg...',",
    "https://cdn.example.com/img/dog@2x.png",
    "http://localhost:3000/img/dog@2x.png",
    "https://dnznrvs05pmza.cloudfront.net/97d25ccf-7ae1-4f57-a5d7-bd49d4004691.mp4",
    "requestId iad1::5zaqi-1763678760349-8b9deccbd370",
    "sin1::cdg1::dp4ts-1768302649895-789ada665943",
    "RequestId: dead::beef-1768302649895-789ada665943",
    "2026-08-23 21:55:50.906 [info] [keepalive] run started",
    "at 22:16:41 and 2025-11-12T09:00:00.000Z",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36",
    '"Chromium";v="99.0.0.0"',
    "version 1.2.3.4 of ffmpeg",
    "    at file:///var/task/node_modules/next@14.2.3_react@18.2.0/server.js:1:2",
    "    at /var/task/node_modules/@runwayml/sdk/core/error.mjs:57:20",
    "node_modules/.pnpm/pkg@1.0.0-beta.js/index.js",
    "connect ECONNREFUSED 127.0.0.1:443",
    "listening on 0.0.0.0:3000 and ::1",
    "connect ECONNREFUSED ::1:5432",
    "code: 'ECONNREFUSED', errno: -111",
    "code: 'PGRST116', details: null",
    "{ code: 'P0001', state: 'processing' }",
    "failureCode: 'INTERNAL.BAD_OUTPUT.CODE01'",
    "exit code=1, status code=500",
    "error code=ECONNRESET",
    "/api/videos/status?code=500",
    "JsonWebTokenError: jwt malformed",
    "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
    "max_tokens: 500, promptTokens: 123",
    "Bearer token is missing",
    "Basic authentication required",
    "401 Unauthorized: invalid token",
    'duplicate key value violates unique constraint "videos_pkey"',
    "Key (id)=(be10ad4c-ad5c-4ed2-820d-bf57b9feb228) already exists.",
    "foreign key_constraint videos_user_id_fkey",
    "REPORT RequestId: 8b9d Duration: 10.5 ms Billed Duration: 11 ms",
    "promptLength: 230, duration: 8, seed: 4242424242424242",
    "drain id 1762938003779000018",
    "std::abs and Foo::Bar",
    "cookies: 3",
    "task-1234567890abcdef is queued",
    "connect failed with code=ECONNREFUSED after 3 tries",
    "authorization: missing",
    "password: required",
    "state=ok, token: undefined",
    "released 1.2.3.4 build 77",
    "a prompt: the password is whispered to a guard at the door",
    "sess: none, passed: 12, bypass: yes",
    "dpl_8Hq2ZkVbQm4nR7tYw3XcLp9sDf6G",
]


@pytest.mark.parametrize(("text", "secret"), DISGUISES)
def test_no_disguise_hides_a_secret(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)


@pytest.mark.parametrize(("text", "secret"), DISGUISES)
def test_a_secret_is_found_inside_a_longer_message(text: str, secret: str) -> None:
    message = f"[Runway API] Exception: {{\n  status: 401,\n  {text}\n  at x (/var/task/a.mjs:57:20)"
    assert secret not in redact(message)


def _printed_by_node(one: Planted) -> str:
    escaped = one.text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"{{ headers: {{ 'x': '{escaped}' }} }}"


def _in_other_case(one: Planted) -> str:
    name = re.match(r"\??[A-Za-z_.-]+(?=[=:])", one.text)
    if name is None or one.secret in name[0]:
        return one.text
    return name[0].swapcase() + one.text[name.end() :]


WRAPPINGS: dict[str, Callable[[Planted], str]] = {
    "alone": lambda one: one.text,
    "in a sentence": lambda one: f"The call failed with {one.text} and was given up.",
    "in JSON": lambda one: json.dumps({"message": one.text, "n": 1}),
    "in JSON inside JSON": lambda one: json.dumps({"body": json.dumps({"message": one.text})}),
    "URL-encoded": lambda one: f"/x?next={quote(one.text, safe='')}&a=1",
    "in other case": _in_other_case,
    "printed by Node": _printed_by_node,
    "between backticks": lambda one: f"got `{one.text}` back",
}
SHAPES = planted()


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_secret_of_every_shape_is_found_in_every_wrapping(wrapping: str) -> None:
    left = []
    for one in SHAPES:
        told = redact(WRAPPINGS[wrapping](one))
        written = one.secret, quote(one.secret, safe=""), json.dumps(one.secret)[1:-1]
        left += [one.shape] * any(form in told for form in written)
    assert left == []


def test_a_secret_broken_over_two_lines_is_found() -> None:
    left = []
    for one in SHAPES:
        middle = len(one.secret) // 2
        halves = one.secret[:middle], one.secret[middle:]
        told = redact(one.text.replace(one.secret, "\n".join(halves)))
        left += [one.shape] * any(len(half) > 7 and half in told for half in halves)
    assert left == []


def test_what_is_beyond_the_limit_is_dropped_with_the_word_it_cuts() -> None:
    assert redact("a " * LONGEST + HEX).endswith("a …")
    assert HEX[:20] not in redact(" " * (LONGEST - 40) + "x key_" + HEX)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_diagnosis_needs_is_left_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_diagnosis_needs_survives_inside_json(text: str) -> None:
    written = json.dumps({"message": text, "n": 1})
    assert redact(written) == written


@pytest.mark.parametrize(("text", "secret"), DISGUISES)
def test_redacting_twice_changes_nothing(text: str, secret: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("secret", [f"Bearer {HEX}", JWT, "ada@example.com"])
def test_a_url_encoded_secret_is_found(secret: str) -> None:
    assert secret[-12:] not in redact(quote(f"authorization={secret}", safe=""))


def test_a_whole_printed_error_keeps_its_status_and_loses_its_headers() -> None:
    error = f"""AxiosError: Request failed with status code 401
  config: {{
    headers: Object [AxiosHeaders] {{
      Accept: 'application/json',
      Authorization: 'Bearer key_{HEX}',
      Cookie: 'sid=onlyletters',
      'User-Agent': 'axios/1.6.2'
    }},
    url: 'https://api.dev.runwayml.com/v1/image_to_video'
  }}"""
    redacted = redact(error)
    assert HEX not in redacted
    assert "onlyletters" not in redacted
    for kept in ("status code 401", "axios/1.6.2", "https://api.dev.runwayml.com/v1/image_to_video"):
        assert kept in redacted


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000 + "@",
        "1." * 150_000,
        "token:" * 50_000,
        "://" * 100_000 + "@",
        ":" * 300_000,
        "cookie='" + "\\" * 300_000,
        "authorization: [" * 20_000,
        "eyJ" * 100_000,
        "code=" * 60_000 + "&",
        "%3a%2f%2f" * 30_000,
        "x:y@" * 70_000,
        "key_" * 70_000,
        "bearer " * 40_000,
        "4242 " * 60_000 + "card",
    ],
    ids=lambda text: text[:10],
)
def test_hostile_text_takes_no_longer_than_a_moment(text: str) -> None:
    started = time.perf_counter()
    redact(text)
    assert time.perf_counter() - started < 3


WRITTEN = [text for text, _ in DISGUISES] + [one.text for one in planted(3)]
ODD = [
    "\0",
    "\ud800",
    "é",
    "\\n",
    "%20",
    "\n",
    " ",
    "::1",
    "2001:db8:1:2:3:4:5:6",
    ".abcdef.",
    "@",
    "4242",
    "10.1.2.3",
]


@example([*WRITTEN, *ODD, "nothing to see"])
@example(["refused in words/0", "nothing", f"key_{HEX}"])
@given(st.lists(st.lists(st.sampled_from(WRITTEN + ODD), max_size=3).map("".join), max_size=8))
def test_texts_are_redacted_alike_whether_announced_together_or_not(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outgoing, "_known", outgoing._Forms(frozenset(["in words/0"])))
        alone = list(map(redact, texts))
        outgoing.remembered().clear()
        redact_soon(texts)
        assert list(map(redact, texts)) == alone

"""The log drain: what is stored, what is refused and in which words, and that nothing is stored twice."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import orjson
import psycopg
import pytest

from lib.data.postgres import PostgresDatabase
from lib.web.log_drain import INFLATED_LIMIT, LIMIT, PATH
from tests.web import FakeParts, Switch, application, delivery, record, served, settings, signed

KEY = "key_" + "0123456789abcdef" * 8


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Switch, httpx.Client]]:
    """One server for all tests."""
    switch = Switch()
    with served(application(switch)) as http:
        yield switch, http


@pytest.fixture
def client(shared: tuple[Switch, httpx.Client], postgres: PostgresDatabase) -> httpx.Client:
    switch, http = shared
    switch.parts = FakeParts(postgres, settings(log_drain_verify="verify-me"))
    return http


@pytest.fixture
def stored(database_url: str) -> Iterator[Callable[[], list[str]]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield lambda: [
            m for (m,) in connection.execute("select message from dailies.log_entries order by at, id")
        ]


def post(client: httpx.Client, body: bytes, **headers: str) -> Any:
    return client.post(PATH, content=body, headers=signed(body) | headers)


@pytest.mark.parametrize("shape", ["array", "object", "ndjson"])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson", "text/plain"])
def test_every_shape_of_body_is_stored_whatever_it_is_called(
    client: httpx.Client, stored: Callable[[], list[str]], shape: str, content_type: str
) -> None:
    records = [record(1), record(2)][: 1 if shape == "object" else 2]
    lines = b"\n".join(map(orjson.dumps, records))
    body = orjson.dumps(records) if shape == "array" else lines
    answer = post(client, body, **{"content-type": content_type})
    assert (answer.status_code, answer.json()) == (
        200,
        {"stored": len(records), "repeated": 0, "unusable": 0},
    )
    assert stored() == [one["message"] for one in records]


def test_a_packed_body_is_taken_in_as_many_parts_as_it_comes(
    client: httpx.Client, stored: Callable[[], list[str]]
) -> None:
    plain = delivery(1, 2)
    packed = gzip.compress(plain[:100]) + gzip.compress(plain[100:])
    assert post(client, packed, **{"content-encoding": "gzip"}).status_code == 200
    assert len(stored()) == 2


def test_a_signature_may_cover_what_is_packed_in_the_body(
    client: httpx.Client, stored: Callable[[], list[str]]
) -> None:
    """Vercel does not say which of the two it signs."""
    plain = delivery(1)
    assert client.post(PATH, content=gzip.compress(plain), headers=signed(plain)).status_code == 200
    assert len(stored()) == 1
    answer = client.post(PATH, content=gzip.compress(plain), headers=signed(delivery(2)))
    assert (answer.status_code, answer.json()["error"]) == (403, "wrong_signature")


def test_repeats_are_dropped_within_a_delivery_and_between_deliveries(
    client: httpx.Client, stored: Callable[[], list[str]]
) -> None:
    assert post(client, delivery(1, 2, 2)).json() == {"stored": 2, "repeated": 1, "unusable": 0}
    assert post(client, delivery(2, 3)).json() == {"stored": 1, "repeated": 1, "unusable": 0}
    assert len(stored()) == 3


def test_what_must_not_be_stored_is_redacted_on_the_way_in(
    client: httpx.Client, stored: Callable[[], list[str]]
) -> None:
    post(client, orjson.dumps(record(1, f"calling Runway with {{ Authorization: 'Bearer {KEY}' }}")))
    assert KEY not in stored()[0]


def test_a_delivery_of_nothing_is_fine(client: httpx.Client) -> None:
    assert post(client, b"[]").json() == {"stored": 0, "repeated": 0, "unusable": 0}


def test_a_record_that_says_nothing_does_not_hold_up_the_others(client: httpx.Client) -> None:
    empty = record(1, message="x") | {"message": "", "requestId": ""}
    assert post(client, orjson.dumps([empty, record(2)])).json() == {
        "stored": 1,
        "repeated": 0,
        "unusable": 1,
    }


@pytest.mark.parametrize("signature", ["", "0" * 40, "not hex, ünï"])
def test_a_body_that_is_not_signed_with_the_secret_is_refused_and_not_stored(
    client: httpx.Client, stored: Callable[[], list[str]], signature: str
) -> None:
    headers = {b"x-vercel-signature": signature.encode("latin-1")} if signature else {}
    answer = client.post(PATH, content=delivery(1), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "wrong_signature")
    assert stored() == []


def test_a_body_changed_after_it_was_signed_is_refused(client: httpx.Client) -> None:
    assert client.post(PATH, content=delivery(1), headers=signed(delivery(2))).status_code == 403


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is empty"),
        (b"hello", "no log format Dailies knows"),
        (b'{"a": 1}', "no log format Dailies knows"),
        (b"\x1f\x8b" + b"x" * 50, "damaged gzip"),
        (gzip.compress(delivery(1))[:-9], "cut off"),
        (gzip.compress(b"") * 200_000, "more than 100 parts"),
    ],
)
def test_nonsense_is_refused_with_a_reason(client: httpx.Client, body: bytes, reason: str) -> None:
    answer = post(client, body)
    assert answer.status_code == 400
    assert reason in answer.json()["message"]


def test_a_body_of_four_megabytes_is_taken_and_a_larger_one_is_not(
    client: httpx.Client, stored: Callable[[], list[str]]
) -> None:
    body = orjson.dumps([record(1)]).ljust(LIMIT)
    assert post(client, body).status_code == 200
    answer = post(client, body + b" ")
    assert (answer.status_code, answer.json()["message"]) == (413, "The body is larger than 4 MB.")


def test_a_body_without_a_length_is_counted_while_it_comes_in(client: httpx.Client) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * (1 << 20)

    with pytest.raises(httpx.HTTPError):  # the answer, or a connection that is closed
        client.post(PATH, content=chunks(), headers=signed(b"x")).raise_for_status()
    assert sent < 100


def test_a_small_body_that_inflates_to_gigabytes_is_refused(client: httpx.Client) -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = b"0" * (1 << 20)
    bomb = b"".join(packer.compress(zeros) for _ in range((INFLATED_LIMIT >> 20) + 8)) + packer.flush()
    assert len(bomb) < 100_000
    assert post(client, bomb).status_code == 413


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "DELETE"])
def test_every_answer_carries_the_verification_code(client: httpx.Client, method: str) -> None:
    assert client.request(method, PATH).headers["x-vercel-verify"] == "verify-me"


def test_vercel_may_verify_the_address_with_a_get_while_a_code_is_set(
    client: httpx.Client, postgres: PostgresDatabase
) -> None:
    assert client.get(PATH).json() == {"ready": True}
    with served(application(FakeParts(postgres, settings()))) as plain:
        answer = plain.get(PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "x-vercel-verify" not in answer.headers


def test_without_a_secret_the_route_says_what_to_set(postgres: PostgresDatabase) -> None:
    with served(application(FakeParts(postgres, settings(log_drain_secret=None)))) as http:
        answer = http.post(PATH, content=delivery(1))
    assert answer.status_code == 403
    assert "DAILIES_LOG_DRAIN_SECRET" in answer.json()["message"]


def test_a_delivery_that_could_not_be_stored_is_to_be_sent_again() -> None:
    down = PostgresDatabase("postgresql://nobody@127.0.0.1:1/none", label="down")
    with served(application(FakeParts(down, settings()))) as http:
        answer = post(http, delivery(1))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


def test_a_storm_of_repeated_deliveries_stores_everything_once(
    client: httpx.Client, stored: Callable[[], list[str]]
) -> None:
    """Vercel sends again what was not answered in time, in other batches and all at once."""
    bodies = [delivery(*range(start, start + 40)) for start in range(0, 200, 20)] * 8

    with ThreadPoolExecutor(24) as threads:
        assert set(threads.map(lambda body: post(client, body).status_code, bodies)) == {200}
    assert sorted(stored()) == sorted(f"[Video Generation] line {n}" for n in range(220))


def test_the_deliveries_of_a_day_are_one_import(client: httpx.Client, database_url: str) -> None:
    post(client, delivery(1))
    post(client, delivery(2))
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select name, operator, report from dailies.imports").fetchall() == [
            ("Log drain", "vercel", None)  # else it would be an export without gaps from first to last
        ]

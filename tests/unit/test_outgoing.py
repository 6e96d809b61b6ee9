"""A configured secret gets out nowhere: not from a page, a route, a log, an error, a terminal or a notice."""

from __future__ import annotations

import base64
import html
import io
import json
import logging
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

import anyio
import pytest
from starlette.types import Message, Receive, Scope, Send

from lib import outgoing
from lib.cli.terminal import Inert
from lib.data.database import Row
from lib.domain.alert import Alert, Severity
from lib.errors import DailiesError, DatabaseUnavailable
from lib.logs.redact import redact
from lib.operations.alerts import notice
from lib.settings import Settings
from lib.web.outgoing import Outgoing, keep_from_logs
from lib.web.replies import reply
from tests.web import FakeParts, application, served, settings

SECRET = 'w/41tz+Für "Elise"=?~x'  # something to escape for every form; no rule knows its shape
WORD = "staging"  # a weak one


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "_known", outgoing._Forms(frozenset()))
    outgoing.know([SECRET, WORD])


FORMS = {
    "as it is": SECRET,
    "JSON": json.dumps(SECRET),
    "an address": quote(SECRET),
    "an address, whole": quote(SECRET, safe=""),
    "an address in small letters": re.sub("%..", lambda hex_: hex_[0].lower(), quote(SECRET, safe="")),
    "a form": quote_plus(SECRET),
    "HTML": html.escape(SECRET),
    **{
        f"base64 behind {before}": base64.b64encode((before + SECRET + "!").encode()).decode()
        for before in ("", "u", "us", "app:")
    },
    "base64 for addresses": base64.urlsafe_b64encode(SECRET.encode()).decode(),
}


def bare(text: str) -> bool:
    """Whether nothing of the secret is left that says more than a few bits of it."""
    forms = [SECRET, *FORMS.values()]
    return not any(form[at : at + 6] in text for form in forms for at in range(2, len(form) - 8))


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_masked_in_every_form_it_travels_in(form: str) -> None:
    text = f"upstream said: key={FORMS[form]}; goodbye"
    for clean in (outgoing.masked(text), outgoing.masked_bytes(text.encode()).decode(), redact(text)):
        assert bare(clean), clean
    assert len(outgoing.masked_bytes(text.encode())) == len(text.encode())


def test_a_weak_secret_is_masked_by_itself_and_not_inside_other_words() -> None:
    assert outgoing.masked("host staging, stagings, restaging, staging2") == (
        "host *******, stagings, restaging, staging2"
    )


def test_what_holds_no_secret_stays_as_it_is() -> None:
    text = "w/41tz is not all of it; half a surrogate: \ud83d"
    assert outgoing.masked(text) == text


async def _sent(app: Outgoing, scope: Scope) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await app(scope, receive, send)
    return sent


def test_no_frame_of_a_page_holds_a_secret_and_each_keeps_its_length() -> None:
    frame = b"\x0a" + bytes([len(SECRET.encode())]) + SECRET.encode() + b"\xff\x00"

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.send", "bytes": frame})
        await send({"type": "websocket.send", "text": SECRET})

    first, second = anyio.run(_sent, Outgoing(page), {"type": "websocket"})
    assert first["bytes"] == frame[:2] + b"*" * len(SECRET.encode()) + b"\xff\x00"
    assert bare(second["text"])


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_secret_is_masked_in_an_answer_however_it_is_cut_into_pieces(size: int) -> None:
    body = b"a" * 50 + SECRET.encode() + b"b" * 50

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        assert b"accept-encoding" not in dict(scope["headers"])  # what is packed could not be looked through
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for at in range(0, len(body), size):
            more = at + size < len(body)
            await send({"type": "http.response.body", "body": body[at : at + size], "more_body": more})

    scope = {"type": "http", "path": "/media/x.csv", "headers": [(b"accept-encoding", b"gzip")]}
    _, *pieces = anyio.run(_sent, Outgoing(answer), scope)
    assert b"".join(piece["body"] for piece in pieces) == (
        b"a" * 50 + b"*" * len(SECRET.encode()) + b"b" * 50
    )


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    before, written = logging.getLogRecordFactory(), io.StringIO()
    handler = logging.StreamHandler(written)
    logger = logging.getLogger("any library")
    logger.addHandler(handler)
    logger.propagate = False
    keep_from_logs()
    yield written
    logging.setLogRecordFactory(before)
    logger.removeHandler(handler)


def test_no_log_line_and_no_traceback_holds_a_secret(log: io.StringIO) -> None:
    logger = logging.getLogger("any library")
    logger.warning("refused: %s", DailiesError(SECRET))
    try:
        raise ValueError(f"Bearer {SECRET}")
    except ValueError:
        logger.exception("unexpected %s", {"key": SECRET})
    logger.warning("of somebody: Authorization: Bearer abcdefghij0123456789abcdefghij")
    told = log.getvalue()
    assert bare(told)
    assert "abcdefghij0123" not in told
    assert "Traceback" in told
    assert "ValueError" in told


def test_no_error_on_a_page_in_an_answer_a_notice_or_a_terminal_holds_a_secret() -> None:
    from streamlit.testing.v1 import AppTest

    def script(secret: str) -> None:
        from lib.errors import RunwayError
        from lib.ui.kit.notices import failure

        failure(RunwayError(f"It echoed {secret}", cause="unauthorized"))

    page = AppTest.from_function(script, kwargs={"secret": SECRET}).run()
    assert page.text[0].value.startswith("It echoed *")
    now = datetime.now(UTC)
    alert = Alert("1", "stuck", "", Severity.WARNING, SECRET, f"said {SECRET}", now, None)
    told = io.BytesIO()
    terminal = Inert(told, encoding="utf-8")
    terminal.write(f"error: {SECRET}")
    terminal.flush()
    answer = bytes(reply(500, "failed", SECRET).body).decode()
    for text in (page.text[0].value, answer, json.dumps(notice(alert)), told.getvalue().decode()):
        assert bare(text), text


class Echoing:
    """A database whose gateway repeats the key it was sent."""

    label = "echoing"

    def call(self, function: str, /, **arguments: object) -> list[Row]:
        raise DatabaseUnavailable(f"Invalid key {SECRET} in {base64.b64encode(SECRET.encode()).decode()}")

    def close(self) -> None: ...


def test_anybody_learns_the_states_of_health_and_no_words_of_others() -> None:
    with served(application(FakeParts(Echoing(), settings()))) as here:
        near = here.get("/api/health").json()["parts"]
        far = here.get("/api/health", headers={"x-forwarded-for": "192.0.2.1"}).json()["parts"]
    assert far.keys() == near.keys()
    assert all(set(part) == {"state", "age_seconds"} for part in far.values())
    assert near["database"]["message"].startswith("Invalid key *")
    assert bare(json.dumps(near))


def test_every_secret_of_the_settings_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POSTGRES_URL", "postgres://app:second%2Fpass1@db/app")
    found = Settings.model_validate(
        {
            "database_url": "postgresql://app:first%40pass1@db.example:5432/app",
            "supabase_key": "service-role-1",
            "runway_api_key": "runway-1",
            "alert_webhook": "https://hooks.example/services/T1/B1/webhook-1",
            "cron_secret": "cron-1",
            "log_drain_secret": "drain-1",
            "metrics_token": "metrics-1",
            "vercel_token": "vercel-1",
            "auth": {"cookie_secret": "cookie-1", "client_id": "id", "google": {"client_secret": "client-1"}},
        }
    ).secrets()
    wanted = {"first%40pass1", "first@pass1", "second%2Fpass1", "second/pass1", "service-role-1", "runway-1"}
    wanted |= {
        "services/T1/B1/webhook-1",
        "cron-1",
        "drain-1",
        "metrics-1",
        "vercel-1",
        "cookie-1",
        "client-1",
    }
    assert set(found) - {""} == wanted


def test_masking_takes_time_in_proportion() -> None:
    def seconds(text: str) -> float:
        began = time.perf_counter()
        outgoing.masked(text)
        return time.perf_counter() - began

    text = SECRET[:-1] * 20_000
    assert min(seconds(text + text) for _ in range(3)) < 4 * min(seconds(text) for _ in range(3))

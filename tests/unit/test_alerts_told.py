"""How people hear of alerts: the webhook, the worker that watches, the command line."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.cli.alerts import command, parse_minutes
from lib.data.postgres import PostgresDatabase
from lib.data.videos import import_videos
from lib.domain.alert import Alert, Severity
from lib.errors import BadInput
from lib.operations.alerts import NotTold, SlackWebhook, active_alerts, notice
from lib.settings import load_settings
from lib.worker.watch import in_turn, watch_alerts, watching
from tests.apps import app_of
from tests.web import served

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
ALERT = Alert(
    "1", "stuck", "moderated", Severity.CRITICAL, "Videos are stuck", "7 stuck <@all> & more.", NOON, None
)


class Channel:
    """An incoming webhook that keeps what is posted to it."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.status = 200

    async def take(self, request: Request) -> Response:
        self.heard.append(orjson.loads(await request.body()))
        return Response("ok", self.status)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/hook", self.take, methods=["POST"])])


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def address(channel: Channel) -> Iterator[str]:
    with served(channel.app) as http:
        yield f"{http.base_url}/hook"


@pytest.fixture
def no_videos(postgres: PostgresDatabase) -> PostgresDatabase:
    """A database whose only video is two days old: one shipped rule fires."""
    at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    video = {
        "id": "aaaaaaaa-0000-4000-8000-000000000001",
        "status": "succeeded",
        "created_at": at,
        "updated_at": at,
    }
    import_videos(postgres, [video])
    return postgres


def test_a_notice_is_slacks_json_and_log_text_in_it_stays_text() -> None:
    assert notice(ALERT, "https://dailies.example/") == {
        "text": "🔴 *Videos are stuck*\n7 stuck &lt;@all&gt; &amp; more.\n"
        "<https://dailies.example|Open Dailies>"
    }


def test_a_notice_says_that_an_alert_is_over() -> None:
    over = Alert("1", "stuck", "", Severity.WARNING, "Videos are stuck", "7 stuck.", NOON, NOON)
    assert notice(over) == {"text": "✅ *Over: Videos are stuck*\n7 stuck."}


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/hook/T0/secret", "http://[bad/hook/secret", "secret"])
def test_a_webhook_that_cannot_be_reached_is_said_without_its_address(url: str) -> None:
    webhook = SlackWebhook(SecretStr(url))
    with pytest.raises(NotTold, match="could not be reached") as refused:
        webhook.tell(ALERT)
    webhook.close()
    assert "secret" not in str(refused.value)


def test_a_webhook_that_refuses_is_said(channel: Channel, address: str) -> None:
    channel.status = 404
    webhook = SlackWebhook(SecretStr(address))
    with pytest.raises(NotTold, match="answered 404"):
        webhook.tell(ALERT)
    webhook.close()


def test_a_worker_evaluates_the_rules_and_tells_the_webhook_once(
    channel: Channel, address: str, no_videos: PostgresDatabase
) -> None:
    app = app_of(no_videos, alert_webhook=address, address="https://dailies.example")
    for _ in range(3):
        watch_alerts(app)
    assert [told["text"].splitlines()[0] for told in channel.heard] == ["🟠 *No new videos*"]


def test_without_a_webhook_alerts_are_still_kept(no_videos: PostgresDatabase) -> None:
    watch_alerts(app_of(no_videos))
    assert [alert.name for alert in active_alerts(app_of(no_videos))] == ["no-videos"]


def test_of_all_workers_one_watches_each_minute(postgres: PostgresDatabase) -> None:
    done: list[str] = []

    def step(worker: str) -> int:
        return in_turn(app_of(postgres), "alerts", worker, lambda _: done.append(worker))()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(step, [f"w{n}" for n in range(6)]))
    assert len(done) == 1


@pytest.mark.parametrize(
    ("given", "verbs"),
    [
        ({}, ["alerts", "old-logs"]),
        ({"vercel_token": "t", "vercel_project": "p"}, ["alerts", "old-logs", "logs"]),
        ({"vercel_token": "t", "vercel_project": "p", "log_drain_secret": "s"}, ["alerts", "old-logs"]),
        ({"vercel_token": "t"}, ["alerts", "old-logs"]),
    ],
)
def test_logs_are_pulled_where_a_token_is_set_and_no_drain(
    postgres: PostgresDatabase, given: dict[str, Any], verbs: list[str]
) -> None:
    found = watching(app_of(postgres, **given), "w1")
    assert [verb.name for verb in found] == verbs


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAILIES_OPERATOR", "ada")
    load_settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(command, arguments, catch_exceptions=False).output
    load_settings.cache_clear()


def test_the_command_lists_and_silences(run: Any, no_videos: PostgresDatabase) -> None:
    assert run() == "Nothing is wrong.\n"
    watch_alerts(app_of(no_videos))
    assert "warning   no-videos                 The last video was created 2 days ago." in run()
    assert run("--silence", "no-videos", "--for", "4h") == "no-videos is silenced for 4h.\n"
    assert "silenced  no-videos" in run()
    assert run("--silence", "no-videos", "--for", "0") == "no-videos is no longer silenced.\n"
    assert "warning   no-videos" in run("--all")


@pytest.mark.parametrize("span", ["", "h", "4", "4w", "-4h", "½h"])
def test_a_span_that_is_none_is_refused(span: str) -> None:
    with pytest.raises(BadInput, match="is not a length of time"):
        parse_minutes(span)


def test_a_slow_webhook_is_given_up() -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    webhook = SlackWebhook(
        SecretStr("https://hooks.example"), http=httpx.Client(transport=httpx.MockTransport(slow))
    )
    with pytest.raises(NotTold, match="ReadTimeout"):
        webhook.tell(ALERT)
    webhook.close()

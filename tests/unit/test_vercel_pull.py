"""Pulling logs from Vercel, against a server on this machine that answers as Vercel does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from click.testing import CliRunner

from lib.cli.pull_logs import command, parse_since
from lib.data import logs
from lib.data.postgres import PostgresDatabase
from lib.errors import BadInput
from lib.logs.vercel import NoHistory, Project, Vercel, VercelError
from lib.operations.pull_logs import LogFollower, LogPull, Span, said, windows
from lib.settings import load_settings
from tests.apps import app_of
from tests.vercel_simulator import PAGE, TOKEN, VercelSimulator

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
MINUTE = 60_000
PROJECT = Project("prj_simulated", "simulated", "team_simulated", "dpl_simulated")


@pytest.fixture(scope="module")
def running() -> Iterator[VercelSimulator]:
    with VercelSimulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: VercelSimulator) -> VercelSimulator:
    running.forget()
    return running


class Clients:
    """Clients of the simulator, closed in the end; they do not really pause."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pauses: list[float] = []
        self.opened: list[Vercel] = []

    def __call__(self, token: str = TOKEN) -> Vercel:
        self.opened.append(Vercel(token, api=self.url, dashboard=self.url, pause=self.pauses.append))
        return self.opened[-1]


@pytest.fixture
def client(simulator: VercelSimulator) -> Iterator[Clients]:
    clients = Clients(simulator.url)
    yield clients
    for one in clients.opened:
        one.close()


@pytest.fixture
def pull(client: Clients, postgres: PostgresDatabase) -> LogPull:
    return LogPull(app_of(postgres, vercel_project="simulated", log_retention_hours=3), client())


@pytest.fixture
def stored(database_url: str) -> Iterator[Callable[[], list[str]]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield lambda: [
            m for (m,) in connection.execute("select message from dailies.log_entries order by at, id")
        ]


def ids(client: Clients, since_ms: int = NOW_MS - 3_600_000) -> list[str]:
    pages = client().history(PROJECT, since_ms, NOW_MS)
    return [row["requestId"] for page in pages for row in page.rows]


@pytest.mark.parametrize("repeats_pages", [True, False])
@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 4 * PAGE])
def test_every_request_is_read_once_whether_or_not_pages_repeat(
    client: Clients, simulator: VercelSimulator, repeats_pages: bool, count: int
) -> None:
    simulator.repeats_pages = repeats_pages
    for number in range(count):
        simulator.add_request(NOW_MS - 1 - number // 3, f"line {number}")  # three a millisecond
    found = ids(client)
    assert len(found) == len(set(found)) == count


def test_a_moment_with_more_requests_than_a_page_is_read_from_further_pages(
    client: Clients,
    simulator: VercelSimulator,
) -> None:
    simulator.repeats_pages = False
    for number in range(3 * PAGE):
        simulator.add_request(NOW_MS - MINUTE, f"line {number}")
    simulator.add_request(NOW_MS - 2 * MINUTE, "before")
    assert len(set(ids(client))) == 3 * PAGE + 1


def test_what_cannot_be_read_of_such_a_moment_is_said_and_the_rest_is_read(
    client: Clients,
    simulator: VercelSimulator,
) -> None:
    for number in range(PAGE + 10):
        simulator.add_request(NOW_MS - MINUTE, f"line {number}")
    simulator.add_request(NOW_MS - 2 * MINUTE, "before", request_id="before")
    pages = list(client().history(PROJECT, NOW_MS - 3_600_000, NOW_MS))
    assert [page.lost for page in pages if page.lost] == [
        "More requests began at 2026-03-14T11:59:00.000Z than Vercel gives out: some are not read."
    ]
    assert "before" in {row["requestId"] for page in pages for row in page.rows}


def test_a_pull_stores_lines_with_their_requests(
    pull: LogPull, simulator: VercelSimulator, stored: Callable[[], list[str]]
) -> None:
    simulator.add_request(NOW_MS - 5 * MINUTE, "[Video Generation] one", "[Video Generation] two")
    simulator.add_request(NOW_MS - 4 * MINUTE)
    report = pull.catch_up(now=NOW)
    assert (report.requests, report.entries, report.stored, report.gap) == (2, 2, 2, None)
    assert stored() == ["[Video Generation] one", "[Video Generation] two"]


def test_the_next_pull_goes_on_where_the_last_one_ended_and_completes_what_still_ran(
    pull: LogPull, simulator: VercelSimulator, stored: Callable[[], list[str]], database_url: str
) -> None:
    simulator.add_request(NOW_MS - MINUTE, "one", request_id="long")
    pull.catch_up(now=NOW)
    simulator.requests[0]["logs"].append({"level": "info", "message": "two"})
    simulator.add_request(NOW_MS + MINUTE, "three")
    report = pull.catch_up(now=NOW + timedelta(minutes=2))
    assert report.span.since == NOW - timedelta(minutes=15)
    assert (report.entries, report.stored) == (3, 2)
    assert stored() == ["one", "two", "three"]
    with psycopg.connect(database_url) as connection:  # a worker pulls each minute
        assert connection.execute("select name from dailies.imports").fetchall() == [
            ("Vercel project simulated",)
        ]


def test_a_pull_that_breaks_off_keeps_what_it_has_and_the_next_goes_on_from_there(
    client: Clients, simulator: VercelSimulator, postgres: PostgresDatabase, stored: Callable[[], list[str]]
) -> None:
    pull = LogPull(app_of(postgres, vercel_project="simulated", log_retention_hours=3), client())
    for hours in (1, 2):
        simulator.add_request(NOW_MS - hours * 60 * MINUTE - MINUTE, f"{hours} hours ago")
    simulator.breaks_after = 3  # the project and the first two windows
    with pytest.raises(VercelError, match="answered 500"):
        pull.catch_up(now=NOW)
    known = logs.log_source(postgres, "vercel prj_simulated")
    assert known is not None
    assert known.read_to == NOW - timedelta(hours=1)
    assert stored() == ["2 hours ago", "1 hours ago"]
    simulator.breaks_after = None
    assert pull.catch_up(now=NOW).span.since == NOW - timedelta(hours=1, minutes=15)


def test_what_vercel_threw_away_before_it_was_read_is_said(pull: LogPull, postgres: PostgresDatabase) -> None:
    pull.catch_up(now=NOW)
    report = pull.catch_up(now=NOW + timedelta(hours=5))
    lost = Span(NOW, NOW + timedelta(hours=2))
    assert report.gap == lost
    assert any(line.startswith("Lost: Vercel had thrown away the logs") for line in said(report))
    known = logs.log_source(postgres, "vercel prj_simulated")
    assert known is not None
    assert known.gap == tuple(lost)


def test_messages_that_vercel_cut_are_counted(pull: LogPull, simulator: VercelSimulator) -> None:
    simulator.add_request(NOW_MS - MINUTE, "a long one")
    simulator.requests[0]["logs"][0]["messageTruncated"] = True
    report = pull.catch_up(now=NOW)
    assert "1 requests have messages that Vercel cut short." in list(said(report))


@pytest.mark.parametrize(("status", "headers", "pause"), [(429, {"retry-after": "7"}, 7.0), (502, {}, 1.0)])
def test_vercel_is_asked_again_when_it_says_later(
    client: Clients, simulator: VercelSimulator, status: int, headers: dict[str, str], pause: float
) -> None:
    simulator.failures = [(status, headers)]
    assert client().project("simulated") == PROJECT
    assert client.pauses == [pause]


def test_a_wrong_token_is_said_without_naming_it(client: Clients, simulator: VercelSimulator) -> None:
    with pytest.raises(VercelError, match="Check VERCEL_TOKEN") as refused:
        client(token="wrong-token").project("simulated")
    assert "wrong-token" not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_an_unknown_project_is_said(client: Clients, simulator: VercelSimulator) -> None:
    with pytest.raises(VercelError, match="Check VERCEL_PROJECT_ID"):
        client().project("../../v2/user")


def test_a_server_that_is_not_there_is_said() -> None:
    vercel = Vercel(TOKEN, api="http://127.0.0.1:1", pause=list[float]().append)
    with pytest.raises(VercelError, match=r"could not be reached \(ConnectError\)"):
        vercel.project("simulated")
    vercel.close()


def test_the_tail_gives_rows_and_drops_its_end(client: Clients, simulator: VercelSimulator) -> None:
    simulator.add_tail_row(NOW_MS, "live")
    assert [row["message"] for row in client().tail(PROJECT)] == ["live"]


def test_a_project_without_production_has_no_tail(client: Clients, simulator: VercelSimulator) -> None:
    with pytest.raises(VercelError, match="no production deployment"):
        list(client().tail(PROJECT._replace(deployment_id=None)))


def test_without_the_history_endpoint_that_is_what_is_said(
    client: Clients, simulator: VercelSimulator
) -> None:
    simulator.has_history = False
    with pytest.raises(NoHistory):
        list(client().history(PROJECT, 0, NOW_MS))


def followed(pull: LogPull, until: Callable[[], bool]) -> list[str]:
    """What is told while logs are followed, until something holds."""
    stop, told = threading.Event(), list[str]()
    thread = threading.Thread(target=LogFollower(pull, settle=0.02, idle=0.2).run, args=(stop, told.append))
    thread.start()
    try:
        for _ in range(500):
            if until():
                break
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()
    assert until()
    return told


def test_following_stores_what_the_tail_announces_from_the_history(
    pull: LogPull, simulator: VercelSimulator, stored: Callable[[], list[str]], database_url: str
) -> None:
    now = time.time_ns() // 1_000_000
    simulator.add_tail_row(now, "live")
    simulator.add_request(now, "live", request_id="abcde")
    followed(pull, lambda: stored() == ["live"])
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select request_id from dailies.log_entries").fetchall() == [("abcde",)]


def test_without_a_history_following_stores_the_tail_itself_once(
    pull: LogPull, simulator: VercelSimulator, stored: Callable[[], list[str]]
) -> None:
    simulator.has_history = False
    simulator.add_tail_row(time.time_ns() // 1_000_000, "live")

    def tailed_twice() -> bool:
        return stored() == ["live"] and sum("runtime-logs" in path for path, _ in simulator.asked) > 2

    told = followed(pull, tailed_twice)
    assert any("no longer serves past logs" in line for line in told)


def test_following_survives_an_answer_that_fails(
    pull: LogPull, simulator: VercelSimulator, stored: Callable[[], list[str]]
) -> None:
    def later() -> bool:
        caught_up = any("runtime-logs" in path for path, _ in simulator.asked)
        if caught_up and not simulator.requests:
            simulator.add_request(time.time_ns() // 1_000_000, "after")
            simulator.failures = [(403, {}), (403, {})]
        return stored() == ["after"]

    assert any("Check VERCEL_TOKEN" in line for line in followed(pull, later))


def test_windows_cover_a_span_oldest_first() -> None:
    span = Span(NOW - timedelta(hours=2, minutes=30), NOW)
    parts = list(windows(span))
    assert [part.until - part.since for part in parts] == [
        timedelta(hours=1),
        timedelta(hours=1),
        timedelta(minutes=30),
    ]
    assert (parts[0].since, parts[-1].until) == span
    assert len(list(windows(Span(NOW - timedelta(days=30), NOW)))) == 48


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("6h", NOW - timedelta(hours=6)),
        ("2d", NOW - timedelta(days=2)),
        ("2026-03-14T11:00:00Z", NOW - timedelta(hours=1)),
    ],
)
def test_a_beginning_is_a_span_or_a_time(text: str, at: datetime) -> None:
    assert parse_since(text, NOW) == at


@pytest.mark.parametrize("text", ["", "h", "soon", "1e400d"])
def test_another_beginning_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a time"):
        parse_since(text, NOW)


def test_the_command_pulls_and_says_what(
    simulator: VercelSimulator, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.add_request(time.time_ns() // 1_000_000 - MINUTE, "one")
    for name, value in (
        ("DATABASE_URL", database_url),
        ("VERCEL_TOKEN", TOKEN),
        ("VERCEL_PROJECT_ID", "simulated"),
    ):
        monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    try:
        result = CliRunner().invoke(command, ["--api", simulator.url, "--since", "2h"])
    finally:
        load_settings.cache_clear()
    assert result.exit_code == 0, result.output
    assert result.output.startswith("1 requests from")
    assert "1 entries, 1 of them new." in result.output


def test_the_command_says_which_settings_are_missing() -> None:
    result = CliRunner().invoke(command, [])
    assert "Set VERCEL_TOKEN and VERCEL_PROJECT_ID" in str(result.exception)

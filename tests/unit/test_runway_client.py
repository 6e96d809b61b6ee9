"""The client of Runway: one post a creation, every outcome told for what it is."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from lib.domain.cause import CAUSES
from lib.domain.task import TaskStatus
from lib.errors import BadInput, RunwayError, SettingsError
from lib.runway.client import RunwayClient, connect
from lib.runway.simulator import SIMULATOR_KEY, SimulatorServer
from tests.loopback import DOG, client_of, ended, plan, simulator

TASK_ID = "17f20503-6c24-4c16-946b-35dbbce2af2f"

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    with simulator(tmp_path_factory.mktemp("runway"), credits=1_000_000) as running:
        yield running


@pytest.fixture(scope="module")
def runway(server: SimulatorServer) -> Iterator[RunwayClient]:
    client = client_of(server)
    yield client
    client.close()


@pytest.fixture(scope="module")
def insistent(server: SimulatorServer) -> Iterator[RunwayClient]:
    """Repeats what may be repeated: a creation must not be."""
    client = client_of(server, retries=2)
    yield client
    client.close()


@pytest.fixture(scope="module")
def hasty(server: SimulatorServer) -> Iterator[RunwayClient]:
    """As insistent, and waits a quarter of a second for an answer, no longer."""
    client = client_of(server, timeout=0.25, retries=2)
    yield client
    client.close()


def answered_by(handler: Handler, key: str = SIMULATOR_KEY) -> RunwayClient:
    return RunwayClient(httpx.Client(transport=httpx.MockTransport(handler)), key, retries=0)


def answering(status: int, body: dict[str, object]) -> RunwayClient:
    return answered_by(lambda _: httpx.Response(status, json=body))


def counts(server: SimulatorServer) -> tuple[int, int]:
    """Posts and tasks so far."""
    return server.store.programme.posts(), len(server.store.tasks())


def failed_creation(
    server: SimulatorServer, client: RunwayClient, fault: str
) -> tuple[RunwayError, int, int]:
    """The error of a creation under `fault`, the posts that it took and the tasks it left behind."""
    posts, tasks = counts(server)
    plan(server, fault)
    with pytest.raises(RunwayError) as raised:
        client.create(DOG)
    posts_after, tasks_after = counts(server)
    assert raised.value.cause in CAUSES
    return raised.value, posts_after - posts, tasks_after - tasks


# creations


def test_a_creation_gives_the_id_and_the_cost_of_its_task(
    server: SimulatorServer, runway: RunwayClient
) -> None:
    posts, _ = counts(server)
    created = runway.create(replace(DOG, prompt="", duration=10))
    assert created.estimated_credits == 50
    assert runway.task(created.id).id == created.id
    assert counts(server)[0] == posts + 1


@pytest.mark.parametrize(
    ("fault", "cause", "permanent"),
    [
        ("no-credits", "insufficient_credits", True),
        ("http:400", "invalid_request", True),
        ("http:401", "unauthorized", True),
        ("http:402", "insufficient_credits", True),
        ("http:403", "unauthorized", True),
        ("http:404", "wrong_endpoint", True),
        ("http:405", "wrong_endpoint", True),
        ("http:409", "runway_server_error", False),
        ("http:413", "invalid_request", True),
        ("http:422", "invalid_request", True),
        ("http:429", "rate_limited", False),
        ("http:307", "wrong_endpoint", True),
    ],
)
def test_a_refused_creation_is_posted_once_and_creates_nothing(
    server: SimulatorServer, insistent: RunwayClient, fault: str, cause: str, permanent: bool
) -> None:
    error, posts, tasks = failed_creation(server, insistent, fault)
    assert (error.cause, error.permanent, error.outcome_unknown) == (cause, permanent, False)
    assert (posts, tasks) == (1, 0)


@pytest.mark.parametrize(
    ("fault", "cause", "created"),
    [
        ("http:408", "runway_unreachable", 0),
        ("http:500", "runway_server_error", 0),
        ("http:502", "runway_server_error", 0),
        ("http:503", "runway_server_error", 0),
        ("http:504", "runway_server_error", 0),
        ("after-http:500", "runway_server_error", 1),
        ("after-http:504", "runway_server_error", 1),
        ("drop", "runway_unreachable", 0),
        ("reset", "runway_unreachable", 0),
        ("after-drop", "runway_unreachable", 1),
        ("after-reset", "runway_unreachable", 1),
        ("malformed", "no_task_id", 1),
        ("empty", "no_task_id", 1),
        ("no-id", "no_task_id", 1),
    ],
)
def test_a_creation_that_may_have_happened_is_told_as_unknown_and_never_posted_again(
    server: SimulatorServer, insistent: RunwayClient, fault: str, cause: str, created: int
) -> None:
    error, posts, tasks = failed_creation(server, insistent, fault)
    assert (error.cause, error.permanent, error.outcome_unknown) == (cause, False, True)
    assert "A task may exist" in str(error)
    assert (posts, tasks) == (1, created)


@pytest.mark.parametrize(
    ("status", "text", "cause"),
    [
        (400, "Model variant gen4.5 is not available", "model_unavailable"),
        (403, "Model variant gen4.5 is not available", "model_unavailable"),
        (400, "`promptText` was flagged by moderation", "moderated"),
        (400, "Header X-Runway-Version must be 2024-11-06", "wrong_headers"),
        (400, "Incorrect hostname for API key", "unauthorized"),
        (415, "Unsupported Media Type", "wrong_headers"),
    ],
)
def test_what_is_the_apps_fault_is_told_from_what_is_the_inputs(status: int, text: str, cause: str) -> None:
    with pytest.raises(RunwayError) as raised:
        answering(status, {"error": text}).create(DOG)
    assert (raised.value.cause, raised.value.permanent) == (cause, True)


def test_an_answer_that_drips_in_within_the_time_limit_is_waited_for(
    server: SimulatorServer, runway: RunwayClient
) -> None:
    plan(server, "slow:0.2")
    assert runway.task(runway.create(DOG).id).status in TaskStatus.__members__


@pytest.mark.parametrize(("fault", "created"), [("hang", 0), ("after-hang", 1), ("slow:8", 1)])
def test_the_time_limit_ends_a_creation_with_an_unknown_outcome_even_while_the_answer_drips(
    server: SimulatorServer, hasty: RunwayClient, fault: str, created: int
) -> None:
    begun = time.monotonic()
    error, posts, tasks = failed_creation(server, hasty, fault)
    assert time.monotonic() - begun < 6  # where the answer would take 8 seconds or more
    assert (error.cause, error.outcome_unknown) == ("runway_unreachable", True)
    assert "in time" in str(error)
    assert (posts, tasks) == (1, created)


def test_no_connection_means_that_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = connect(SIMULATOR_KEY, f"http://127.0.0.1:{taken.getsockname()[1]}", retries=0)
        with pytest.raises(RunwayError, match="Nothing was sent") as raised:
            client.create(DOG)
        client.close()
    assert (raised.value.cause, raised.value.outcome_unknown) == ("runway_unreachable", False)


def test_a_failed_tls_handshake_means_that_nothing_was_sent(server: SimulatorServer) -> None:
    posts, tasks = counts(server)
    client = connect(SIMULATOR_KEY, server.url.replace("http:", "https:"), retries=0)
    with pytest.raises(RunwayError, match="Nothing was sent") as raised:
        client.create(DOG)
    client.close()
    assert not raised.value.outcome_unknown
    assert counts(server) == (posts, tasks)


@pytest.mark.parametrize(
    "failure",
    [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.LocalProtocolError],
)
def test_what_fails_before_sending_is_safe(failure: type[httpx.TransportError]) -> None:
    assert not raised_by(failure).outcome_unknown


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadError,
        httpx.ReadTimeout,
        httpx.WriteError,
        httpx.WriteTimeout,
        httpx.RemoteProtocolError,
        httpx.DecodingError,
        httpx.CloseError,
    ],
)
def test_what_fails_after_the_first_byte_is_unknown(failure: type[httpx.TransportError]) -> None:
    assert raised_by(failure).outcome_unknown


def raised_by(failure: type[httpx.TransportError]) -> RunwayError:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure(f"{SIMULATOR_KEY} broke", request=request)

    with pytest.raises(RunwayError) as raised:
        answered_by(fail).create(DOG)
    assert SIMULATOR_KEY not in str(raised.value)
    return raised.value


def test_what_cannot_be_written_is_not_sent() -> None:
    with pytest.raises(RunwayError, match="Nothing was sent") as raised:
        answering(200, {"id": TASK_ID}).create(replace(DOG, prompt="A dog \ud83d"))
    assert (raised.value.cause, raised.value.outcome_unknown) == ("invalid_request", False)


def test_an_id_in_front_of_a_torn_body_is_not_lost() -> None:
    client = answered_by(lambda _: httpx.Response(200, text=f'{{"id": "{TASK_ID}", "estimatedC'))
    assert client.create(DOG).id == TASK_ID


@pytest.mark.parametrize("body", ["[]", "null", '"id"', '{"id": null}', '{"id": 5}', '{"id": ""}', "<html>"])
def test_a_creation_without_a_usable_id_is_unknown(body: str) -> None:
    with pytest.raises(RunwayError) as raised:
        answered_by(lambda _: httpx.Response(200, text=body)).create(DOG)
    assert (raised.value.cause, raised.value.outcome_unknown) == ("no_task_id", True)


def test_a_creation_says_which_issues_runway_named(runway: RunwayClient) -> None:
    with pytest.raises(RunwayError, match="promptImage: The address of the image must begin with https"):
        runway.create(replace(DOG, image="http://images.example.com/dog.jpg"))


def test_retry_after_is_passed_on_in_seconds_and_as_a_date(
    server: SimulatorServer, runway: RunwayClient
) -> None:
    error, _, _ = failed_creation(server, runway, "http:429:3600")
    assert error.retry_after == 3600
    at = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    with pytest.raises(RunwayError) as raised:
        answered_by(lambda _: httpx.Response(429, headers={"Retry-After": at})).create(DOG)
    assert 110 < (raised.value.retry_after or 0) <= 120


@pytest.mark.parametrize("value", ["soon", ""])
def test_a_retry_after_that_makes_no_sense_is_ignored(value: str) -> None:
    with pytest.raises(RunwayError) as raised:
        answered_by(lambda _: httpx.Response(429, headers={"Retry-After": value})).create(DOG)
    assert raised.value.retry_after is None


# secrets


def test_a_key_that_runway_quotes_stays_out_of_the_message() -> None:
    def quote(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"error": f"Bad key: {request.headers['authorization']}"})

    with pytest.raises(RunwayError, match="Bad key: Bearer key_…") as raised:
        answered_by(quote).create(DOG)
    assert SIMULATOR_KEY[4:] not in repr(raised.value)
    assert raised.value.__context__ is None


def test_a_key_with_a_line_break_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError) as raised:
        connect("key_abc\ndef")
    assert "abc" not in str(raised.value)


def test_the_client_shows_its_address_and_not_its_key(runway: RunwayClient) -> None:
    assert repr(runway) == f"RunwayClient({runway.base_url!r})"


def test_a_page_of_a_gateway_stays_out_of_the_message() -> None:
    html = answered_by(lambda _: httpx.Response(502, html="<html><body>Bad gateway</body></html>"))
    with pytest.raises(RunwayError) as raised:
        html.task(TASK_ID)
    assert "html" not in str(raised.value)


def test_a_long_explanation_is_cut() -> None:
    with pytest.raises(RunwayError) as raised:
        answering(400, {"error": "no " * 10_000}).create(DOG)
    assert len(str(raised.value)) < 600


# look-ups


def test_the_base_url_may_end_in_v1(server: SimulatorServer) -> None:
    client = connect(SIMULATOR_KEY, server.url + "/v1/", retries=0)
    assert client.organization().credit_balance > 0
    client.close()


def test_a_task_runway_does_not_know_is_deleted(runway: RunwayClient) -> None:
    task = runway.task(TASK_ID)
    assert (task.status, task.is_terminal) == (TaskStatus.DELETED, True)


def test_a_404_that_is_not_runways_says_nothing_about_the_task() -> None:
    with pytest.raises(RunwayError) as raised:
        answered_by(lambda _: httpx.Response(404, html="Not found")).task(TASK_ID)
    assert (raised.value.cause, raised.value.permanent) == ("wrong_endpoint", True)


@pytest.mark.parametrize("task_id", ["", "../organization", "a/b", "a?b=c", "a b", "ä", "x" * 101])
def test_what_cannot_be_a_task_id_is_never_sent(runway: RunwayClient, task_id: str) -> None:
    with pytest.raises(BadInput):
        runway.task(task_id)


@pytest.mark.parametrize("fault", ["malformed", "empty", "no-id", "drop", "http:503", "http:401"])
def test_a_look_up_that_fails_puts_nothing_at_risk(
    server: SimulatorServer, runway: RunwayClient, fault: str
) -> None:
    created = runway.create(DOG)
    plan(server, fault, method="GET")
    with pytest.raises(RunwayError) as raised:
        runway.task(created.id)
    assert not raised.value.outcome_unknown
    assert created.id in str(raised.value)


def test_a_look_up_is_repeated_by_itself(server: SimulatorServer, runway: RunwayClient) -> None:
    created = runway.create(DOG)
    patient = client_of(server, retries=1)
    plan(server, "http:503", method="GET")
    assert patient.task(created.id).id == created.id
    patient.close()


def test_a_look_up_never_sleeps_because_runway_asks_for_a_pause(server: SimulatorServer) -> None:
    patient = client_of(server, retries=1)
    plan(server, "http:429:30", method="GET")
    begun = time.monotonic()
    with pytest.raises(RunwayError) as raised:
        patient.task(TASK_ID)
    assert (raised.value.retry_after, time.monotonic() - begun < 15) == (30, True)
    patient.close()


@pytest.mark.parametrize(
    ("fault", "status", "cause"),
    [
        ("fail:SAFETY.INPUT.IMAGE", "FAILED", "moderated"),
        ("fail", "FAILED", "generation_failed"),
        ("cancel", "CANCELLED", "cancelled"),
        ("throttle:0.1", "SUCCEEDED", "succeeded"),
        ("status:WARMING", "SUCCEEDED", "succeeded"),
    ],
)
def test_a_task_that_has_ended_tells_why(
    server: SimulatorServer, runway: RunwayClient, fault: str, status: str, cause: str
) -> None:
    plan(server, fault)
    task = ended(runway, runway.create(DOG).id)
    assert (task.status, task.cause) == (status, cause)


# cancelling


def test_a_task_that_waits_is_cancelled(server: SimulatorServer, runway: RunwayClient) -> None:
    plan(server, "throttle:60")
    task = runway.cancel(runway.create(DOG).id)
    assert (task.status, task.credits) == ("CANCELLED", 0)


def test_cancelling_a_finished_task_does_not_delete_it(server: SimulatorServer, runway: RunwayClient) -> None:
    done = ended(runway, runway.create(DOG).id)
    assert runway.cancel(done.id).status == "SUCCEEDED"
    assert runway.task(done.id).output


def test_a_cancellation_is_sent_once_however_it_ends(server: SimulatorServer) -> None:
    patient = client_of(server, retries=1)
    plan(server, "throttle:60")
    created = patient.create(DOG)
    plan(server, "after-drop", "http:500", method="DELETE")
    with pytest.raises(RunwayError, match="Cancelling task"):
        patient.cancel(created.id)
    assert patient.task(created.id).status == "CANCELLED"  # a second DELETE would have deleted it
    assert server.store.programme.take("DELETE", "/v1/tasks/x") == "http:500"
    patient.close()


# the organization


def test_the_organization_tells_credits_limits_and_use(tmp_path: Path) -> None:
    with simulator(tmp_path, credits=500, concurrency=3, daily=50) as server:
        client = client_of(server)
        client.create(DOG)
        organization = client.organization()
        client.close()
    assert organization.credit_balance == 490
    limits = organization.models["gen4_turbo"]
    assert (limits.max_concurrent, limits.max_daily, limits.used_today) == (3, 50, 1)


@pytest.mark.parametrize("body", [{}, {"creditBalance": 5}, {"creditBalance": 5, "tier": [], "usage": {}}])
def test_an_organization_that_cannot_be_read_is_an_error(body: dict[str, object]) -> None:
    with pytest.raises(RunwayError, match="cannot be read"):
        answering(200, body).organization()


def test_a_video_is_made_from_a_text_alone(runway: RunwayClient) -> None:
    asked = replace(DOG, image="", model="gen4.5")
    assert asked.endpoint == "text_to_video"
    assert runway.create(asked).estimated_credits == 24
    with pytest.raises(RunwayError, match="model: Invalid discriminator"):
        runway.create(replace(asked, model="gen4_turbo"))

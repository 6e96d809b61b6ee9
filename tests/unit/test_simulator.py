"""The simulator of Runway's API: its rules over a clock that can be set, its protocol over real HTTP."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import runwayml
from PIL import Image

from lib.domain.pricing import MODELS, VIDEO_MODELS, GenerationRequest
from lib.errors import DailiesError
from lib.runway.simulator import SIMULATOR_KEY, SimulatorServer, ensure_simulator
from lib.runway.simulator.faults import Fault, parse_fault
from lib.runway.simulator.programme import PlannedFault
from lib.runway.simulator.protocol import ENDPOINTS, past_task
from lib.runway.simulator.schedule import StoredTask
from lib.runway.simulator.store import DAY, DailyLimitReached, OutOfCredits, SimulatorStore
from tests.loopback import DOG, HTTP, client_of, data_uri, ended, plan, simulator

NOON = datetime(2026, 11, 12, 12, tzinfo=UTC).timestamp()
HEADERS = {"Authorization": f"Bearer {SIMULATOR_KEY}", "X-Runway-Version": "2024-11-06"}
BODY: dict[str, Any] = {
    "model": "gen4_turbo",
    "promptImage": "https://images.example.com/dog.jpg",
    "ratio": "1280:720",
    "duration": 2,
}


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[SimulatorStore]:
    opened = SimulatorStore(tmp_path, clock)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    with simulator(tmp_path_factory.mktemp("runway")) as running:
        yield running


def call(server: SimulatorServer, method: str, path: str, **arguments: Any) -> httpx.Response:
    return HTTP.request(method, server.url + path, **({"headers": HEADERS} | arguments))


def create(server: SimulatorServer, **changes: Any) -> httpx.Response:
    return call(server, "POST", "/v1/image_to_video", json=BODY | changes)


def finished(server: SimulatorServer, request: GenerationRequest) -> str:
    """The address of the output of a new task."""
    client = client_of(server)
    address = ended(client, client.create(request).id).output[0]
    client.close()
    return address


# time


def test_a_task_goes_through_its_states_as_time_passes(store: SimulatorStore, clock: Clock) -> None:
    task = store.create(DOG)
    assert task.status(clock()) == "PENDING"
    clock.time = (task.runs_at + task.ends_at) / 2
    assert (task.status(clock()), task.progress(clock())) == ("RUNNING", 0.5)
    clock.time = task.ends_at
    assert task.status(clock()) == "SUCCEEDED"


def test_a_longer_video_takes_longer_and_the_speed_divides_it(store: SimulatorStore) -> None:
    short, long = (store.create(replace(DOG, duration=seconds)) for seconds in (2, 10))
    assert long.ends_at - long.runs_at > 3 * (short.ends_at - short.runs_at)
    store.configure(speed=100)
    assert store.create(DOG).ends_at - NOON < 0.2


def test_tasks_over_the_concurrency_limit_wait_for_a_slot_in_order(store: SimulatorStore) -> None:
    store.configure(concurrency=2)
    first, second, third, fourth = (store.create(DOG) for _ in range(4))
    assert [task.status(NOON) for task in (first, second, third, fourth)] == [
        "PENDING",
        "PENDING",
        "THROTTLED",
        "THROTTLED",
    ]
    assert {third.starts_at, fourth.starts_at} == {first.ends_at, second.ends_at}
    assert third.starts_at <= fourth.starts_at


def test_each_model_has_slots_of_its_own(store: SimulatorStore) -> None:
    store.configure(concurrency=1)
    store.create(DOG)
    assert store.create(replace(DOG, model="gen4.5")).status(NOON) == "PENDING"


def test_a_cancelled_task_leaves_its_slot_to_the_next(store: SimulatorStore, clock: Clock) -> None:
    store.configure(concurrency=1)
    first, second, third = (store.create(DOG) for _ in range(3))
    assert store.cancel_or_delete(first.id)
    second, third = stored(store, second), stored(store, third)
    assert (second.status(NOON), third.status(NOON)) == ("PENDING", "THROTTLED")
    assert third.starts_at == second.ends_at


def stored(store: SimulatorStore, task: StoredTask) -> StoredTask:
    found = store.task(task.id)
    assert found
    return found


# credits and limits


@pytest.mark.parametrize(
    ("fault", "charged"),
    [
        (None, 10),
        (Fault("fail", "SAFETY.INPUT.TEXT"), 10),
        (Fault("fail", "SAFETY.OUTPUT.VIDEO"), 10),
        (Fault("fail", "INPUT_PREPROCESSING.SAFETY.TEXT"), 0),
        (Fault("fail", "INTERNAL.BAD_OUTPUT.CODE01"), 0),
        (Fault("fail", "ASSET.INVALID"), 0),
        (Fault("fail"), 0),
        (Fault("cancel"), 0),
    ],
)
def test_credits_are_charged_at_once_and_refunded_as_runway_does(
    store: SimulatorStore, clock: Clock, fault: Fault | None, charged: int
) -> None:
    before = store.balance()
    task = store.create(DOG, fault)
    if task.ends_at > NOON:
        assert store.balance() == before - 10
    clock.time = task.ends_at
    assert store.balance() == before - charged


def test_only_a_task_that_has_not_begun_to_run_is_refunded(store: SimulatorStore, clock: Clock) -> None:
    before, waiting, running = store.balance(), store.create(DOG), store.create(DOG)
    store.cancel_or_delete(waiting.id)
    clock.time = running.runs_at
    store.cancel_or_delete(running.id)
    assert store.balance() == before - 10


def test_without_credits_nothing_is_created(store: SimulatorStore) -> None:
    store.configure(credits=9)
    with pytest.raises(OutOfCredits):
        store.create(DOG)
    assert store.tasks() == []


def test_the_daily_limit_rolls_over_24_hours(store: SimulatorStore, clock: Clock) -> None:
    store.configure(daily=2)
    store.create(DOG)
    clock.time += 3600
    store.create(DOG)
    with pytest.raises(DailyLimitReached) as limit:
        store.create(DOG)
    clock.time += limit.value.retry_after
    assert clock.time == pytest.approx(NOON + DAY, abs=2)
    store.create(DOG)


def test_a_finished_task_is_deleted_and_an_active_one_cancelled(store: SimulatorStore, clock: Clock) -> None:
    done, active = store.create(DOG), store.create(DOG, Fault("throttle", "1000"))
    clock.time = done.ends_at
    assert store.cancel_or_delete(done.id)
    assert store.cancel_or_delete(active.id)
    assert store.task(done.id) is None
    assert stored(store, active).status(clock()) == "CANCELLED"
    assert not store.cancel_or_delete(done.id)
    assert len(store.tasks()) == 2


# a past


def history(count: int) -> list[StoredTask]:
    begun = datetime.fromtimestamp(NOON, UTC) - timedelta(days=14)
    return [
        past_task(
            {
                "id": f"00000000-0000-4000-8000-{n:012}",
                "status": "SUCCEEDED",
                "createdAt": (begun + timedelta(minutes=10 * n)).isoformat(),
                "cost": {"credits": 25},
            }
        )
        for n in range(count)
    ]


def test_two_thousand_past_tasks_are_imported_in_a_moment_and_only_once(store: SimulatorStore) -> None:
    begun = time.process_time()
    assert store.import_tasks(history(2000)) == 2000
    assert time.process_time() - begun < 1
    assert store.import_tasks(history(2000)) == 0


def test_a_past_costs_no_credits_and_takes_no_slot(store: SimulatorStore) -> None:
    store.configure(concurrency=1)
    before = store.balance()
    still_running = past_task({"id": "a", "status": "RUNNING", "createdAt": "2026-11-12T11:59:00Z"})
    store.import_tasks([*history(144), still_running])
    assert store.balance() == before
    assert store.create(DOG).status(NOON) == "PENDING"


@pytest.mark.parametrize("status", ["PENDING", "THROTTLED", "RUNNING", "WARMING"])
def test_an_imported_task_that_is_active_stays_as_it_was(
    store: SimulatorStore, clock: Clock, status: str
) -> None:
    store.import_tasks([past_task({"id": "a", "status": status, "createdAt": "2026-11-12T11:59:00Z"})])
    clock.time += 30 * DAY
    assert store.tasks()[0].status(clock()) == status


def test_an_imported_task_ends_when_it_is_said_to(store: SimulatorStore, clock: Clock) -> None:
    body = {"id": "a", "status": "RUNNING", "createdAt": "2026-11-12T11:59:00Z"}
    store.import_tasks([past_task(body | {"endedAt": "2026-11-12T12:01:00Z"})])
    assert store.tasks()[0].status(clock()) == "RUNNING"
    clock.time += 61
    assert store.tasks()[0].status(clock()) == "SUCCEEDED"


def test_imported_failures_are_answered_as_they_were(server: SimulatorServer) -> None:
    body = {
        "id": "aaaaaaaa-0000-4000-8000-000000000001",
        "status": "FAILED",
        "createdAt": "2026-11-12T11:59:00.000Z",
        "failure": "This request was flagged by our content moderation system.",
        "failureCode": "SAFETY.INPUT.IMAGE",
        "cost": {"credits": 25},
    }
    assert call(server, "POST", "/simulator/tasks", json=[body]).json() == {"imported": 1}
    assert call(server, "GET", f"/v1/tasks/{body['id']}").json() == body


# the protocol


def test_the_wrong_key_is_refused(server: SimulatorServer) -> None:
    for key in ("", "Bearer key_" + "0" * 128, SIMULATOR_KEY):
        answer = call(server, "GET", "/v1/organization", headers=HEADERS | {"Authorization": key})
        assert (answer.status_code, "error" in answer.json()) == (401, True)


def test_the_api_version_is_required(server: SimulatorServer) -> None:
    for version in ("", "2024-09-13"):
        answer = call(server, "GET", "/v1/organization", headers=HEADERS | {"X-Runway-Version": version})
        assert answer.status_code == 400
        assert "X-Runway-Version" in answer.json()["error"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"promptImage": None}, "promptImage"),
        ({"promptImage": 5}, "promptImage"),
        ({"promptImage": "http://images.example.com/dog.jpg"}, "promptImage"),
        ({"promptImage": []}, "promptImage"),
        ({"promptImage": [{"uri": "https://images.example.com/dog.jpg", "position": "last"}]}, "promptImage"),
        ({"model": "gen3"}, "model"),
        ({"model": None}, "model"),
        ({"ratio": "16:9"}, "ratio"),
        ({"duration": 11}, "duration"),
        ({"duration": "5"}, "duration"),
        ({"duration": True}, "duration"),
        ({"promptText": ""}, "promptText"),
        ({"promptText": "🕺" * 501}, "promptText"),
        ({"model": "gen4.5"}, "promptText"),
        ({"model": "gen4.5", "promptText": "A dog", "duration": None}, "duration"),
        ({"seed": "1"}, "seed"),
    ],
)
def test_a_malformed_creation_is_refused_by_field(
    server: SimulatorServer, changes: dict[str, Any], field: str
) -> None:
    answer = create(server, **changes)
    assert answer.status_code == 400
    assert field in [issue["path"][0] for issue in answer.json()["issues"]]
    assert answer.json()["docUrl"].startswith("https://docs.dev.runwayml.com")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"'])
def test_a_creation_without_an_object_is_refused(server: SimulatorServer, content: bytes) -> None:
    assert call(server, "POST", "/v1/image_to_video", content=content).status_code == 400


def test_an_image_may_come_as_the_first_frame(server: SimulatorServer) -> None:
    frame = {"uri": "https://images.example.com/dog.jpg", "position": "first"}
    assert create(server, promptImage=[frame]).status_code == 200


def test_running_out_of_credits_is_a_400_in_runways_words(tmp_path: Path) -> None:
    with simulator(tmp_path, credits=5) as server:
        answer = create(server)
    assert answer.status_code == 400
    assert answer.json()["error"] == "You do not have enough credits to run this task."


def test_the_daily_limit_is_a_429_that_says_when_to_come_back(tmp_path: Path) -> None:
    with simulator(tmp_path, daily=1) as server:
        create(server)
        answer = create(server)
    assert answer.status_code == 429
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/image-to-video", 404),
        ("POST", "/v1/v1/image_to_video", 404),
        ("GET", "/v1/image_to_video", 405),
        ("GET", "/v1/tasks/17f20503-6c24-4c16-946b-35dbbce2af2f", 404),
        ("DELETE", "/v1/tasks/17f20503-6c24-4c16-946b-35dbbce2af2f", 404),
    ],
)
def test_wrong_addresses_are_answered_in_json(
    server: SimulatorServer, method: str, path: str, status: int
) -> None:
    answer = call(server, method, path)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


# faults


@pytest.mark.parametrize(
    "text", ["", "explode", "http", "http:200", "http:abc", "after-slow", "after-fail", "drop:5"]
)
def test_a_fault_nobody_knows_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unknown simulator fault"):
        parse_fault(text)


def test_a_fault_nobody_knows_is_refused_over_http(server: SimulatorServer) -> None:
    assert call(server, "POST", "/simulator/faults", json=["explode"]).status_code == 400
    assert (
        call(server, "POST", "/simulator/faults", json=[{"fault": "drop", "when": "now"}]).status_code == 400
    )
    assert create(server, promptText="A dog [fault:explode]").status_code == 400
    assert create(server).status_code == 200


def test_a_fault_can_be_asked_for_in_the_prompt(server: SimulatorServer) -> None:
    assert create(server, promptText="A dog [fault:http:503]").status_code == 503
    assert create(server, promptText="A dog").status_code == 200


def test_a_fault_can_be_asked_for_in_a_header(server: SimulatorServer) -> None:
    answer = call(server, "GET", "/v1/organization", headers=HEADERS | {"X-Simulator-Fault": "http:429:7"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_a_programme_of_faults_is_used_up_in_order(server: SimulatorServer) -> None:
    call(server, "POST", "/simulator/faults", json=["http:500", {"fault": "http:503", "method": "POST"}])
    assert [create(server).status_code for _ in range(3)] == [500, 503, 200]


def test_a_planned_fault_waits_for_its_method_and_path(store: SimulatorStore) -> None:
    store.programme.add([PlannedFault("drop", "GET", "/v1/tasks"), PlannedFault("reset")])
    assert store.programme.take("POST", "/v1/image_to_video") == "reset"
    assert store.programme.take("POST", "/v1/tasks/a") is None
    assert store.programme.take("GET", "/v1/organization") is None
    assert store.programme.take("GET", "/v1/tasks/a") == "drop"
    assert store.programme.take("GET", "/v1/tasks/a") is None


def test_a_programme_can_be_cleared(server: SimulatorServer) -> None:
    plan(server, "http:500")
    call(server, "DELETE", "/simulator/faults")
    assert create(server).status_code == 200


def test_damage_to_an_answer_without_a_body_does_no_harm(server: SimulatorServer) -> None:
    for fault in ("slow", "malformed", "no-id"):
        task_id = create(server, promptText="[fault:throttle:60]").json()["id"]
        plan(server, fault, method="DELETE")
        assert call(server, "DELETE", f"/v1/tasks/{task_id}").status_code == 204


def test_the_simulator_lists_its_tasks_and_counts_its_posts(tmp_path: Path) -> None:
    with simulator(tmp_path) as server:
        created = create(server, promptText="A dog").json()["id"]
        create(server, ratio="16:9")
        tasks = call(server, "GET", "/simulator/tasks").json()
        posts = call(server, "GET", "/simulator").json()["posts"]
    assert [(task["id"], task["promptText"]) for task in tasks] == [(created, "A dog")]
    assert posts == 2


def test_settings_can_be_changed_while_it_runs(server: SimulatorServer) -> None:
    assert call(server, "POST", "/simulator/settings", json={"credits": 50_000}).status_code == 204
    assert call(server, "POST", "/simulator/settings", json={"colour": 1}).status_code == 400


# videos


@pytest.mark.parametrize(
    ("model", "ratio"),
    [(name, ratio) for name in VIDEO_MODELS for ratio in MODELS[name].ratios],
)
def test_a_video_is_an_mp4_in_the_ratio_asked_for(server: SimulatorServer, model: str, ratio: str) -> None:
    movie = HTTP.get(finished(server, replace(DOG, model=model, ratio=ratio, duration=4)))
    assert movie.headers["content-type"] == "video/mp4"
    boxes = dict(mp4_boxes(movie.content))
    assert boxes["ftyp"].startswith(b"isom")
    assert b"avc1" in boxes["moov"]
    assert len(boxes["mdat"]) > 1000
    header = boxes["moov"].partition(b"tkhd")[
        2
    ]  # its size: two numbers of 16 bits before the point, 16 behind
    assert struct.unpack_from(">II", header, 76) == tuple(int(side) << 16 for side in ratio.split(":"))


def mp4_boxes(movie: bytes) -> Iterator[tuple[str, bytes]]:
    """The outermost boxes, by name."""
    at = 0
    while at < len(movie):
        size, name = struct.unpack_from(">I4s", movie, at)
        yield name.decode(), movie[at + 8 : at + size]
        at += size


def test_a_task_of_any_ratio_has_a_video(server: SimulatorServer) -> None:
    body = {
        "id": "aaaaaaaa-0000-4000-8000-000000000002",
        "status": "SUCCEEDED",
        "createdAt": "2026-11-12T11:59:00.000Z",
        "ratio": "../1:1",
    }
    call(server, "POST", "/simulator/tasks", json=[body])
    address = call(server, "GET", f"/v1/tasks/{body['id']}").json()["output"][0]
    assert HTTP.get(address).headers["content-type"] == "video/mp4"


def test_an_image_nobody_can_read_fails_the_task_as_an_asset(server: SimulatorServer) -> None:
    client = client_of(server)
    for broken in ("data:image/png;base64,AAAA", "data:image/png;base64,***", data_uri("red")[:60]):
        task = ended(client, client.create(replace(DOG, image=broken)).id)
        assert (task.failure_code, task.credits) == ("ASSET.INVALID", 0)
    client.close()


def test_a_player_can_ask_for_a_part_of_a_video(server: SimulatorServer) -> None:
    answer = HTTP.get(finished(server, DOG), headers={"Range": "bytes=0-99"})
    assert (answer.status_code, len(answer.content)) == (206, 100)


def test_output_addresses_expire_and_a_look_up_gives_fresh_ones(tmp_path: Path) -> None:
    with simulator(tmp_path, link_seconds=-1) as server:
        address = finished(server, DOG)
        expired = HTTP.get(address)
        server.store.configure(link_seconds=60)
        client = client_of(server)
        fresh = client.task(address.split("/")[-1].split(".")[0]).output[0]
        client.close()
        assert (expired.status_code, "expired" in expired.text) == (403, True)
        assert HTTP.get(fresh).status_code == 200


def test_an_output_address_that_was_tampered_with_is_refused(server: SimulatorServer) -> None:
    address = finished(server, DOG)
    assert HTTP.get(address.replace("expires=", "expires=9")).status_code == 403
    assert HTTP.get(address.split("?")[0]).status_code == 403


def test_the_output_of_a_deleted_task_is_gone(server: SimulatorServer) -> None:
    address = finished(server, DOG)
    call(server, "DELETE", "/v1/tasks/" + address.split("/")[-1].split(".")[0])
    assert HTTP.get(address).status_code == 404


# processes


def test_state_is_shared_between_two_servers_and_survives_them(tmp_path: Path) -> None:
    with simulator(tmp_path) as first, SimulatorServer(tmp_path) as second:
        assert first.url == second.url
        task_id = create(second).json()["id"]
    with SimulatorServer(tmp_path) as third:
        assert third.url == first.url
        assert call(third, "GET", f"/v1/tasks/{task_id}").status_code == 200


def test_when_the_server_that_answers_leaves_the_next_takes_over(tmp_path: Path) -> None:
    first = SimulatorServer(tmp_path)
    first.start()
    with SimulatorServer(tmp_path) as second:
        task_id = create(first).json()["id"]
        first.stop()
        assert answered_within(10, second, f"/v1/tasks/{task_id}") == 200


def answered_within(seconds: float, server: SimulatorServer, path: str) -> int:
    ends = time.monotonic() + seconds
    while True:
        try:
            return call(server, "GET", path).status_code
        except httpx.ConnectError:
            assert time.monotonic() < ends
            time.sleep(0.02)


def test_a_killed_process_loses_nothing_and_another_takes_over(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lib", "simulator", "--data", str(tmp_path), "--speed", "50"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "Runway simulator on http://127.0.0.1:" in process.stdout.readline()
        with SimulatorServer(tmp_path) as standby:
            task_id = create(standby).json()["id"]
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            assert answered_within(10, standby, f"/v1/tasks/{task_id}") == 200


def test_many_shares_of_a_new_folder_can_be_taken_at_once(tmp_path: Path) -> None:
    problems: list[Exception] = []

    def share() -> None:
        try:
            with SimulatorServer(tmp_path):
                time.sleep(0.2)
        except (DailiesError, OSError, sqlite3.Error) as error:
            problems.append(error)

    threads = [threading.Thread(target=share) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_port_that_another_program_took_is_left_to_it(tmp_path: Path) -> None:
    with simulator(tmp_path) as server:
        port = int(server.url.rsplit(":", 1)[1])
    with other_program(port), SimulatorServer(tmp_path) as moved:
        assert moved.url != server.url
        assert create(moved).status_code == 200
        with pytest.raises(DailiesError, match=f"Port {port} belongs to another program"):
            SimulatorServer(tmp_path, port).start()


@contextmanager
def other_program(port: int) -> Iterator[None]:
    with HTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler) as other:
        thread = threading.Thread(target=other.serve_forever, args=(0.02,))
        thread.start()
        yield
        other.shutdown()
        thread.join()


def test_state_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "runway").mkdir()
    (tmp_path / "runway" / "simulator.sqlite").write_bytes(b"no database " * 1000)
    for data_dir in (tmp_path / "file", tmp_path):
        with pytest.raises(DailiesError, match="cannot be opened"):
            SimulatorServer(data_dir)


def test_a_process_has_one_share_of_a_folder(tmp_path: Path) -> None:
    share = ensure_simulator(tmp_path)
    assert ensure_simulator(tmp_path) is share
    assert call(share, "GET", "/v1/organization").status_code == 200
    share.stop()


def test_the_simulator_is_ready_in_a_moment(tmp_path: Path) -> None:
    begun = time.process_time()
    with SimulatorServer(tmp_path) as server:
        assert call(server, "GET", "/v1/organization").status_code == 200
        assert time.process_time() - begun < 0.3
    assert json.loads((tmp_path / "runway" / "port").read_text()) > 0


PICTURE = "https://images.example.com/dog.jpg"
MOVIE = "https://videos.example.com/dog.mp4"
CREATIONS: dict[str, dict[str, Any]] = {
    "image_to_video": BODY,
    "text_to_video": {"model": "veo3.1_fast", "promptText": "A dog", "ratio": "1280:720", "duration": 4},
    "video_to_video": {"model": "aleph2", "promptText": "At night", "videoUri": MOVIE},
    "text_to_image": {"model": "gen4_image", "promptText": "A dog", "ratio": "1920:1080"},
    "character_performance": {
        "model": "act_two",
        "character": {"type": "image", "uri": PICTURE},
        "reference": {"type": "video", "uri": MOVIE},
    },
    "video_upscale": {"model": "enhance_frame_rate", "targetFramerate": "60", "videoUri": MOVIE},
    "image_upscale": {"model": "magnific_precision_upscaler_v2", "imageUri": PICTURE},
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_creation_makes_a_task_that_can_be_looked_up(server: SimulatorServer, endpoint: str) -> None:
    made = call(server, "POST", f"/v1/{endpoint}", json=CREATIONS[endpoint])
    assert made.status_code == 200, made.text
    task = call(server, "GET", f"/v1/tasks/{made.json()['id']}").json()
    assert task["estimatedCost" if "estimatedCost" in task else "cost"]["credits"] > 0


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [(each, "png" if each in ("text_to_image", "image_upscale") else "mp4") for each in ENDPOINTS],
)
def test_the_output_is_of_the_kind_that_the_endpoint_makes(
    server: SimulatorServer, endpoint: str, kind: str
) -> None:
    made = call(server, "POST", f"/v1/{endpoint}", json=CREATIONS[endpoint]).json()
    output = HTTP.get(ended(client_of(server), made["id"]).output[0])
    if kind == "mp4":
        assert output.headers["content-type"] == "video/mp4"
        return
    assert output.headers["content-type"] == "image/png"
    ratio = CREATIONS[endpoint].get("ratio", "1280:720")
    assert Image.open(BytesIO(output.content)).size == tuple(map(int, ratio.split(":")))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_creation_refuses_another_endpoints_model_by_its_path(
    server: SimulatorServer, endpoint: str
) -> None:
    answer = call(server, "POST", f"/v1/{endpoint}", json=CREATIONS[endpoint] | {"model": "gen2"})
    assert answer.status_code == 400
    assert answer.json()["issues"][0]["path"] == ["model"]


@pytest.mark.parametrize(
    ("endpoint", "changes", "path"),
    [
        ("text_to_video", {"promptText": None}, ["promptText"]),
        ("text_to_video", {"ratio": "1104:832", "model": "gen4.5"}, ["ratio"]),
        ("character_performance", {"reference": {"type": "image", "uri": PICTURE}}, ["reference", "type"]),
        ("character_performance", {"character": {"type": "image"}}, ["character", "uri"]),
        ("video_upscale", {"targetFramerate": 60}, ["targetFramerate"]),
        ("image_to_video", {"promptImage": None, "prompt_image": PICTURE}, ["promptImage"]),
    ],
)
def test_what_is_wrong_in_a_creation_is_named_by_its_path(
    server: SimulatorServer, endpoint: str, changes: dict[str, Any], path: list[str]
) -> None:
    body = {name: value for name, value in (CREATIONS[endpoint] | changes).items() if value is not None}
    answer = call(server, "POST", f"/v1/{endpoint}", json=body)
    assert answer.status_code == 400
    assert path in [issue["path"] for issue in answer.json()["issues"]]


def test_the_sdk_finds_every_creation(server: SimulatorServer) -> None:
    client = runwayml.RunwayML(api_key=SIMULATOR_KEY, base_url=server.url, max_retries=0, http_client=HTTP)
    made = client.character_performance.create(
        model="act_two",
        character={"type": "image", "uri": PICTURE},
        reference={"type": "video", "uri": MOVIE},
    )
    assert client.tasks.retrieve(made.id).id == made.id

"""Copies of outputs: only videos, from where Runway says, no larger than allowed, watched from the copy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from lib.data import outputs
from lib.data.outputs import Bucket, Folder, StorageError, open_storage
from lib.data.postgres import PostgresDatabase
from lib.domain.pricing import GenerationRequest
from lib.errors import SettingsError
from lib.operations.generate import generate
from lib.operations.outputs import NotCopied, copy_next, fetch
from lib.operations.poll import poll
from lib.runway.client import RunwayClient
from lib.settings import Settings
from lib.ui.kit.dashboard import Dashboard, provide
from tests.apps import app_of
from tests.loopback import client_of, data_uri, simulator
from tests.pages import opened, text_of

REQUEST = GenerationRequest(data_uri("teal"), "Rex dances", duration=2)


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[RunwayClient]:
    with simulator(tmp_path / "simulator") as server:
        client = client_of(server)
        yield client
        client.close()


@pytest.fixture
def made(postgres: PostgresDatabase, runway: RunwayClient, tmp_path: Path) -> tuple[str, str]:
    """A video that has succeeded, and its task."""
    app = app_of(postgres, runway, tmp_path)
    attempt = generate(app, REQUEST).attempt
    for _ in range(200):
        polled = poll(app, attempt.video_id, fastest=0)
        if polled and polled.task and polled.task.is_terminal:
            break
        time.sleep(0.02)
    return attempt.video_id, str(attempt.task_id)


def test_an_output_is_copied_into_the_folder_and_watched_from_there(
    postgres: PostgresDatabase, runway: RunwayClient, made: tuple[str, str], tmp_path: Path
) -> None:
    video_id, task_id = made
    folder = Folder(tmp_path / "data" / "outputs")
    assert copy_next(app_of(postgres, runway), folder)
    assert not copy_next(app_of(postgres, runway), folder)
    copy = outputs.of_task(postgres, task_id)
    assert copy is not None
    file = Path(folder.address(str(copy.path)) or "")
    assert file.stat().st_size == copy.bytes
    assert b"ftyp" in file.read_bytes()[:16]
    provide(Dashboard(app_of(postgres, folder=tmp_path / "data", outputs="local")))
    assert "A copy of" in text_of(opened("video", id=video_id))
    provide(Dashboard(app_of(postgres, runway)))  # no longer configured: Runway's own address
    assert "addresses expire" in text_of(opened("video", id=video_id))
    provide(Dashboard(app_of()))


def test_a_task_that_is_gone_is_told_and_tried_again_later(
    postgres: PostgresDatabase, runway: RunwayClient, made: tuple[str, str], tmp_path: Path
) -> None:
    runway._sdk.tasks.delete(made[1])
    assert copy_next(app_of(postgres, runway), Folder(tmp_path / "outputs"))
    copy = outputs.of_task(postgres, made[1])
    assert copy is not None
    assert "has no output" in (copy.problem or "")
    assert not list(tmp_path.glob("outputs/*"))


@pytest.mark.parametrize(
    "address",
    [
        "http://cdn.example.com/a.mp4",
        "https://127.0.0.1/a.mp4",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a.mp4",
        "https://localhost/a.mp4",
        "https://database/a.mp4",
        "http://127.0.0.1:1/a.mp4",
        "file:///etc/passwd",
        "https://[::1/a.mp4",
        "",
    ],
)
def test_an_address_that_cannot_be_runways_is_not_read(address: str, tmp_path: Path) -> None:
    with pytest.raises(NotCopied, match="not one to read from"):
        fetch(address, tmp_path / "file", "https://api.dev.runwayml.com")


class Answers(BaseHTTPRequestHandler):
    """/video a film; /large one that does not end; /page no film; /away elsewhere."""

    def do_GET(self) -> None:
        kind = "text/html" if self.path == "/page" else "video/mp4"
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("content-type", kind)
        self.send_header("location", "/video")
        self.end_headers()
        for _ in range(64 if self.path == "/large" else 1):
            self.wfile.write(b"x" * 1024)

    def do_POST(self) -> None:
        received = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.received.append((self.path, self.headers["authorization"], received))  # type: ignore[attr-defined]
        refused = "/missing/" in self.path
        self.send_response(400 if refused else 200)
        self.end_headers()
        self.wfile.write(b'{"signedURL": "/object/sign/films/dailies/t.mp4?token=abc"}')

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.received = []  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "problem"), [("/page", "not a video"), ("/away", "answered 302"), ("/large", "larger than 0 MB")]
)
def test_what_is_not_a_film_of_decent_size_is_not_kept(
    site: ThreadingHTTPServer, tmp_path: Path, path: str, problem: str
) -> None:
    here = f"http://127.0.0.1:{site.server_port}"
    with pytest.raises(NotCopied, match=problem):
        fetch(f"{here}{path}", tmp_path / "file", here, most_bytes=4096)


def test_a_film_is_streamed_to_disk(site: ThreadingHTTPServer, tmp_path: Path) -> None:
    here = f"http://127.0.0.1:{site.server_port}"
    assert fetch(f"{here}/video", tmp_path / "file", here).size == 1024
    assert (tmp_path / "file").stat().st_size == 1024


def bucket(site: ThreadingHTTPServer, name: str) -> Iterator[Bucket]:
    base = f"http://127.0.0.1:{site.server_port}/storage/v1/"
    with httpx.Client(base_url=base, headers={"authorization": "Bearer key"}, trust_env=False) as http:
        yield Bucket(http, name)


def test_a_bucket_takes_the_film_and_signs_its_address(site: ThreadingHTTPServer, tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(b"film")
    for films in bucket(site, "films"):
        assert films.keep(tmp_path / "film", "t.mp4", "video/mp4") == "dailies/t.mp4"
        address = films.address("dailies/t.mp4")
    (upload, _) = site.received  # type: ignore[attr-defined]
    assert upload == ("/storage/v1/object/films/dailies/t.mp4", "Bearer key", b"film")
    assert address == (
        f"http://127.0.0.1:{site.server_port}/storage/v1/object/sign/films/dailies/t.mp4?token=abc"
    )


def test_a_bucket_that_refuses_says_what_to_check_and_no_key(
    site: ThreadingHTTPServer, tmp_path: Path
) -> None:
    (tmp_path / "film").write_bytes(b"film")
    for films in bucket(site, "missing"):
        with pytest.raises(StorageError, match="Does it exist") as refused:
            films.keep(tmp_path / "film", "t.mp4", "video/mp4")
        assert "Bearer" not in str(refused.value)


def test_a_path_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "secret").write_text("x")
    folder = Folder(tmp_path / "outputs")
    assert folder.address("../secret") is None
    assert folder.address(str(tmp_path / "secret")) is None
    assert folder.address("absent.mp4") is None


def test_copies_are_off_until_asked_for_and_a_bucket_needs_supabase() -> None:
    assert open_storage(Settings.model_validate({})) is None
    assert open_storage(Settings.model_validate({"outputs": "local"})) is not None
    with pytest.raises(SettingsError, match="DAILIES_OUTPUTS"):
        open_storage(Settings.model_validate({"outputs": "films"}))

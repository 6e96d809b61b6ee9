"""The page Generate, when what it is given cannot be used or what it began did not go as hoped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.data import videos
from lib.data.postgres import PostgresDatabase
from lib.operations.generate import generate
from lib.operations.judge import judge_dirty
from lib.operations.poll import poll
from lib.ui.kit.dashboard import Dashboard, dashboard, provide
from lib.ui.kit.media import SAMPLES, jpeg
from lib.ui.kit.player import web_host
from tests.apps import app_of
from tests.examples import TANGO, WALTZ, video
from tests.pages import opened, serve, text_of
from tests.simulated import REQUEST, Simulated, simulated


@pytest.fixture(scope="module")
def runway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with simulated(tmp_path_factory.mktemp("simulator"), timeout=2.0, speed=50.0) as running:
        yield running


@pytest.fixture
def desk(postgres: PostgresDatabase, runway: Simulated) -> Iterator[PostgresDatabase]:
    serve(postgres, runway.client)
    yield postgres
    provide(Dashboard(app_of()))


def uploaded(name: str, content: bytes, kind: str) -> AppTest:
    app = opened("generate")
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="file").upload(name, content, kind).run()
    assert not app.exception, app.exception[0].message
    return app


def test_a_file_that_is_no_picture_is_refused_before_anything_is_paid(desk: PostgresDatabase) -> None:
    app = uploaded("cat.png", b"no picture" * 90, "image/png")
    assert "This file is not a JPEG, PNG or WebP picture" in text_of(app)
    assert app.button(key="generate").disabled


def test_a_picture_under_a_wrong_name_is_sent_as_what_it_is(desk: PostgresDatabase) -> None:
    app = uploaded("cat.png", jpeg(next(iter(SAMPLES))), "image/png")
    assert not app.button(key="generate").disabled


@pytest.mark.parametrize("asked", ["00000000-0000-4000-8000-000000000000", "no id at all"])
def test_an_address_of_no_video_is_told_instead_of_waited_for(desk: PostgresDatabase, asked: str) -> None:
    app = opened("generate", video=asked)
    assert "There is no such video" in text_of(app)
    next(button for button in app.button if button.label == "Make one").click().run()
    assert "There is no such video" not in text_of(app)


def test_an_unknown_outcome_is_told_instead_of_waited_for(
    desk: PostgresDatabase, runway: Simulated, tmp_path: Path
) -> None:
    lost = replace(REQUEST, prompt="Rex [fault:after-drop]")
    made = generate(app_of(desk, runway.client, tmp_path), lost)
    said = text_of(opened("generate", video=made.video_id))
    assert "Nobody knows whether a task exists" in said
    assert "25 credits ($0.25) may have been spent" in said


@pytest.mark.parametrize("page", ["generate", "video"])
@pytest.mark.parametrize(
    "address",
    [
        *(
            "LICENSE",
            "/etc/hostname",
            "javascript:alert(1)",
            "https://",
            "http://[",
            "http://localhost:9/a.mp4",
        ),
        *("https://127.0.0.1/a.mp4", "https://router/a.mp4", "https://ann@cdn.example.com/a.mp4"),
        *("http://cdn.example.com/a.mp4", "https://cdn.example.com:8443/a.mp4", "https://10.0.0.7/a.mp4"),
    ],
)
def test_an_output_is_only_played_from_the_web(desk: PostgresDatabase, page: str, address: str) -> None:
    """Anything else would be read from this machine, and served to whoever looks."""
    at = datetime.now(UTC).isoformat()
    videos.import_videos(desk, [video(WALTZ, "succeeded") | {"video_url": address, "created_at": at}])
    app = opened(page, **{"id" if page == "video" else "video": WALTZ})
    assert "succeeded" in text_of(app)
    assert not app.get("video")
    assert web_host(address) is None


def test_an_output_is_played_from_a_known_host_at_once_and_from_another_when_somebody_says_so(
    desk: PostgresDatabase,
) -> None:
    known = "https://dnznrvs05pmza.cloudfront.net/waltz.mp4"
    videos.import_videos(desk, [video(WALTZ, "succeeded") | {"video_url": known}])
    assert opened("generate", video=WALTZ).get("video")
    videos.import_videos(desk, [video(TANGO, "succeeded") | {"video_url": "https://cdn.example.com/t.mp4"}])
    app = opened("generate", video=TANGO)
    assert not app.get("video")
    next(button for button in app.button if "cdn.example.com" in button.label).click().run()
    assert app.get("video")


@pytest.mark.parametrize(("task_status", "offered"), [("RUNNING", True), ("SUCCEEDED", False)])
def test_only_a_task_that_may_still_run_can_be_cancelled(
    desk: PostgresDatabase, task_status: str, *, offered: bool
) -> None:
    row = video(WALTZ, "processing") | {"runway_video_id": "17f20503-6c24-4c16-946b-35dbbce2af2f"}
    videos.import_videos(desk, [row])
    task = {"task_id": row["runway_video_id"], "status": task_status, "created_at": row["created_at"]}
    desk.call("dailies_save_task", p_task=task | {"checked_at": row["created_at"]}, p_video_id=None)
    labels = [button.label for button in opened("video", id=WALTZ).button]
    assert ("Cancel the task …" in labels) is offered


def test_where_all_addresses_have_expired_one_click_renews_them(
    desk: PostgresDatabase, runway: Simulated, tmp_path: Path
) -> None:
    app = app_of(desk, runway.client, tmp_path)
    made = generate(app, REQUEST)
    ends = time.monotonic() + 30
    while not ((polled := poll(app, made.video_id, fastest=0)) and polled.task and polled.task.is_terminal):
        assert time.monotonic() < ends
        time.sleep(0.05)
    with desk.transaction("expire") as connection:
        connection.execute(
            r"update public.videos set video_url = regexp_replace(video_url, 'expires=\d+', 'expires=1')"
        )
        connection.execute("update dailies.look_ups set asked_at = asked_at - interval '1 minute'")
    judge_dirty(app, 10)
    page = opened("generate")
    assert not page.get("video")
    page.button(key="renew").click().run()
    while dashboard().jobs.is_running("renew-addresses"):
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert len(opened("generate").get("video")) == 1

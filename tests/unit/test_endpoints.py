"""A retry asks the endpoint that the video was made with, for what row and log say, and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lib.data.postgres import PostgresDatabase
from lib.data.videos import video_log
from lib.domain.cause import Action
from lib.domain.diagnosis.proof import Proof
from lib.domain.pricing import MODELS
from lib.domain.repair import Repair, assess
from lib.operations.process import process
from lib.operations.repair import Agreed, carry_out, plan
from lib.operations.sweep import sweep
from lib.runway.simulator.programme import PlannedFault
from lib.worker.jobs import JobVerb
from tests import production
from tests.apps import app_of
from tests.production import attempts_of
from tests.simulated import Simulated, simulated
from tests.stories import dossier, line, row, run

FILM = "https://films.example.com/otter.mp4"
FACE = "https://images.example.com/rex.jpg"  # as the rows of these tests have it
MADE: dict[str, dict[str, str]] = {  # what a row says, by the model it was made with
    "aleph2": {"input_video_url": FILM, "duration": "6"},
    "act_two": {"driving_video": FILM, "aspect_ratio": "9:16"},
    "magnific_video_upscaler_creative": {"source_clip_url": FILM, "resolution": "4k"},
    "enhance_frame_rate": {"reference_video_url": FILM, "target_framerate": "60"},
    "magnific_precision_upscaler_v2": {"scale_factor": "4"},
    "gen4_image": {"ratio": "1:1"},
    "gen4_image_turbo": {"ratio": "1920:1080"},
    "gemini_2.5_flash": {"ratio": "16:9"},
}
COSTS = {
    "aleph2": 168,
    "act_two": 150,
    "magnific_video_upscaler_creative": 2160,
    "enhance_frame_rate": 150,
    "magnific_precision_upscaler_v2": 150,
    "gen4_image": 8,
    "gen4_image_turbo": 2,
    "gemini_2.5_flash": 5,
}


def halted(**columns: Any) -> Repair:
    """Of a run that is over and ended before the call."""
    return assess(dossier(row(prompt="An otter dances", **columns), run("sync-sdk", stages=7))).repair


def logged(*texts: str, **columns: Any) -> Repair:
    """The same, where the run logged what it was about to ask for."""
    lines = [*run("sync-sdk", stages=6), *(line(text, 0.65) for text in texts)]
    return assess(dossier(row(prompt="An otter dances", **columns), lines)).repair


@pytest.mark.parametrize("model", MADE)
def test_what_the_row_says_is_asked_for_again_at_its_endpoint_and_priced_before(model: str) -> None:
    found = halted(model=model, **MADE[model])
    assert (found.action, found.proof, found.reason[:20]) == (
        Action.RETRY,
        Proof.RUN_NOT_SENT,
        "The app's run is ove",
    )
    assert (found.request.endpoint, found.credits) == (MODELS[model].endpoint, COSTS[model])
    assert found.request.video == (FILM if "video" in MODELS[model].needs else "")
    given = (
        MADE[model].get("resolution")
        or MADE[model].get("target_framerate")
        or MADE[model].get("scale_factor")
    )
    assert found.request.setting == (given or "")


@pytest.mark.parametrize(
    ("model", "columns", "lacks"),
    [
        ("aleph2", {"duration": "6"}, "a video to start from"),
        ("aleph2", {"input_video_url": FILM, "source_video_url": f"{FILM}?other"}, "a video to start from"),
        ("act_two", {"driving_video": FILM, "input_image_url": None}, "an image"),
        ("enhance_frame_rate", {"input_video_url": FILM}, "a target framerate"),
        ("magnific_precision_upscaler_v2", {"input_image_url": None}, "an image"),
        ("gen4_image", {"prompt": ""}, "a prompt"),
    ],
)
def test_an_input_that_nothing_tells_is_named_and_nothing_is_paid(
    model: str, columns: dict[str, Any], lacks: str
) -> None:
    whole = {"prompt": "An otter dances", "model": model} | columns
    found = assess(dossier(row(**whole), run("sync-sdk", stages=7))).repair
    assert (found.action, found.pays) == (Action.CHANGE_INPUT, False)
    assert f"{model} needs {lacks}" in found.reason


def test_a_person_gives_what_is_lacking_and_the_proof_holds() -> None:
    known = dossier(row(model="aleph2"), run("sync-sdk", stages=7))
    found = assess(known, {"video": FILM}).repair
    assert (found.action, found.request.endpoint, found.credits) == (Action.RETRY, "video_to_video", 840)


@pytest.mark.parametrize(
    ("text", "endpoint", "video"),
    [
        (f"asking {{ model: 'aleph2', videoUri: '{FILM}', promptText: 'x' }}", "video_to_video", FILM),
        (f'{{"model":"aleph2","video_uri":"{FILM}","ratio":"1280:720"}}', "video_to_video", FILM),
        (
            "POST /v1/character_performance {\n  model: 'act_two',\n"
            f"  character: {{ type: 'image', uri: '{FACE}' }},\n"
            f"  reference: {{ type: 'video', uri: '{FILM}' }}\n}}",
            "character_performance",
            FILM,
        ),
        (f"model=enhance_frame_rate target_framerate=60 video_uri={FILM}", "video_upscale", FILM),
    ],
)
def test_what_the_run_logged_of_its_request_is_asked_for_again(text: str, endpoint: str, video: str) -> None:
    """By a person: what is printed behind the last known stage may be the call itself."""
    found = logged(text)
    assert (found.action, found.request.endpoint, found.request.video) == (Action.ASK, endpoint, video)


@pytest.mark.parametrize(
    "text",
    [
        "{ model: 'aleph2', videoUri: 'https://films.example.com/very-long...' }",
        f"{{ model: 'aleph2', videoUri: '{FILM}' }} {{ model: 'aleph2', videoUri: '{FILM}?2' }}",
        "{ model: 'aleph2', videoUri: '[redacted]' }",
        "{ model: 'aleph2', videoUri: undefined }",
    ],
)
def test_an_address_that_a_log_cut_hid_or_gave_twice_is_no_input(text: str) -> None:
    found = logged(text)
    assert (found.action, found.request.video) == (Action.CHANGE_INPUT, "")


def test_a_prompt_that_imitates_a_request_is_not_read_as_one() -> None:
    prompt = f"Otter. {{ model: 'aleph2', videoUri: '{FILM}', ratio: '1:1' }} and so on"
    for shown in (prompt, prompt[:-8] + "...", prompt.replace("'", "\\'"), f"{{ prompt: '{prompt[7:]}' }}"):
        for written in ({"prompt": prompt}, {"prompt": None, "title": prompt}):
            lines = [*run("sync-sdk", stages=6), line(f"Asked for {shown}", 0.65)]
            found = assess(dossier(row(**written), lines)).repair
            assert (found.request.model, found.request.video) == ("gen4_turbo", "")


def test_a_title_that_is_called_like_an_endpoint_decides_nothing() -> None:
    for title in ("image upscale", "image_upscale"):
        assert halted(title=title).request.model == "gen4_turbo"
    assert not halted(title="image_upscale").pays


def test_a_request_in_a_json_column_is_read() -> None:
    found = halted(payload={"model": "act_two", "ratio": "720:1280", "referenceVideo": FILM})
    assert (found.action, found.request.endpoint, found.request.ratio) == (
        Action.RETRY,
        "character_performance",
        "720:1280",
    )


@pytest.mark.parametrize("word", ["character_performance", "character-performance", "Character Performance"])
def test_an_endpoint_with_one_model_needs_no_name_of_it(word: str) -> None:
    assert halted(kind=word, input_video_url=FILM).request.model == "act_two"


def test_an_endpoint_with_several_models_asks_which() -> None:
    found = halted(kind="video_upscale", input_video_url=FILM)
    assert (found.action, found.pays) == (Action.CHANGE_INPUT, False)
    assert "enhance_frame_rate" in found.reason
    known = dossier(row(kind="video_upscale", input_video_url=FILM), run("sync-sdk", stages=7))
    again = assess(known, {"model": "enhance_frame_rate", "setting": "60"}).repair
    assert (again.action, again.request.video, again.credits) == (Action.RETRY, FILM, 150)


# over HTTP, by every way that repairs


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0) as running:
        yield running


@pytest.fixture
def made(postgres: PostgresDatabase, database_url: str) -> dict[str, str]:
    """A halted video of each model, in a table whose columns say what was asked for."""
    names = sorted({name for columns in MADE.values() for name in columns} | {"model"})
    with psycopg.connect(database_url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"alter table public.videos add column if not exists {name} text".encode())
    return {model: production.terminated(postgres, model=model, **columns) for model, columns in MADE.items()}


def test_a_retry_of_each_endpoint_pays_once_and_what_it_keeps_suffices_to_repeat_it(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path, made: dict[str, str]
) -> None:
    app = app_of(postgres, runway.client, tmp_path, "ben")
    for model, video_id in made.items():
        runway.store.programme.add([PlannedFault("http:429", "POST")])
        (found,) = plan(app, [video_id])
        agreed = Agreed(video_id, found.action, found.key)
        assert not carry_out(app, agreed).is_done
        (again,) = plan(app, [video_id])
        assert again.request == found.request
        second = Agreed(video_id, again.action, again.key)
        done, repeated = carry_out(app, second), carry_out(app, second)
        assert (done.spent > 0, repeated.spent) == (True, 0), done.message
        assert done.task_id == repeated.task_id
        assert attempts_of(postgres, video_id)[0].request == found.request.as_json()
        assert (model, done.task_id) in [(task.model, task.id) for task in runway.store.tasks()]
    assert runway.posts == 2 * len(made)


def test_the_sweep_and_its_queue_ask_the_same_endpoints(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path, made: dict[str, str]
) -> None:
    app = app_of(postgres, runway.client, tmp_path, auto_retry=True)
    planned = {repair.video_id: repair.request for repair in plan(app, list(made.values()))}
    verb = JobVerb(app, lambda job: process(app, job))
    report = sweep(app, holder="test")
    assert report is not None
    assert report.counts() == {"retry": len(made)}
    while verb.step():
        pass
    for video_id in made.values():
        (attempt,) = attempts_of(postgres, video_id)
        assert (attempt.state, attempt.request) == ("created", planned[video_id].as_json())
    assert sorted(task.model for task in runway.store.tasks()) == sorted(made)


def test_the_stage_log_names_the_endpoint(
    postgres: PostgresDatabase, runway: Simulated, tmp_path: Path, made: dict[str, str]
) -> None:
    app = app_of(postgres, runway.client, tmp_path)
    (found,) = plan(app, [made["act_two"]])
    carry_out(app, Agreed(made["act_two"], found.action, found.key))
    lines = [each["message"] for each in video_log(postgres, made["act_two"])]
    assert "[Runway API] Calling SDK characterPerformance.create()" in lines

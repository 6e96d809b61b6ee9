"""What may be asked of Runway, and what it costs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lib.domain.pricing import (
    DATA_URI_LIMIT,
    MODELS,
    VIDEO_MODELS,
    GenerationRequest,
    Model,
    estimate,
    problems,
    prompt_length,
    request_for,
)
from lib.runway.client import arguments
from lib.runway.simulator.protocol import body_problems

DOG = GenerationRequest(image="https://images.example.com/dog.jpg", prompt="A dog dances the robot")
FILM = "https://films.example.com/dog.mp4"


def fields(request: GenerationRequest) -> list[str]:
    return [problem.field for problem in problems(request)]


@pytest.mark.parametrize(
    ("model", "duration", "credits"),
    [
        ("gen4_turbo", 5, 25),
        ("gen4_turbo", 10, 50),
        ("gen4.5", 5, 60),
        ("veo3.1", 8, 320),
        ("veo3.1_fast", 4, 60),
        ("aleph2", 1, 56),
        ("aleph2", 30, 840),
        ("act_two", 30, 150),
        ("magnific_video_upscaler_creative", 10, 720),
        ("enhance_frame_rate", 25, 13),
        ("magnific_precision_upscaler_v2", 0, 150),
        ("gen4_image", 0, 8),
    ],
)
def test_the_estimate_is_the_most_a_video_can_cost(model: str, duration: int, credits: int) -> None:
    assert estimate(model, duration) == credits


def test_a_model_without_a_known_price_has_no_estimate() -> None:
    assert estimate("gen9", 5) is None


def test_a_good_request_has_no_problems() -> None:
    assert problems(DOG) == []


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_takes_what_it_allows(model: Model) -> None:
    for ratio in model.ratios:
        for duration in model.durations:
            asked = replace(DOG, model=model.name, ratio=ratio, duration=duration, video=FILM)
            assert problems(asked) == []


@pytest.mark.parametrize(
    ("model", "duration"),
    [("gen4_turbo", 1), ("gen4_turbo", 11), ("gen4.5", 0), ("veo3.1", 5), ("veo3.1_fast", 10)],
)
def test_a_duration_the_model_cannot_make_is_named(model: str, duration: int) -> None:
    assert fields(replace(DOG, model=model, duration=duration)) == ["duration"]


@pytest.mark.parametrize(
    ("model", "ratio"), [("gen4_turbo", "1920:1080"), ("veo3.1", "960:960"), ("gen4.5", "16:9")]
)
def test_a_ratio_the_model_cannot_make_is_named(model: str, ratio: str) -> None:
    assert fields(replace(DOG, model=model, ratio=ratio, duration=4)) == ["ratio"]


def test_an_unknown_model_is_named_with_the_ones_there_are() -> None:
    [problem] = problems(replace(DOG, model="gen3"))
    assert problem.field == "model"
    assert "gen4_turbo" in problem.text


def test_a_prompt_is_measured_in_utf_16_code_units() -> None:
    assert prompt_length("a" * 10) == 10
    assert prompt_length("🕺" * 10) == 20
    assert prompt_length("\ud83d") == 1


def test_five_hundred_emoji_fit_and_one_more_does_not() -> None:
    assert fields(replace(DOG, prompt="🕺" * 500)) == []
    assert fields(replace(DOG, prompt="🕺" * 501)) == ["prompt"]


def test_half_a_character_cannot_be_sent() -> None:
    assert fields(replace(DOG, prompt="A dog \ud83d")) == ["prompt"]


def test_only_gen4_5_and_no_other_model_needs_a_prompt() -> None:
    silent = [name for name in VIDEO_MODELS if fields(replace(DOG, model=name, prompt="", duration=4))]
    assert silent == ["gen4.5"]


@pytest.mark.parametrize("model", [m for m in MODELS.values() if m.endpoint], ids=lambda model: model.name)
def test_the_other_endpoints_take_what_the_sdks_types_say(model: Model) -> None:
    whole = request_for(model.name, DOG.image, DOG.prompt, video=FILM)
    for ratio in model.ratios or [whole.ratio]:
        for setting in model.settings or [""]:
            asked = replace(whole, ratio=ratio, setting=setting)
            assert problems(asked) == []
            body = {
                re.sub(r"_(\w)", lambda found: found[1].upper(), k): v for k, v in arguments(asked).items()
            }
            assert list(body_problems(model.endpoint, body)) == []
    for field in model.needs:
        lacks = request_for(model.name, DOG.image, DOG.prompt, video=FILM, setting=(*model.settings, "")[0])
        assert problems(lacks) == []
        assert field in fields(replace(lacks, **{field: ""}))  # type: ignore[arg-type] # each of them is text


@pytest.mark.parametrize("film", ["http://films.example.com/rex.mp4", "https://127.0.0.1/rex.mp4", "rex.mp4"])
def test_a_video_that_runway_could_not_fetch_is_named(film: str) -> None:
    assert fields(request_for("aleph2", "", "At night", video=film)) == ["video"]


@pytest.mark.parametrize(
    "image",
    [
        "",
        "http://images.example.com/dog.jpg",
        "ftp://images.example.com/dog.jpg",
        "https://127.0.0.1/dog.jpg",
        "https://[::1]/dog.jpg",
        "https://localhost/dog.jpg",
        "https://[bad/dog.jpg",
        "https://images.example.com/" + "d" * 2048,
        "/home/someone/dog.jpg",
        "data:image/gif;base64,R0lGODlh",
        "data:text/plain,hello",
        "data:image/png;base64," + "A" * DATA_URI_LIMIT,
    ],
)
def test_an_image_runway_cannot_take_is_a_problem(image: str) -> None:
    assert fields(replace(DOG, image=image)) == ["image"]


@pytest.mark.parametrize(
    "image",
    [
        "https://images.example.com/a/b.png?signature=1",
        "https://q7xw.public.blob.vercel-storage.com/uploads/1764338089358-dog.jpg",
        "https://xn--bcher-kva.example/dog.webp",
        "data:image/jpeg;base64,/9j/4AAQ",
        "runway://upload-1",
    ],
)
def test_an_image_runway_can_take_is_none(image: str) -> None:
    assert fields(replace(DOG, image=image)) == []

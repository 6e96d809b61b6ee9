"""What a generation may ask for and what it costs, for the models Dailies can pay for.

Prices are of April 2026, in credits (a credit is $0.01). Limits are those of Runway's API reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lib.domain.address import is_domain_name

CREDITS_PER_DOLLAR = 100
PROMPT_LIMIT = 1000  # UTF-16 code units
URL_LIMIT = 2048
DATA_URI_LIMIT = 5 * 1024 * 1024
DEFAULT_MODEL = "gen4_turbo"

_GEN4_RATIOS = ("1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672")
_RATIO = re.compile(r"([1-9]\d{0,4})[:x/]([1-9]\d{0,4})")
_VEO_RATIOS = ("1280:720", "720:1280", "1080:1920", "1920:1080")


@dataclass(frozen=True, slots=True)
class Model:
    """credits_per_second  the most a second can cost: for Veo that is the price with sound
    from_text           the ratios in which it makes a video without an image, if it does
    """

    name: str
    credits_per_second: int
    durations: tuple[int, ...]
    default_duration: int
    ratios: tuple[str, ...]
    prompt_required: bool = False
    from_text: tuple[str, ...] = ()


MODELS = {
    model.name: model
    for model in (
        Model("gen4_turbo", 5, tuple(range(2, 11)), 5, _GEN4_RATIOS),
        Model("gen4.5", 12, tuple(range(2, 11)), 5, _GEN4_RATIOS, True, _GEN4_RATIOS[:2]),
        Model("veo3.1", 40, (4, 6, 8), 8, _VEO_RATIOS, False, _VEO_RATIOS),
        Model("veo3.1_fast", 15, (4, 6, 8), 8, _VEO_RATIOS, False, _VEO_RATIOS),
    )
}


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What is asked of Runway: `image` is an https address, a data URI, a `runway://` upload, or empty where
    the video is made from the prompt alone."""

    image: str
    prompt: str = ""
    model: str = DEFAULT_MODEL
    ratio: str = "1280:720"
    duration: int = 5

    @property
    def endpoint(self) -> str:
        return "image_to_video" if self.image else "text_to_video"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def request_for(
    model: str, image: str, prompt: str, *, ratio: str | None = None, seconds: int | None = None
) -> GenerationRequest:
    """What `model` is asked for. Where nobody said how long: 5 s, or its own default. A ratio in other words
    (`16:9`) is the model's own that comes near; what the model cannot make is left for `problems` to tell."""
    known = MODELS.get(model)
    usual = 5 if known is None or 5 in known.durations else known.default_duration
    ratios = (known.ratios if image else known.from_text) if known else ()
    near = next((own for own in ratios if ratio and _is_near(own, ratio)), ratio)
    return GenerationRequest(image, prompt, model, near or _GEN4_RATIOS[0], seconds or usual)


def _is_near(one: str, other: str) -> bool:
    return abs(_proportion(one) / _proportion(other) - 1) < 0.02


def _proportion(ratio: str) -> float:
    """Width through height; nothing that comes near any where it is none."""
    found = _RATIO.fullmatch(ratio)
    return int(found[1]) / int(found[2]) if found else float("inf")


class Problem(NamedTuple):
    """Why a request cannot be sent: the field of GenerationRequest, and a sentence for people."""

    field: str
    text: str


def estimate(model: str, duration: int) -> int | None:
    """The most credits a video of `duration` seconds can cost; None for a model without a known price."""
    known = MODELS.get(model)
    return known.credits_per_second * duration if known else None


def prompt_length(prompt: str) -> int:
    """Length as Runway counts it: UTF-16 code units, so most emoji count twice."""
    return len(prompt.encode("utf-16-le", "surrogatepass")) // 2


def problems(request: GenerationRequest) -> list[Problem]:
    """Everything Runway would refuse about this request; empty when it can be sent."""
    model = MODELS.get(request.model)
    found = [*_prompt_problems(request.prompt)]
    if request.image.startswith("data:"):
        found = [*_data_uri_problems(request.image), *found]
    elif request.image:
        found = [*_url_problems(request.image), *found]
    elif model is None or not model.from_text:
        found.insert(0, Problem("image", "An image is needed: an https address or an uploaded file."))
    if model is None:
        found.append(Problem("model", f"Unknown model {request.model!r}; choose one of {', '.join(MODELS)}."))
        return found
    return [*found, *_model_problems(model, request)]


def _model_problems(model: Model, request: GenerationRequest) -> Iterator[Problem]:
    if not request.prompt and (model.prompt_required or (model.from_text and not request.image)):
        yield Problem("prompt", f"{model.name} needs a prompt{'' if request.image else ' or an image'}.")
    ratios = model.ratios if request.image else model.from_text
    if ratios and request.ratio not in ratios:
        yield Problem("ratio", f"{model.name} makes {', '.join(ratios)}, not {request.ratio}.")
    if request.duration not in model.durations:
        allowed = ", ".join(map(str, model.durations))
        yield Problem("duration", f"{model.name} makes videos of {allowed} seconds, not {request.duration}.")


def _prompt_problems(prompt: str) -> Iterator[Problem]:
    if any("\ud800" <= character <= "\udfff" for character in prompt):
        yield Problem("prompt", "The prompt holds half of a character, perhaps an emoji that was cut.")
    length = prompt_length(prompt)
    if length > PROMPT_LIMIT:
        yield Problem("prompt", f"The prompt has {length} characters; Runway takes {PROMPT_LIMIT} at most.")


def _data_uri_problems(image: str) -> Iterator[Problem]:
    if not re.match(r"data:image/(jpeg|jpg|png|webp);base64,", image):
        yield Problem("image", "The image must be a JPEG, PNG or WebP file.")
    if len(image) > DATA_URI_LIMIT:
        yield Problem("image", f"The image is too large: {DATA_URI_LIMIT // 2**20} MB at most once encoded.")


def _url_problems(image: str) -> Iterator[Problem]:
    if image.startswith("runway://"):
        return
    try:
        parts = urlsplit(image)
    except ValueError:
        yield Problem("image", "The address of the image cannot be read.")
        return
    if parts.scheme != "https":
        yield Problem("image", "The address of the image must begin with https://.")
    elif not is_domain_name(parts.hostname):
        yield Problem("image", "The address of the image must name its host by a domain name.")
    if len(image) > URL_LIMIT:
        yield Problem("image", f"The address of the image is longer than {URL_LIMIT} characters.")

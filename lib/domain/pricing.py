"""What a generation may ask for and what it costs, for the models Dailies can pay for.

Prices are of 2026, in credits (a credit is $0.01). Limits are those of Runway's API reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import ceil
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
_PICTURE_RATIOS = (
    *("1280:720", "720:1280", "1920:1080", "1080:1920", "1024:1024", "1080:1080", "720:720", "1168:880"),
    *("1360:768", "1440:1080", "1080:1440", "960:720", "720:960", "1808:768", "2112:912", "1680:720"),
)
_GEMINI_RATIOS = (
    *("1344:768", "768:1344", "1024:1024", "1184:864", "864:1184"),
    *("1536:672", "832:1248", "1248:832", "896:1152", "1152:896"),
)
_NEEDED = {"image": "an image", "video": "a video to start from", "prompt": "a prompt"}


@dataclass(frozen=True, slots=True)
class Model:
    """credits_per_second  the most a second can cost: for Veo that is the price with sound
    durations           seconds that can be asked for; where a video is put in, how long it may be
    from_text           the ratios in which it makes a video without an image, if it does
    endpoint            where it is asked for, if that is neither image_to_video nor text_to_video
    needs               fields of a request without which that endpoint takes none
    setting             what the endpoint calls its one further choice, and in `settings` what can be chosen
    least               credits that are charged however short it is; of a picture, the most it can cost
    """

    name: str
    credits_per_second: float
    durations: tuple[int, ...]
    default_duration: int
    ratios: tuple[str, ...]
    prompt_required: bool = False
    from_text: tuple[str, ...] = ()
    endpoint: str = ""
    needs: tuple[str, ...] = ()
    setting: str = ""
    settings: tuple[str, ...] = ()
    least: int = 0

    def ratios_for(self, image: str) -> tuple[str, ...]:
        return self.ratios if image or self.endpoint else self.from_text


def _of_a_video(name: str, endpoint: str, credits_per_second: float, longest: int = 30, **more: Any) -> Model:
    """One whose price follows from the length of the video that is put in: until that is known, the most."""
    given = {"ratios": (), "needs": ("video",), "endpoint": endpoint} | more
    return Model(name, credits_per_second, tuple(range(1, longest + 1)), longest, **given)


def _of_a_picture(name: str, most: int, ratios: tuple[str, ...], *needs: str) -> Model:
    return Model(name, 0, (), 0, ratios, endpoint="text_to_image", needs=("prompt", *needs), least=most)


MODELS = {
    model.name: model
    for model in (
        Model("gen4_turbo", 5, tuple(range(2, 11)), 5, _GEN4_RATIOS),
        Model("gen4.5", 12, tuple(range(2, 11)), 5, _GEN4_RATIOS, True, _GEN4_RATIOS[:2]),
        Model("veo3.1", 40, (4, 6, 8), 8, _VEO_RATIOS, False, _VEO_RATIOS),
        Model("veo3.1_fast", 15, (4, 6, 8), 8, _VEO_RATIOS, False, _VEO_RATIOS),
        _of_a_video("aleph2", "video_to_video", 28, least=56),
        _of_a_video("act_two", "character_performance", 5, ratios=_GEN4_RATIOS, needs=("image", "video")),
        _of_a_video(  # by the frame, of which a second has 60 at most
            "magnific_video_upscaler_creative",
            "video_upscale",
            60 * 1.2,
            setting="resolution",
            settings=("720p", "1k", "2k", "4k"),
        ),
        _of_a_video(
            "enhance_frame_rate",
            "video_upscale",
            0.5,
            300,
            needs=("video", "setting"),
            setting="target_framerate",
            settings=("24", "25", "30", "48", "50", "60", "120", "23_98", "29_97", "59_94"),
        ),
        Model(
            "magnific_precision_upscaler_v2",
            0,
            (),
            0,
            (),
            endpoint="image_upscale",
            needs=("image",),
            setting="scale_factor",
            settings=("2", "4", "8", "16"),
            least=150,
        ),
        _of_a_picture("gen4_image", 8, _PICTURE_RATIOS),
        _of_a_picture("gen4_image_turbo", 2, _PICTURE_RATIOS, "image"),
        _of_a_picture("gemini_2.5_flash", 5, _GEMINI_RATIOS),
    )
}
VIDEO_MODELS = tuple(name for name, model in MODELS.items() if not model.endpoint)  # from image or text


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What is asked of Runway: `image` and `video` are https addresses, data URIs, `runway://` uploads, or
    empty; without an image and a model that needs one, the video is made from the prompt alone.

    setting  the model's one further choice (`Model.setting`); empty for Runway's own
    """

    image: str
    prompt: str = ""
    model: str = DEFAULT_MODEL
    ratio: str = "1280:720"
    duration: int = 5
    video: str = ""
    setting: str = ""

    @property
    def endpoint(self) -> str:
        known = MODELS.get(self.model)
        return (known and known.endpoint) or ("image_to_video" if self.image else "text_to_video")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def request_for(
    model: str, image: str, prompt: str, *, ratio: str | None = None, seconds: int | None = None, **more: str
) -> GenerationRequest:
    """What `model` is asked for, `more` being its video and setting. Where nobody said how long: as long as
    is usual for it. A ratio in other words (`16:9`) is the model's own that comes near; what the model cannot
    make is left for `problems` to tell."""
    known = MODELS.get(model)
    wanted = ratio or _GEN4_RATIOS[0]
    ratios = known.ratios_for(image) if known else ()
    near = next((own for own in ratios if _is_near(own, wanted)), wanted)
    usual = known.default_duration if known else 5
    return GenerationRequest(image, prompt, model, near, seconds or usual, **more)


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
    return max(known.least, ceil(known.credits_per_second * duration)) if known else None


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
        found = [*_url_problems("image", request.image), *found]
    elif model is None or not (model.from_text or model.endpoint):
        found.insert(0, Problem("image", "An image is needed: an https address or an uploaded file."))
    if model and "video" in model.needs and request.video and not request.video.startswith("data:video/"):
        found += _url_problems("video", request.video)
    if model is None:
        found.append(Problem("model", f"Unknown model {request.model!r}; choose one of {', '.join(MODELS)}."))
        return found
    return [*found, *_model_problems(model, request)]


def _model_problems(model: Model, request: GenerationRequest) -> Iterator[Problem]:
    choice = f"{model.setting.replace('_', ' ')}: one of {', '.join(model.settings)}"
    for field in model.needs:
        if not getattr(request, field):
            yield Problem(field, f"{model.name} needs {_NEEDED.get(field) or f'a {choice}'}.")
    if request.setting and request.setting not in model.settings:
        yield Problem("setting", f"{model.name} takes no {request.setting!r}; {choice}.")
    if not request.prompt and (model.prompt_required or (model.from_text and not request.image)):
        yield Problem("prompt", f"{model.name} needs a prompt{'' if request.image else ' or an image'}.")
    ratios = model.ratios_for(request.image)
    if ratios and request.ratio not in ratios:
        yield Problem("ratio", f"{model.name} makes {', '.join(ratios)}, not {request.ratio}.")
    if model.durations and request.duration not in model.durations:
        first, *_, last = model.durations
        allowed = f"{first} to {last}" if len(model.durations) > 10 else ", ".join(map(str, model.durations))
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


def _url_problems(field: str, address: str) -> Iterator[Problem]:
    if address.startswith("runway://"):
        return
    try:
        parts = urlsplit(address)
    except ValueError:
        yield Problem(field, f"The address of the {field} cannot be read.")
        return
    if parts.scheme != "https":
        yield Problem(field, f"The address of the {field} must begin with https://.")
    elif not is_domain_name(parts.hostname):
        yield Problem(field, f"The address of the {field} must name its host by a domain name.")
    if len(address) > URL_LIMIT:
        yield Problem(field, f"The address of the {field} is longer than {URL_LIMIT} characters.")

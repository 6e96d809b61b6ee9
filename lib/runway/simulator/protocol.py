"""Bodies of the Runway API: what a creation must hold, read off the SDK's own types, model by model, and how
tasks and the organization are answered."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from io import BytesIO
from typing import Any, get_args, get_type_hints

from PIL import Image
from pydantic import TypeAdapter, ValidationError

from lib.domain.pricing import MODELS, GenerationRequest, problems
from lib.domain.task import TERMINAL, TaskStatus
from lib.domain.times import iso
from lib.domain.video import parse_time
from lib.runway.simulator.schedule import StoredTask

Json = dict[str, Any]

ENDPOINTS = (
    "image_to_video",
    "text_to_video",
    "video_to_video",
    "text_to_image",
    "character_performance",
    "video_upscale",
    "image_upscale",
)
_EXPECTED = {
    "string_type": "Expected string",
    "int_type": "Expected number",
    "bool_type": "Expected boolean",
    "iterable_type": "Expected array",
    "dict_type": "Expected object",
    "missing": "Required",
}
_OF_UNIONS = re.compile(r"[\w.]*\W.*|[A-Z]\w*|str|list|int")  # pydantic's names for the branches of a union
DOCUMENTATION = "https://docs.dev.runwayml.com/api"
MONTHLY_SPEND = 100_000
_PATHS: dict[str, list[str]] = {"image": ["promptImage"], "prompt": ["promptText"], "video": ["videoUri"]}
_OTHER_PATHS: dict[str, dict[str, list[str]]] = {
    "character_performance": {"image": ["character", "uri"], "video": ["reference", "uri"]},
    "image_upscale": {"image": ["imageUri"]},
    "text_to_image": {"image": ["referenceImages"]},
}
_OF_PICTURES = ("text_to_image", "image_upscale")  # no model of theirs is another endpoint's
_FOR_EVER = 10 * 365 * 86400.0


def refusal(text: str, issues: list[Json] | None = None) -> Json:
    return {"error": text, "docUrl": DOCUMENTATION} | ({"issues": issues} if issues else {})


def creation_issues(endpoint: str, body: Any) -> list[Json]:
    """What is wrong with the body of `POST /v1/{endpoint}`; empty when `creation` can read it.

    The SDK's types know no bounds: those of the models that Dailies can pay for are checked as well.
    """
    if not isinstance(body, dict):
        return [_issue([], "Expected object")]
    malformed = list(body_problems(endpoint, body))
    if body.get("promptText") == "":
        malformed.append((["promptText"], "String must contain at least 1 character(s)"))
    image = body.get("promptImage")
    is_first_frame = isinstance(image, list) and [*map(_is_first_frame, image)] == [True]
    if isinstance(image, list) and not is_first_frame:
        malformed.append((["promptImage"], "Expected one image with `uri` and `position: first`"))
    if malformed:
        return [_issue(path, text) for path, text in malformed]
    if body["model"] not in MODELS:
        return []
    paths = _PATHS | _OTHER_PATHS.get(endpoint, {})
    return [_issue(paths.get(each.field, [each.field]), each.text) for each in problems(creation(body))]


def creation(body: Json) -> GenerationRequest:
    """The request of a body without type issues."""
    image = body.get("promptImage") or body.get("referenceImages") or body.get("character") or ""
    if isinstance(image, list):
        image = image[0]
    model = MODELS.get(body["model"])
    usual = (model and model.default_duration) or 5
    return GenerationRequest(
        image=body.get("imageUri") or (image if isinstance(image, str) else image["uri"]),
        prompt=body.get("promptText", ""),
        model=body["model"],
        ratio=body.get("ratio", "1280:720"),
        duration=body.get("duration", usual),
        video=body.get("videoUri") or body.get("promptVideo") or body.get("reference", {}).get("uri", ""),
        setting=str(body.get(_camel(model.setting), "")) if model else "",
    )


def is_picture(uri: str) -> bool:
    """Whether a data URI holds an image that can be read."""
    try:
        content = base64.b64decode(uri.partition(",")[2], validate=True)
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # what Pillow's readers raise
        return False
    return True


def makes_a_picture(model: str) -> bool:
    """Whether what the model makes is no video."""
    return any(model in models_of(name) for name in _OF_PICTURES)


def picture(ratio: str) -> bytes:
    """A plain PNG in that ratio, which stands for whatever was asked for."""
    sides = re.fullmatch(r"(\d{2,4}):(\d{2,4})", ratio, re.ASCII)
    made = BytesIO()
    Image.new("RGB", (int(sides[1]), int(sides[2])) if sides else (1280, 720), "teal").save(made, "PNG")
    return made.getvalue()


def _is_first_frame(image: Any) -> bool:
    return isinstance(image, dict) and image.get("position") == "first" and isinstance(image.get("uri"), str)


def _issue(path: Sequence[str | int], message: str) -> Json:
    return {"code": "custom", "path": list(path), "message": message}


def task_body(task: StoredTask, now: float, output: str) -> Json:
    """What `GET /v1/tasks/{id}` answers; `output` is the address of its result."""
    status = task.status(now)
    body: Json = {"id": task.id, "status": status, "createdAt": iso(round(task.created_at * 1000))}
    if status not in TERMINAL:
        body["estimatedCost"] = {"credits": task.credits}
        return body | ({"progress": task.progress(now)} if now >= task.runs_at else {})
    body["cost"] = {"credits": task.final_credits}
    if status == TaskStatus.SUCCEEDED:
        body["output"] = [output]
    if status == TaskStatus.FAILED:
        body["failure"] = task.failure
        body |= {"failureCode": task.failure_code} if task.failure_code else {}
    return body


def past_task(body: Json) -> StoredTask:
    """A task to import: the body of a look-up, and optionally model, promptText, promptImage, ratio, duration
    and endedAt. Without endedAt an active task stays for ever as it is. Raises ValueError or KeyError.
    """
    created = _epoch(body["createdAt"])
    status, ended = body["status"], body.get("endedAt")
    terminal = status in TERMINAL
    cost = (body.get("cost") or body.get("estimatedCost") or {}).get("credits", 0)
    ends = _epoch(ended) if ended else created + (30 if terminal else _FOR_EVER)
    begins = {TaskStatus.THROTTLED: (ends, ends), TaskStatus.PENDING: (created, ends)}
    starts_at, runs_at = begins.get(status, (created, created))
    return StoredTask(
        id=body["id"],
        model=body.get("model", "gen4_turbo"),
        prompt=body.get("promptText") or "",
        image=body.get("promptImage") or "",
        ratio=body.get("ratio", "1280:720"),
        duration=body.get("duration", 5),
        credits=cost,
        final_credits=cost,
        created_at=created,
        starts_at=starts_at,
        runs_at=runs_at,
        ends_at=ends,
        running_as=status if status not in TaskStatus.__members__ else TaskStatus.RUNNING,
        outcome=status if terminal else TaskStatus.SUCCEEDED,
        failure=body.get("failure"),
        failure_code=body.get("failureCode"),
    )


def organization_body(balance: int, concurrency: int, daily: int, used: Mapping[str, int]) -> Json:
    limits = {"maxConcurrentGenerations": concurrency, "maxDailyGenerations": daily}
    return {
        "creditBalance": balance,
        "tier": {"maxMonthlyCreditSpend": MONTHLY_SPEND, "models": dict.fromkeys(used, limits)},
        "usage": {"models": {model: {"dailyGenerations": n} for model, n in used.items()}},
    }


def _epoch(value: str) -> float:
    at = parse_time(value)
    assert at is not None
    return at.timestamp()


@cache
def models_of(endpoint: str) -> Mapping[str, TypeAdapter[Any]]:
    """By the model's name, what a body for it must hold."""
    name = "".join(map(str.capitalize, endpoint.split("_"))) + "CreateParams"
    params = getattr(import_module(f"runwayml.types.{endpoint}_create_params"), name)
    return {
        model: TypeAdapter(each)
        for each in get_args(params) or (params,)
        for model in get_args(get_type_hints(each)["model"])
    }


def body_problems(endpoint: str, body: Mapping[str, Any]) -> Iterator[tuple[list[str | int], str]]:
    """Where and what Runway would refuse of a body for its types: `(["promptImage"], "Required")`."""
    models = models_of(endpoint)
    model = body.get("model")
    if not isinstance(model, str) or model not in models:
        expected = " | ".join(f"'{each}'" for each in models)
        yield ["model"], f"Invalid discriminator value. Expected {expected}" if model else "Required"
        return
    try:
        models[model].validate_python(_pythonic(body), strict=True)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            path = [
                _camel(part) if isinstance(part, str) else part
                for part in each["loc"]
                if not (isinstance(part, str) and _OF_UNIONS.fullmatch(part))
            ]
            yield path, _EXPECTED.get(each["type"], each["msg"])


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _pythonic(value: Any) -> Any:
    """With the names of the SDK's types; a name that is no API's (`prompt_image`) fits none of them."""
    if isinstance(value, dict):
        return {
            re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)
            if "_" not in name
            else name.upper(): _pythonic(each)
            for name, each in value.items()
        }
    return [_pythonic(each) for each in value] if isinstance(value, list) else value

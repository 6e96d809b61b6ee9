"""What each creation of the Runway API takes: read off the SDK's own types, model by model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

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
                re.sub(r"_(\w)", lambda found: found[1].upper(), part) if isinstance(part, str) else part
                for part in each["loc"]
                if not (isinstance(part, str) and _OF_UNIONS.fullmatch(part))
            ]
            yield path, _EXPECTED.get(each["type"], each["msg"])


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

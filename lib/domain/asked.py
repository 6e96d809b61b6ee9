"""What a retry asks for: what the last attempt asked, else what the row and the log of the app's run say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from lib.domain.diagnosis import Dossier
from lib.domain.pricing import MODELS, GenerationRequest, request_for
from lib.domain.video import leaves

Changes = Mapping[str, Any]  # fields of GenerationRequest
NO_CHANGES: Changes = {}
_LENGTH = re.compile(r"([1-9]\d{0,2})(?:\.0)? ?s?\Z", re.ASCII)
_READ = 4_000  # characters of a line
_NAME = 60  # more than any endpoint's
# What the API and its SDK call a field, in small letters and without what stands between words.
_KEYS = {
    "promptimage": "image",
    "imageuri": "image",
    "character": "image",
    "videouri": "video",
    "promptvideo": "video",
    "reference": "video",
    "targetframerate": "setting",
    "scalefactor": "setting",
    "resolution": "setting",
    "model": "model",
    "ratio": "ratio",
    "duration": "seconds",
    "prompttext": "prompt",
}
_PAIR = re.compile(
    r"(?<![A-Za-z0-9_])(prompt_?(?:image|text|video)|(?:image|video)_?uri|character|reference|target_?framerate"
    r"|scale_?factor|resolution|model|ratio|duration)\\?[\"']?\s{0,3}[:=]\s{0,3}"
    r"(?:\{[^{}]{0,80}?\buri\\?[\"']?\s{0,3}[:=]\s{0,3})?\\?[\"'`]?([^\s\"'`,;{}\\]{1,2048})",
    re.I,
)
_NAMED = re.compile(
    r"prompt_?[itv]|(?:image|video)_?uri|character|reference|target|scale|resolution|model|ratio|duration"
)
_REQUEST = re.compile(
    r"prompt|requests?|inputs?|param(?:eter)?s|payload|options|settings|arg(?:ument)?s|body|config"
)
# Columns for the video that is put in; one that is called plainly `video` may be what comes out.
_VIDEO_COLUMN = re.compile(
    r"(?:in|input|source|src|ref|reference|driving|driver|performance|original|prompt|init|base|uploaded)"
    r"(?:video|clip|footage|movie|film)(?:ur[il]|src|link|path|address|file)?|video(?:uri|in|input|source|src)(?:ur[il])?"
)
_KIND_COLUMN = re.compile(r"kind|type|endpoint|operation|mode|action|tool|task|job|method|route")
_ADDRESS = re.compile(r"(?:https|runway)://\S{3}|data:video/")
_CUT = re.compile(r"\.\.\.$|…|\[redacted|\*\*\*", re.I)  # as a log shortens or hides an address


def request_of(dossier: Dossier, changes: Changes = NO_CHANGES) -> GenerationRequest:
    """What the last attempt asked for; if there was none, what the row says in the columns that apps have for
    it, then what the run logged. A model that is none of ours stays: nothing is asked for in its place.

    changes  what a person wants to ask for instead; how long another model's input is, nobody said
    """
    if not dossier.last_attempt:
        first = _first_request(dossier, changes.get("model"))
        return replace(first, **changes) if changes else first
    asked = GenerationRequest(**dossier.last_attempt.request)
    if (
        (known := MODELS.get(changes.get("model", asked.model)))
        and known.name != asked.model
        and known.endpoint
    ):
        asked = replace(asked, duration=known.default_duration)
    return replace(asked, **changes)


def _first_request(dossier: Dossier, wanted: str | None) -> GenerationRequest:
    video, row, logged = dossier.video, _told(dossier), _logged(dossier)

    def said(*names: str) -> str:
        return next((row[name] for name in names if row.get(name)), "")

    model = wanted or said("model", "modelid") or logged.get("model") or _only_model(dossier) or dossier.model
    known = MODELS.get(model)
    more = {}
    if known and known.setting:
        more["setting"] = said(known.setting.replace("_", "")) or logged.get("setting", "")
    if known and "video" in known.needs:
        more["video"] = _input_video(dossier) or logged.get("video", "")
    seconds = _LENGTH.match(said("seconds", "duration") or logged.get("seconds", ""))
    image = said("promptimage", "imageuri", "imageurl", "characterimage", "sourceimage", "referenceimage")
    return request_for(
        model,
        video.input_image_url or (image if _ADDRESS.match(image) else logged.get("image", "")),
        video.prompt or said("prompttext"),
        ratio=said("ratio", "aspect", "aspectratio") or logged.get("ratio"),
        seconds=int(seconds[1]) if seconds else None,
        **more,
    )


def models_at(endpoint: str) -> list[str]:
    """The models of an endpoint, however it is spelt, that Dailies can pay for."""
    return [name for name, model in MODELS.items() if _plain(model.endpoint) == _plain(endpoint)]


def _only_model(dossier: Dossier) -> str | None:
    """Where a column says the endpoint and it has one model."""
    kinds = (
        value
        for path, value in leaves(dossier.video.columns)
        if isinstance(value, str) and len(value) < _NAME and _KIND_COLUMN.search(_plain(path[-1]))
    )
    return next((models[0] for kind in kinds if len(models := models_at(kind)) == 1), None)


def _told(dossier: Dossier) -> dict[str, str]:
    """What columns say under their plain names, before what a JSON column says of the request in it."""
    told: dict[str, str] = {}
    for path, value in sorted(leaves(dossier.video.columns), key=lambda leaf: len(leaf[0])):
        name = _plain(path[-1])
        if value in (None, "") or (len(path) > 1 and not _REQUEST.fullmatch(_plain(path[-2]))):
            continue
        text = str(value).strip()
        if len(path) == 1 or name != "model" or text in MODELS:
            told.setdefault(name, text)
    return told


def _input_video(dossier: Dossier) -> str | None:
    """The one address in a column for it; of several nobody knows which was meant."""
    found = {
        str(value).strip()
        for path, value in leaves(dossier.video.columns)
        if _VIDEO_COLUMN.fullmatch(_plain(path[-1])) and _ADDRESS.match(str(value).strip())
    }
    return found.pop() if len(found) == 1 else None


def _logged(dossier: Dossier) -> dict[str, str]:
    """What the latest run logged of its request, where it says one thing only. Of a video whose row holds
    text that looks like a request no log is read: a user may have written it for that."""
    video = dossier.video
    written = [video.prompt, *(value for _, value in leaves(video.columns) if isinstance(value, str))]
    if any(map(_pairs_in, (text for text in written if text and text[0] not in "{["))):
        return {}
    said: dict[str, set[str]] = {}
    for field, value in _pairs(dossier):
        said.setdefault(field, set()).add(value)
    return {field: values.pop() for field, values in said.items() if len(values) == 1}


def _pairs(dossier: Dossier) -> Iterator[tuple[str, str]]:
    """Of lines that hold more of a request than one name, which any line may."""
    for entry in dossier.certain_entries:
        pairs = [(_KEYS[_plain(name)], value) for name, value in _pairs_in(entry.message)]
        if len({field for field, _ in pairs}) > 1:
            yield from ((field, value) for field, value in pairs if _is_sound(field, value))


def _pairs_in(text: str) -> list[tuple[str, str]]:
    """Behind their names, which are looked for first: that is several times as fast."""
    text, found, at = text[:_READ], [], 0
    if not text.isascii():  # where letters stand at other places in small ones
        return _PAIR.findall(text)
    lowered = text.lower()
    while name := _NAMED.search(lowered, at):
        pair = _PAIR.match(text, name.start())
        at = pair.end() if pair else name.end()
        if pair:
            found.append((pair[1], pair[2]))
    return found


def _is_sound(field: str, value: str) -> bool:
    if field in ("image", "video"):
        return bool(_ADDRESS.match(value)) and not _CUT.search(value)
    return field != "prompt" and (field != "model" or value in MODELS)


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())

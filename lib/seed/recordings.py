"""What the production app's three flows log in each situation, as recorded from its route code.

recordings.json holds, by flow and scenario, the lines of one generate request; `as_ok` of them are the first
ones of the flow's `ok` scenario. In the texts stand {video}, {task}, {image}, {prompt} (its first 100
characters), {full_prompt}, {prompt_length}, {duration} and {created_at}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

Line = tuple[str, str]  # level, text


class Recording(NamedTuple):
    cause: str  # what the diagnosis has to find
    status: str  # of the row afterwards
    error: str | None  # its error_message
    answer: int  # HTTP status of the request
    creates_task: bool
    lines: tuple[Line, ...]


@cache
def recordings() -> Mapping[str, Mapping[str, tuple[Recording, ...]]]:
    """By flow, then scenario; some scenarios were recorded more than once."""
    data = json.loads(Path(__file__).with_name("recordings.json").read_text("utf-8"))
    return {
        flow: {
            name: tuple(_recording(body, scenarios["ok"][0]) for body in bodies)
            for name, bodies in scenarios.items()
        }
        for flow, scenarios in data.items()
    }


def _recording(body: dict[str, object], ok: dict[str, object]) -> Recording:
    lines = [*_lines(ok)[: int(str(body["as_ok"]))], *_lines(body)]
    error = body["error"]
    return Recording(
        str(body["cause"]),
        str(body["status"]),
        None if error is None else str(error),
        int(str(body["answer"])),
        bool(body["task"]),
        tuple(lines),
    )


def _lines(body: dict[str, object]) -> list[Line]:
    found = body["lines"]
    assert isinstance(found, list)
    return [(level, text) for level, text in found]

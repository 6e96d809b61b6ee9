"""What the production app's three flows log in each situation, as recorded from its route code.

recordings.json holds, by flow and scenario, the lines of one generate request; `as_ok` of them are the first
ones of the flow's `ok` scenario. In the texts stand {video}, {task}, {image}, {prompt} (its first 100
characters), {full_prompt}, {prompt_length}, {duration} and {created_at}.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

Line = tuple[str, str]  # level, text


class Recording(NamedTuple):
    cause: str  # what the diagnosis has to find
    status: str  # of the row afterwards
    error: str | None  # its error_message
    answer: int  # HTTP status of the request
    creates_task: bool
    lines: tuple[Line, ...]


class _Recorded(msgspec.Struct):
    """As it stands in the file."""

    cause: str
    status: str
    error: str | None
    answer: int
    task: bool
    as_ok: int
    lines: tuple[Line, ...]


@cache
def recordings() -> Mapping[str, Mapping[str, tuple[Recording, ...]]]:
    """By flow, then scenario; some scenarios were recorded more than once."""
    content = Path(__file__).with_name("recordings.json").read_bytes()
    flows = msgspec.json.decode(content, type=dict[str, dict[str, list[_Recorded]]])
    return {
        flow: {
            name: tuple(
                Recording(r.cause, r.status, r.error, r.answer, r.task, ok[: r.as_ok] + r.lines)
                for r in recorded
            )
            for name, recorded in scenarios.items()
        }
        for flow, scenarios in flows.items()
        for ok in [scenarios["ok"][0].lines]
    }

"""What can happen to a video: what the app logs then, as recorded from its route code, what becomes of its
task, and what the polls say.

recordings.json holds, by flow and scenario, the lines of one generate request; `as_ok` of them are the first
ones of the flow's `ok` scenario. In the texts stand {video}, {task}, {image}, {prompt} (its first 100
characters), {full_prompt}, {prompt_length}, {duration} and {created_at}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

Line = tuple[str, str]  # level, text


class Recording(msgspec.Struct, frozen=True):
    cause: str  # what the diagnosis has to find
    status: str  # of the row afterwards
    error: str | None  # its error_message
    answer: int  # HTTP status of the request
    creates_task: bool = msgspec.field(name="task")
    as_ok: int  # how many of its lines, the first, are those of `ok`: the file leaves them out
    lines: tuple[Line, ...]


@cache
def recordings() -> Mapping[str, Mapping[str, tuple[Recording, ...]]]:
    """By flow, then scenario; some scenarios were recorded more than once."""
    content = Path(__file__).with_name("recordings.json").read_bytes()
    flows = msgspec.json.decode(content, type=dict[str, dict[str, list[Recording]]])
    return {
        flow: {
            name: tuple(replace(each, lines=ok[: each.as_ok] + each.lines) for each in recorded)
            for name, recorded in scenarios.items()
        }
        for flow, scenarios in flows.items()
        for ok in [scenarios["ok"][0].lines]
    }


class Polls(StrEnum):
    """What the user's browser gets to hear while it waits."""

    NONE = "none"  # it was closed
    TO_THE_END = "to_the_end"
    STILL_GOING = "still_going"  # now
    FAILING = "failing"  # every status check ends in an error
    NO_ID = "no_id"  # the row is in processing and has no task


@dataclass(frozen=True, slots=True)
class Ending:
    """How the task ended, and the row with it."""

    cause: str
    task: str  # Runway's status
    row: str
    polls: Polls
    failure: str | None = None
    failure_code: str | None = None


_ENDINGS = {
    "ok": Ending("succeeded", "SUCCEEDED", "succeeded", Polls.TO_THE_END),
    "task_failed": Ending(
        "generation_failed", "FAILED", "failed", Polls.TO_THE_END,
        "An unexpected error occurred.", "INTERNAL.BAD_OUTPUT.CODE01",
    ),
    "moderated": Ending(
        "moderated", "FAILED", "failed", Polls.TO_THE_END,
        "This request was flagged by our content moderation system.", "SAFETY.INPUT.IMAGE",
    ),
    "asset_rejected": Ending(
        "asset_rejected", "FAILED", "failed", Polls.TO_THE_END,
        "Failed to fetch the input asset.", "ASSET.INVALID",
    ),
    "cancelled": Ending("cancelled", "CANCELLED", "queued", Polls.NONE),
    "never_polled": Ending("never_polled", "SUCCEEDED", "queued", Polls.NONE),
    "polling_failing": Ending("polling_failing", "SUCCEEDED", "queued", Polls.FAILING),
    "in_progress": Ending("in_progress", "RUNNING", "processing", Polls.STILL_GOING),
    "throttled": Ending("throttled", "THROTTLED", "queued", Polls.STILL_GOING),
}  # fmt: skip

# after how many lines of its flow a terminated function fell silent
_CUTS = {"async-fetch": (7, 7, 7, 9, 12), "async-sdk": (7, 7, 8, 9, 13)}


@dataclass(frozen=True, slots=True)
class Script:
    """One way to go: the lines of the generate request, then the ending of its task if it has one."""

    recording: Recording
    ending: Ending | None
    polls: Polls
    cause: str


def scripts(flow: str, scenario: str) -> list[Script]:
    """Every recorded way in which `scenario` went in `flow`."""
    recorded = recordings()[flow]
    if scenario in _ENDINGS:
        ending = _ENDINGS[scenario]
        return [Script(recorded["ok"][0], ending, ending.polls, ending.cause)]
    if scenario == "function_terminated":
        ok = recorded["ok"][0]
        cut = [replace(ok, status="processing", lines=ok.lines[:n], creates_task=False) for n in _CUTS[flow]]
        return [Script(recording, None, Polls.NO_ID, scenario) for recording in cut]
    return [
        Script(one, None, Polls.NONE if one.status == "failed" else Polls.NO_ID, one.cause)
        for one in recorded[scenario]
    ]

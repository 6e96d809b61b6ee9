"""What can happen to a video: which recording it follows, what becomes of its task, what the polls say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lib.seed.recordings import Recording, recordings


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
        cut = [ok._replace(status="processing", lines=ok.lines[:n], creates_task=False) for n in _CUTS[flow]]
        return [Script(recording, None, Polls.NO_ID, scenario) for recording in cut]
    return [
        Script(one, None, Polls.NONE if one.status == "failed" else Polls.NO_ID, one.cause)
        for one in recorded[scenario]
    ]

"""The causes Dailies knows: what each means, for people, and the one action it calls for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    SETTLED = "settled"
    APP = "app"
    RUNWAY = "runway"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What to do about a video; one a verdict."""

    NONE = "none"
    WAIT = "wait"
    POLL = "poll"  # look the task up and write what it says into the row: free
    RECOVER_ID = "recover_id"  # the task exists and its id is known: save it, free
    RETRY = "retry"  # nothing was created: a new attempt, paid
    RETRY_LATER = "retry_later"
    FIX_SETTINGS = "fix_settings"  # then retry
    FIX_CODE = "fix_code"  # the production app's
    CHANGE_INPUT = "change_input"  # then retry
    ADD_CREDITS = "add_credits"  # then retry
    INVESTIGATE = "investigate"


@dataclass(frozen=True, slots=True)
class Cause:
    key: str
    side: Side
    title: str
    explanation: str
    action: Action


# fmt: off
_TABLE = (
    (
        "succeeded",
        Side.SETTLED,
        "Succeeded",
        "The video was made and its address is in the row.",
        Action.NONE,
    ),
    (
        "in_progress",
        Side.SETTLED,
        "In progress",
        "Runway is working on the task, or the request is still running.",
        Action.WAIT,
    ),
    (
        "throttled",
        Side.SETTLED,
        "Waiting for a slot",
        "The task waits for one of the organization's concurrent generations. It is not stuck: do not submit it again.",
        Action.WAIT,
    ),
    (
        "function_terminated",
        Side.APP,
        "Function terminated",
        "The serverless function was frozen or killed when it answered: the work behind the answer stopped without an error.",
        Action.RETRY,
    ),
    (
        "function_timeout",
        Side.APP,
        "Function timed out",
        "The platform ended the function at its time limit. What it had sent to Runway by then decides whether a task exists.",
        Action.INVESTIGATE,
    ),
    (
        "missing_api_key",
        Side.APP,
        "API key missing",
        "RUNWAY_API_KEY is not set in the deployment that handled the request.",
        Action.FIX_SETTINGS,
    ),
    (
        "database_write_failed",
        Side.APP,
        "Database write failed",
        "The row could not be updated before Runway was called: nothing was created.",
        Action.RETRY,
    ),
    (
        "storage_failed",
        Side.APP,
        "File storage failed",
        "A file could not be stored or read: by the bucket, or on the function's own disk. It may have failed before Runway was called or after the video was made.",
        Action.INVESTIGATE,
    ),
    (
        "service_failed",
        Side.APP,
        "Another service failed",
        "Something else that the app relies on failed: another API, sign-in, mail, a download, a media tool. It may have failed before Runway was called or after.",
        Action.INVESTIGATE,
    ),
    (
        "task_id_not_saved",
        Side.APP,
        "Task id not saved",
        "The task exists at Runway and was paid for, but its id is not in the row.",
        Action.RECOVER_ID,
    ),
    (
        "never_polled",
        Side.APP,
        "Never polled",
        "Runway has finished the task; nobody asked, so the row does not know.",
        Action.POLL,
    ),
    (
        "polling_failing",
        Side.APP,
        "Polling fails",
        "The status checks end in errors, so the row does not learn what became of the task.",
        Action.POLL,
    ),
    (
        "unauthorized",
        Side.RUNWAY,
        "Key refused",
        "Runway answered 401: the API key is wrong, revoked, or sent to the wrong host.",
        Action.FIX_SETTINGS,
    ),
    (
        "wrong_headers",
        Side.RUNWAY,
        "Wrong headers",
        "Runway refused a header that the app sends with every request: its API version, the account it acts for, or the type of its body. No input helps.",
        Action.FIX_CODE,
    ),
    (
        "model_unavailable",
        Side.RUNWAY,
        "Model unavailable",
        "Runway does not let this key use the model that was asked for. Choose another model, or have it enabled.",
        Action.FIX_SETTINGS,
    ),
    (
        "wrong_endpoint",
        Side.RUNWAY,
        "Wrong endpoint",
        "Runway answered 404 or 405 to the creation: base URL or path is wrong.",
        Action.FIX_SETTINGS,
    ),
    (
        "runway_unreachable",
        Side.RUNWAY,
        "Runway unreachable",
        "No connection to Runway could be made, or it broke off.",
        Action.RETRY_LATER,
    ),
    (
        "invalid_request",
        Side.RUNWAY,
        "Invalid request",
        "Runway refused the input of this video as malformed.",
        Action.CHANGE_INPUT,
    ),
    (
        "insufficient_credits",
        Side.RUNWAY,
        "Out of credits",
        "The organization has not enough credits for this task.",
        Action.ADD_CREDITS,
    ),
    (
        "rate_limited",
        Side.RUNWAY,
        "Rate limited",
        "Runway answered 429: the daily limit of generations is reached.",
        Action.RETRY_LATER,
    ),
    (
        "runway_server_error",
        Side.RUNWAY,
        "Runway server error",
        "Runway answered with a 5xx error.",
        Action.RETRY_LATER,
    ),
    ("no_task_id", Side.RUNWAY, "No task id", "Runway answered without a task id.", Action.INVESTIGATE),
    (
        "moderated",
        Side.RUNWAY,
        "Moderated",
        "Runway's moderation refused the input or the output. Repeated hits can suspend the account.",
        Action.CHANGE_INPUT,
    ),
    (
        "asset_rejected",
        Side.RUNWAY,
        "Image rejected",
        "Runway could not use the image: format, size, ratio or address.",
        Action.CHANGE_INPUT,
    ),
    (
        "generation_failed",
        Side.RUNWAY,
        "Generation failed",
        "Runway took the task and failed to make the video.",
        Action.RETRY,
    ),
    ("cancelled", Side.RUNWAY, "Cancelled", "The task was cancelled or deleted at Runway.", Action.RETRY),
    ("unknown", Side.UNKNOWN, "Unknown", "Nothing seen so far decides the cause.", Action.INVESTIGATE),
)
# fmt: on

CAUSES = {row[0]: Cause(*row) for row in _TABLE}

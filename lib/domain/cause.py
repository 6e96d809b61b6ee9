"""The causes Dailies knows: a row each, with what it means for people and what follows from it.

`supabase/migrations/*_causes.sql` holds the same flags for SQL; a test keeps the two alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, StrEnum, auto


class Side(StrEnum):
    SETTLED = "settled"
    APP = "app"
    RUNWAY = "runway"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What is to be done about a video. RETRY alone pays without asking a person, so it needs a proof."""

    NONE = "none"
    WAIT = "wait"
    RECOVER = "recover"  # a task exists and its id is known: save it, free
    LOOK_UP = "look_up"  # ask Runway what became of the task and write it into the row: free
    RETRY = "retry"  # no task can exist, or the known one has ended: a new attempt, paid
    ASK = "ask"  # a person decides: a task may exist
    CHANGE_INPUT = "change_input"  # the same input would fail again
    FIX_FIRST = "fix_first"  # settings, code or credits have to be mended first


class Trait(Flag):
    """What is true of every video with a cause."""

    NONE = 0
    CREATED_NOTHING = auto()  # when Runway itself says so, it created nothing
    BEFORE_CALL = auto()  # it may strike before Runway was called
    TRANSIENT = auto()  # the same request may succeed a little later
    HITS_ALL = auto()  # the next video would meet it, too
    INCIDENT = auto()  # several in a row are an incident of a deployment


@dataclass(frozen=True, slots=True)
class Cause:
    """`action` is what a video calls for where nothing more is known than its cause.

    explanation  what happened
    remedy       what keeps it from happening again, or what to do before the next attempt; may be empty

    All of them without marks: pages and the command line show them as text.
    """

    key: str
    side: Side
    action: Action
    traits: Trait
    title: str
    explanation: str
    remedy: str = ""


_NOT_AGAIN = Trait.CREATED_NOTHING
_SETTINGS = Trait.CREATED_NOTHING | Trait.HITS_ALL | Trait.INCIDENT
_FOR_NOW = Trait.TRANSIENT | Trait.HITS_ALL | Trait.INCIDENT
_FUNCTION = (
    "In the production app: await Runway's answer and save the id before you answer the request, or keep the "
    "function alive with waitUntil; raise maxDuration if it needs longer."
)

# fmt: off
_TABLE = (
    Cause("succeeded", Side.SETTLED, Action.NONE, Trait.NONE, "Succeeded",
          "The row says that the video was made."),
    Cause("in_progress", Side.SETTLED, Action.WAIT, Trait.NONE, "In progress",
          "Runway is working on the task, or the request is still running."),
    Cause("throttled", Side.SETTLED, Action.WAIT, Trait.NONE, "Waiting for a slot",
          "The task waits for one of the organization's concurrent generations. It is not stuck: do not submit it again."),
    Cause("function_terminated", Side.APP, Action.ASK, Trait.BEFORE_CALL | Trait.INCIDENT, "Function terminated",
          "The serverless function was frozen or killed when it answered: the work behind the answer stopped without an error.",
          _FUNCTION),
    Cause("function_timeout", Side.APP, Action.ASK, Trait.BEFORE_CALL, "Function timed out",
          "The platform ended the function at its time limit. What it had sent to Runway by then decides whether a task exists.",
          _FUNCTION),
    Cause("missing_api_key", Side.APP, Action.FIX_FIRST, _SETTINGS | Trait.BEFORE_CALL, "API key missing",
          "RUNWAY_API_KEY is not set in the deployment that handled the request.",
          "Set RUNWAY_API_KEY in Vercel → Settings → Environment Variables and redeploy."),
    Cause("database_write_failed", Side.APP, Action.ASK, Trait.BEFORE_CALL | Trait.INCIDENT, "Database write failed",
          "The database refused what the app wrote. Before Runway was called nothing was created; after that, a task may exist.",
          "Correct what the database refused: a column, a status word, a policy or the connection."),
    Cause("storage_failed", Side.APP, Action.ASK, Trait.INCIDENT, "File storage failed",
          "A file could not be stored or read: by the bucket, or on the function's own disk. That may be before Runway was called or after the video was made.",
          "Correct what the storage refused: bucket, policy, key, size or type."),
    Cause("service_failed", Side.APP, Action.ASK, Trait.INCIDENT, "Another service failed",
          "Something else that the app relies on failed: another API, sign-in, mail, a download, a media tool. That may be before Runway was called or after.",
          "Mend what the error names: its key, quota, address or input."),
    Cause("task_id_not_saved", Side.APP, Action.RECOVER, Trait.NONE, "Task id not saved",
          "The task exists at Runway and was paid for, but its id is not in the row.",
          "In the production app: save the id in the same step that receives it."),
    Cause("never_polled", Side.APP, Action.LOOK_UP, Trait.NONE, "Never polled",
          "Runway has finished the task; nobody asked, so the row does not know.",
          "In the production app: poll on a schedule, not only while a browser is open."),
    Cause("polling_failing", Side.APP, Action.LOOK_UP, Trait.NONE, "Polling fails",
          "The status checks end in errors, so the row does not learn what became of the task."),
    Cause("unauthorized", Side.RUNWAY, Action.FIX_FIRST, _SETTINGS, "Key refused",
          "Runway answered 401: the API key is wrong, revoked, or sent to the wrong host.",
          "Replace RUNWAY_API_KEY in Vercel with a key of dev.runwayml.com and redeploy."),
    Cause("wrong_headers", Side.RUNWAY, Action.FIX_FIRST, _SETTINGS, "Wrong headers",
          "Runway refused what the app sends with every request: the header with the API version or the account it acts for, or the form of the body.",
          "In the production app: send the header X-Runway-Version: 2024-11-06 and a JSON body, or use Runway's SDK."),
    Cause("model_unavailable", Side.RUNWAY, Action.FIX_FIRST, _SETTINGS, "Model unavailable",
          "Runway does not let this key use the model that was asked for.",
          "Set RUNWAY_MODEL_ID to a model that the organization may use, or have this one enabled."),
    Cause("wrong_endpoint", Side.RUNWAY, Action.FIX_FIRST, _SETTINGS, "Wrong endpoint",
          "Runway answered 404 or 405 to the creation: base URL or path is wrong.",
          "Set RUNWAY_BASE_URL to https://api.dev.runwayml.com in Vercel and redeploy."),
    Cause("runway_unreachable", Side.RUNWAY, Action.ASK, _FOR_NOW, "Runway unreachable",
          "No connection to Runway could be made, or it broke off.",
          "Look at status.runwayml.com, and whether the app's network reaches Runway."),
    Cause("invalid_request", Side.RUNWAY, Action.CHANGE_INPUT, _NOT_AGAIN, "Invalid request",
          "Runway refused the input of this video as malformed.",
          "Change the image, prompt, ratio or duration."),
    Cause("insufficient_credits", Side.RUNWAY, Action.FIX_FIRST, _SETTINGS, "Out of credits",
          "The organization has not enough credits for this task.", "Buy credits at dev.runwayml.com."),
    Cause("rate_limited", Side.RUNWAY, Action.ASK, _FOR_NOW | Trait.CREATED_NOTHING, "Rate limited",
          "Runway answered 429: the daily limit of generations is reached.",
          "Have the limit raised at dev.runwayml.com, or let the app ask for fewer videos a day."),
    Cause("runway_server_error", Side.RUNWAY, Action.ASK, _FOR_NOW, "Runway server error",
          "Runway answered with a 5xx error.",
          "Look at status.runwayml.com, and repair what is left once Runway works again."),
    Cause("no_task_id", Side.RUNWAY, Action.ASK, Trait.NONE, "No task id",
          "Runway answered without a task id."),
    Cause("moderated", Side.RUNWAY, Action.CHANGE_INPUT, _NOT_AGAIN, "Moderated",
          "Runway's moderation refused the input or the output. Repeated hits can suspend the account.",
          "Change the prompt or the image."),
    Cause("asset_rejected", Side.RUNWAY, Action.CHANGE_INPUT, _NOT_AGAIN, "Image rejected",
          "Runway could not use the image: format, size, ratio or address.", "Choose another image."),
    Cause("generation_failed", Side.RUNWAY, Action.ASK, Trait.NONE, "Generation failed",
          "Runway took the task and failed to make the video."),
    Cause("cancelled", Side.RUNWAY, Action.ASK, Trait.NONE, "Cancelled",
          "The task was cancelled or deleted at Runway, or this key does not know it."),
    Cause("unknown", Side.UNKNOWN, Action.ASK, Trait.NONE, "Unknown",
          "Nothing seen so far decides the cause."),
)
# fmt: on

CAUSES = {cause.key: cause for cause in _TABLE}

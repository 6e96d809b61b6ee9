"""What can be made to go wrong at the simulator, written as text: `[after-]name[:argument[:argument]]`.

With `after-` the request is carried out first (a task exists), without it nothing was done.

http:STATUS[:RETRY_AFTER]  this answer             drop             the connection is closed without one
no-credits                 400, out of credits     reset            the connection is reset
hang[:SECONDS]             no answer, then closed

Always after the request was carried out:
slow[:SECONDS]             the answer drips        malformed        half of the answer
empty                      an answer without body  no-id            an answer without its task id

Of the task that is created:
fail[:CODE]                it fails                cancel           it is cancelled
throttle:SECONDS           it waits for a slot     status:WORD      it runs under an unknown status
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_BEFORE = frozenset({"http", "no-credits", "drop", "reset", "hang"})
_AFTER = frozenset({"slow", "malformed", "empty", "no-id"})
_OF_TASK = frozenset({"fail", "cancel", "throttle", "status"})
_PATTERNS = {
    "http": r"(30[1278]|[45]\d\d)(:\d+)?",
    "hang": r"(\d+(\.\d+)?)?",
    "slow": r"(\d+(\.\d+)?)?",
    "throttle": r"\d+(\.\d+)?",
    "fail": r"([A-Z][A-Z0-9_.]*)?",
    "status": r"[A-Z_]+",
}
_TEXTS = {
    400: "Validation of body failed",
    401: "Invalid API key provided.",
    402: "Payment required.",
    403: "Forbidden.",
    404: "Not found.",
    405: "Method not allowed.",
    408: "Request timeout.",
    409: "Conflict.",
    429: "You have reached your daily limit of generations.",
    502: "Bad gateway.",
    503: "Service unavailable.",
    504: "Gateway timeout.",
}
NO_CREDITS = "You do not have enough credits to run this task."


class Fault(NamedTuple):
    name: str
    argument: str = ""
    after: bool = False

    @property
    def of_task(self) -> bool:
        return self.name in _OF_TASK

    def seconds(self, default: float) -> float:
        return float(self.argument or default)

    def answer(self) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, body and headers of an `http` or `no-credits` fault."""
        if self.name == "no-credits":
            return 400, {"error": NO_CREDITS}, {}
        code, _, retry_after = self.argument.partition(":")
        body = {"error": _TEXTS.get(int(code), "Internal server error.")}
        return int(code), body, {"Retry-After": retry_after} if retry_after else {}


def parse_fault(text: str) -> Fault:
    """Raises ValueError naming the text."""
    spelled, _, argument = text.strip().partition(":")
    name = spelled.removeprefix("after-")
    after = spelled != name
    known = name in _BEFORE or (not after and name in _AFTER | _OF_TASK)
    if not known or not re.fullmatch(_PATTERNS.get(name, ""), argument):
        raise ValueError(f"unknown simulator fault {text!r}")
    return Fault(name, argument, after or name in _AFTER)


def fault_in_prompt(prompt: str) -> str | None:
    """The text of a marker such as `[fault:http:429]`."""
    found = re.search(r"\[fault:([^\]]+)\]", prompt)
    return found[1] if found else None

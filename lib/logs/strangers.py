"""What a file is that holds no log: another thing of Vercel's, or one while which nothing was logged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lib.logs.formats.printed import is_noise
from lib.logs.framing import first_objects, parse_json
from lib.logs.redact import redact

RIGHT_ONE = "Get the logs with `vercel logs --json > logs.jsonl`, or export them on the project's Logs page."
NOTHING_LOGGED = f"nothing was logged while it was captured. {RIGHT_ONE}"
NO_ROWS = f"it is an export without rows: no logs were found for what was asked. {RIGHT_ONE}"
_BUILD = re.compile(
    r"^\W{0,3}(?:\d{4}-\d\d-\d\d[T ])?(?:\d\d:\d\d(?::\d\d)?(?:\.\d{1,6})?Z?)?\W{0,6}(?:Building: )?(?:"
    r"Running build in \S|Build machine configuration: |Cloning \S{1,200} \(Branch: |Cloning completed: "
    r"|Running \"(?:vercel|now) build\"|Build Completed in |Build cache uploaded|Deploying outputs\.\.\."
    r"|Retrieving list of deployment files|Downloading \d+ deployment files|Restored build cache from"
    r"|Previous build caches? (?:not available|restored)|Skipping build cache"
    r"|Uploading build cache \[|Creating an optimized production build)",
    re.MULTILINE,
)
_NOTHING = re.compile(
    r"^\s{0,8}(?:No logs found\b|No runtime logs\b|[Ww]aiting for new logs\b)", re.MULTILINE
)
_CLI = re.compile(r"^\s{0,8}(?:Vercel CLI \d|TIME\s+(?:HOST\s+)?LEVEL\b|## Runtime Logs\s*$)", re.MULTILINE)
_PROGRESS = re.compile(
    r"\s*(?:\W ?)?(?:Retrieving|Fetching|Resolving|Finding|Streaming|Searching|Loading|No logs found|> "
    r"|Displaying runtime logs|Waiting for new logs)"
)
_ERROR = re.compile(r"^\s{0,8}(?:\S{1,40} ?: )?Error: (.{1,300})", re.MULTILINE)
_LIST = re.compile(r"(?:\s*https://[\w.-]{1,200}\.vercel\.app)+\s*")
_DEPLOYMENTS = re.compile(  # `vercel ls`, `vercel inspect`
    r"^\s{0,8}(?:> Deployments for \S|Age\s{1,40}(?:Project\s{1,40})?Deployment\s|Fetching deployment \")",
    re.MULTILINE,
)
_OBJECTS = 20
_EVENTS = ("deployment-state", "delimiter", "command", "exit")


def is_build_log(head: bytes) -> bool:
    return _BUILD.search(head.decode(errors="replace")) is not None


def stranger(name: str, head: bytes) -> str | None:
    """What the file of this beginning is, for people; None when that is not known."""
    text = head.decode(errors="replace")
    if is_build_log(head):
        return f"{name} is a build log, which says nothing of requests. {RIGHT_ONE}"
    if text.lstrip()[:1] in ("{", "["):
        return _of_json(name, head)
    if _NOTHING.search(text) or (_CLI.search(text) and _is_chatter(text)):
        return f"{name}: {NOTHING_LOGGED}"
    if _LIST.fullmatch(text[:2_000].rpartition("\n")[0]) or _DEPLOYMENTS.search(text):
        return f"{name} lists deployments and holds no logs. {RIGHT_ONE}"
    if (error := _ERROR.search(text)) and (_CLI.search(text) or _is_chatter(text[: error.start()])):
        return f"{name} holds an error of the Vercel CLI and no logs: {redact(error[1])}"
    return None


def _is_chatter(text: str) -> bool:
    lines = text.split("\n")
    return all(is_noise(line) or not line.strip() or _PROGRESS.match(line) for line in lines)


def _of_json(name: str, head: bytes) -> str | None:
    whole = parse_json(head)
    if whole == [] or (isinstance(whole, dict) and [] in (whole.get("rows"), whole.get("logs"))):
        return f"{name}: {NO_ROWS}"
    for value in _with_those_inside(first_objects(head, _OBJECTS)[0]):
        kind, said = value.get("type"), value.get("message")
        if _is_build_event(value):
            return f"{name} holds the build events of a deployment, no logs of requests. {RIGHT_ONE}"
        if "readyState" in value or {"uid", "url"} <= value.keys():
            return f"{name} describes deployments and holds no logs. {RIGHT_ONE}"
        if isinstance(said, str) and (kind == "deployment_error" or ("code" in value and len(value) <= 4)):
            return f"{name} holds an error of Vercel's and no logs: {redact(said[:300])}"
    return None


def _with_those_inside(values: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for value in values:
        yield value
        for inner in (value.get("error"), value.get("deployments")):
            first = inner[0] if isinstance(inner, list) and inner else inner
            if isinstance(first, dict):
                yield first


def _is_build_event(value: dict[str, Any]) -> bool:
    inner = value.get("payload")
    payload = inner if isinstance(inner, dict) else value
    info = payload.get("info")
    is_build: bool = isinstance(info, dict) and info.get("type") == "build"
    return "created" in value and (is_build or value.get("type") in _EVENTS)

"""Flows as data: the shipped files in `flows/`, those of the folder DAILIES_FLOWS, those of the database.

    {"flow": "queue-worker", "title": "Taken from a queue",
     "stages": [{"stage": "accepted", "pattern": "\\\\[Worker\\\\] Job for video", "title": "Job taken"}, …]}

`pattern` is a regular expression searched for in a message; the first stage starts a new run of the flow.
`means` (`sent`, `created`, `saved`) says what a stage proves about the paid task. `signs` may list patterns
of other lines, which tell a flow from another that begins alike; `asides` of lines that say nothing of the
call to Runway: behind the last stage any other takes away the proof that nothing was sent. The named groups
`(?P<video>…)` and `(?P<task>…)` of a pattern say where a line names them; a `note` is for people. A team's
flow replaces a shipped one of the same key, and one of the database a file's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lib.domain.flow import Flow, FlowStage, Means
from lib.errors import BadInput
from lib.traces.linear import too_slow

SHIPPED = Path(__file__).parent / "flows"
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FLOW_FIELDS = {"flow", "title", "stages", "signs", "asides"}
_STAGE_FIELDS = {"stage", "pattern", "title", "means", "note"}


def load_flows(folder: Path | None = None) -> tuple[Flow, ...]:
    """The shipped flows and those of `folder`. Raises BadInput that lists everything wrong with a file."""
    if folder is not None and not folder.is_dir():
        raise BadInput(f"The folder of flows {folder} does not exist. Correct DAILIES_FLOWS.")
    paths = sorted(SHIPPED.glob("*.json")) + (sorted(folder.glob("*.json")) if folder else [])
    flows = {flow.key: flow for flow in map(read_flow, paths)}
    return tuple(flows.values())


def with_stored(flows: Iterable[Flow], stored: Mapping[str, Any]) -> tuple[tuple[Flow, ...], dict[str, str]]:
    """`flows` and those that the database holds, by key, which win; and what is wrong with those that cannot
    be used: they stop nothing, and of their key there is no flow then, not even the one they replace."""
    by_key, problems = {flow.key: flow for flow in flows}, {}
    for key, content in stored.items():
        by_key.pop(key, None)
        try:
            by_key[key] = flow_of(content, key)
        except BadInput as error:
            problems[key] = str(error)
    return tuple(by_key.values()), problems


def read_flow(path: Path) -> Flow:
    """One file. Raises BadInput."""
    return flow_of(read_content(path), path.name)


def read_content(path: Path) -> Any:
    """What a flow's file holds, whatever that is. Raises BadInput."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path.name}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name} is not JSON: {error}") from error


def flow_of(data: Any, name: str) -> Flow:
    """The flow that the content of a file describes. Raises BadInput naming everything that is wrong."""
    problems = list(problems_of(data))
    if problems:
        raise BadInput(f"{name} is no usable flow: " + "; ".join(problems))
    stages = tuple(
        FlowStage(
            key=stage["stage"],
            pattern=stage["pattern"],
            title=stage.get("title") or stage["stage"].replace("_", " ").capitalize(),
            means=Means(stage["means"]) if "means" in stage else None,
        )
        for stage in data["stages"]
    )
    signs, asides = (tuple(data.get(name, ())) for name in ("signs", "asides"))
    return Flow(data["flow"], data.get("title") or data["flow"], stages, signs, asides)


def problems_of(data: Any) -> Iterator[str]:
    """What keeps the content of a flow file from being used, in words for its author."""
    if not isinstance(data, dict):
        yield "expected an object with `flow` and `stages`"
        return
    yield from (f"unknown field `{name}`" for name in sorted(data.keys() - _FLOW_FIELDS))
    if not _is_key(data.get("flow")):
        yield "`flow` must be a key of small letters, digits, - and _"
    yield from _title_problems("the flow", data)
    yield from _other_problems("signs", data.get("signs", []))
    yield from _other_problems("asides", data.get("asides", []))
    stages = data.get("stages")
    if not isinstance(stages, list) or len(stages) < 2:
        yield "`stages` must be a list of at least two stages"
        return
    for number, stage in enumerate(stages, 1):
        yield from (f"stage {number}: {problem}" for problem in _stage_problems(stage))
    yield from _repeats(stages, "stage")
    yield from _repeats(stages, "pattern")


def _stage_problems(stage: Any) -> Iterator[str]:
    if not isinstance(stage, dict):
        yield "expected an object with `stage` and `pattern`"
        return
    yield from (f"unknown field `{name}`" for name in sorted(stage.keys() - _STAGE_FIELDS))
    if not _is_key(stage.get("stage")):
        yield "`stage` must be a key of small letters, digits, - and _"
    yield from _title_problems("it", stage)
    if "means" in stage and stage["means"] not in list(Means):
        yield f"`means` must be one of {', '.join(Means)}"
    yield from _pattern_problems("pattern", stage.get("pattern"))


def _other_problems(field: str, patterns: Any) -> Iterator[str]:
    if not isinstance(patterns, list):
        yield f"`{field}` must be a list of regular expressions"
        return
    for pattern in patterns:
        yield from _pattern_problems(field, pattern)


def _pattern_problems(field: str, pattern: Any) -> Iterator[str]:
    if not isinstance(pattern, str) or not pattern:
        yield f"`{field}` must be a regular expression"
        return
    try:
        if re.compile(pattern).search(""):
            yield f"`{field}` {pattern!r} matches every message"
        if slow := too_slow(pattern):
            yield f"`{field}` {pattern!r} {slow}: a long message would take too long"
    except (re.error, RecursionError, OverflowError) as error:
        yield f"`{field}` {pattern!r} is no regular expression: {error}"


def _title_problems(what: str, data: dict[str, Any]) -> Iterator[str]:
    if "title" in data and not isinstance(data["title"], str):
        yield f"`title` of {what} must be text"


def _repeats(stages: list[Any], field: str) -> Iterator[str]:
    seen: set[str] = set()
    for stage in stages:
        value = stage.get(field) if isinstance(stage, dict) else None
        if isinstance(value, str) and value in seen:
            yield f"two stages have the {field} {value!r}"
        elif isinstance(value, str):
            seen.add(value)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and _KEY.fullmatch(value) is not None

"""What a flow recognises in the lines of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lib.domain.flow import Flow, StageReader
from lib.domain.trace import LogEntry
from lib.traces.learn import Lines


class CheckedRun(NamedTuple):
    """lines    each with the key of its stage, None where it is none
    missing  keys of the stages that no line is
    """

    name: str
    lines: list[tuple[LogEntry, str | None]]
    missing: list[str]


def check_runs(runs: Iterable[Lines], flow: Flow) -> list[CheckedRun]:
    reader = StageReader([flow])
    return [_checked(run, flow, reader) for run in runs]


def _checked(run: Lines, flow: Flow, reader: StageReader) -> CheckedRun:
    positions = [reader.read(entry.message).get(flow.key) for entry in run.entries]
    lines = [
        (entry, None if position is None else flow.stages[position].key)
        for entry, position in zip(run.entries, positions, strict=True)
    ]
    missing = [stage.key for number, stage in enumerate(flow.stages) if number not in positions]
    return CheckedRun(next(iter(run.ids), run.entries[0].request_id or "one text"), lines, missing)

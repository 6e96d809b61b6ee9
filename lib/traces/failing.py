"""Errors in text without request ids: whose check failed, and whose run they ended, where one can be meant.

A run can own an error between its first line and the last stage that is certainly its, and one of a wording.
An error of a wording that also comes while no run is under way, or comes once only, may be another route's.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lib.traces.assign import Assigned
from lib.traces.extras import TIMED_OUT
from lib.traces.polls import SHORTEST_PAUSE_MS
from lib.traces.runs import NEVER, Line, OpenRun, by_order
from lib.traces.waiting import MOST_OWNERS, OPEN_MS

LATER_ERRORS_MS = 60_000  # a run that failed may say so in several wordings
NAMELESS_MS = 60_000  # from a run's first line to the one that names its video
ANSWER_MS = 2_000  # from the line that asks to the error
_READ = 2_000
_SAME = 80  # characters of errors of which it does not matter whose is whose
ENOUGH = 20  # silences between lines of runs that tell how long one may be
_BEFORE = re.compile(r"^(?:\s{1,40}|\[[^\]]{0,80}\]|(?:error|fatal|ERROR|FATAL):){1,4}")
_WORD = re.compile(r"[^\W\d_]{2,40}")

Owner = OpenRun | None  # None: a run whose lines never named its video


@dataclass(slots=True)
class Wording:
    """Errors that begin alike, in order, each with those who may have logged it; and who has logged one."""

    errors: list[tuple[Line, frozenset[Owner]]] = field(default_factory=list)
    spent: set[OpenRun] = field(default_factory=set)


def end_runs(found: Assigned, lines: Sequence[Line]) -> None:
    """Marks the runs that nameless errors ended (`failed_at`) and gives them those errors; not where runs
    name their video as they fail: then other errors say the same, or are of something else."""
    if any(run.closed_at != NEVER for run in found.everyone()):
        return
    left = [line for line in lines if line.request is None and not line.given]
    errors = [each for each in _errors_in(left) if not TIMED_OUT.search(each.entry.message[:_READ])]
    if not errors:
        return
    runs = Runs(sorted(found.everyone(), key=lambda run: run.first.order), left)
    alike: dict[str, list[Line]] = defaultdict(list)
    for error in errors:
        alike[_first_words(error)].append(error)
    for those in alike.values():
        if len(those) == 1 or not all(map(runs.under_way, those)):
            those.clear()
    wordings: dict[str, Wording] = defaultdict(Wording)
    for error in sorted((error for those in alike.values() for error in those), key=by_order):
        _judge(error, wordings[_first_words(error)], runs.under_way(error))


def settle_failed_checks(found: Assigned, lines: Sequence[Line]) -> None:
    """An error of a wording that always comes right behind a line that asks after a video, or that names the
    video that was asked after, is that check's failure."""
    text = [line for line in lines if line.request is None]
    errors = _errors_in(text)
    asked = _asking(text) if errors else {}
    checks = [e for e in errors if e.given and e.order in asked and asked[e.order].video == e.video]
    alike: dict[str, list[Line]] = defaultdict(list)
    for error in errors:
        if not error.given:
            alike[_first_words(error, 3)].append(error)
    checks += [each for those in alike.values() if all(e.order in asked for e in those) for each in those]
    for error in checks:
        found.polls[asked[error.order].video or ""].append([asked[error.order], error])
        error.given = True


def _errors_in(lines: Iterable[Line]) -> list[Line]:
    return [e for e in lines if e.is_error and not (e.steps or e.poll)]


def _asking(lines: Sequence[Line]) -> dict[int, Line]:
    """By the order of each line, the latest one before it that asks what became of a video that has its task:
    it is no stage, names the video, and comes some time after the last stage of its run."""
    found: dict[int, Line] = {}
    at_ms: Mapping[int | None, int] = {line.order: line.entry.at_ms for line in lines}
    latest: Line | None = None
    for line in lines:
        if latest and line.entry.at_ms - latest.entry.at_ms <= ANSWER_MS:
            found[line.order] = latest
        if line.run and line.names_video and not (line.steps or line.is_error):
            stages = (order for seen in line.run.filled.values() for order in seen.values())
            staged = max((order for order in stages if order < line.order), default=None)
            if line.run.has_created and line.entry.at_ms - at_ms.get(staged, 0) >= SHORTEST_PAUSE_MS:
                latest = line
    return found


def _first_words(error: Line, most: int = 2) -> str:
    words = _WORD.findall(_BEFORE.sub("", error.entry.message[:200]))
    return " ".join(words[:most])


def _judge(error: Line, wording: Wording, under_way: Iterable[Owner]) -> None:
    """The error is its one owner's; as many as there are owners of all of them are theirs together. Where one
    owner has no task yet it is likely that one's, which says why the run failed and proves nothing."""
    owners = frozenset(owner for owner in under_way if owner not in wording.spent)
    alike = [each for each, those in wording.errors[-MOST_OWNERS:] if those <= owners]
    runs = [owner for owner in owners if owner]
    if len(runs) == len(owners) == len(alike) + 1:
        for run in runs:
            run.failed_at = min(run.failed_at, error.order)
        if len({each.entry.message[:_SAME] for each in (*alike, error)}) == 1 < len(runs):
            for run, line in zip(sorted(runs, key=lambda run: run.first.order), (*alike, error), strict=True):
                run.take(line, certain=False)
    else:
        wording.errors.append((error, owners))
        runs = [run for run in runs if not run.has_created and run.seems_failed_at > error.order]
    if len(runs) == 1 and None not in owners:
        (run,) = runs
        run.seems_failed_at = min(run.seems_failed_at, error.order)
        wording.spent.add(run)
        run.take(error, certain=False)


class Runs:
    """The runs in the order in which they began, and beginnings that became no run."""

    def __init__(self, runs: Sequence[OpenRun], left: Iterable[Line]) -> None:
        self._runs = runs
        self._starts = [run.first.entry.at_ms for run in runs]
        self._nameless = _without_a_run([line for line in left if 0 in line.steps.values()], runs)
        self._stages = {run: _times(line for line in run.lines if line.steps) for run in runs}
        self._certain = {
            run: _times(line for line in run.lines if line.order not in run.doubtful) for run in runs
        }
        silences = sorted(b - a for times in self._stages.values() for (_, a), (_, b) in pairwise(times))
        usual = silences[len(silences) * 19 // 20] if len(silences) >= ENOUGH else OPEN_MS
        self._longest_ms = min(OPEN_MS, max(LATER_ERRORS_MS, 3 * usual))

    def under_way(self, error: Line) -> list[Owner]:
        """Who may have logged it."""
        at = error.entry.at_ms
        since, until = (bisect_left(self._starts, ms) for ms in (at - OPEN_MS, at + 1))
        owners: list[Owner] = [r for r in self._runs[since:until][-MOST_OWNERS:] if self._may_own(r, error)]
        begun = bisect_left(self._nameless, at - NAMELESS_MS)
        if bisect_left(self._nameless, at) > begun or until - since > MOST_OWNERS:
            owners.append(None)
        return owners

    def _may_own(self, run: OpenRun, error: Line) -> bool:
        if run.first.order > error.order or _is_complete(run):
            return False
        certain = self._certain[run]
        later = bisect_right(certain, (error.order, 0))
        if later < len(certain) and certain[later][1] - error.entry.at_ms <= self._longest_ms:
            return False  # it went on
        ended = min(run.closed_at, run.failed_at) < error.order
        stages = self._stages[run]
        before = bisect_left(stages, (error.order, 0))
        heard = stages[before - 1][1] if before else 0
        return error.entry.at_ms - heard <= (LATER_ERRORS_MS if ended else self._longest_ms)


def _times(lines: Iterable[Line]) -> list[tuple[int, int]]:
    """Order and time of each, in order."""
    return sorted((line.order, line.entry.at_ms) for line in lines)


def _is_complete(run: OpenRun) -> bool:
    return any(len(run.flows[flow].stages) - 1 in run.anchors.get(flow, {}) for flow in run.likely_flows)


def _without_a_run(begins: Sequence[Line], runs: Sequence[OpenRun]) -> list[int]:
    """Times of first lines that no later line of a run follows in time, each run taking the oldest."""
    waiting: deque[Line] = deque()
    alone: list[int] = []
    firsts = [run.first for run in runs if 0 not in run.first.steps.values()]
    for line in sorted([*begins, *firsts], key=by_order):
        while waiting and line.entry.at_ms - waiting[0].entry.at_ms > NAMELESS_MS:
            alone.append(waiting.popleft().entry.at_ms)
        if line.run is None:
            waiting.append(line)
        elif waiting:
            waiting.popleft()
    return sorted([*alone, *(line.entry.at_ms for line in waiting)])

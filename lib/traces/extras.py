"""Lines that are no stage and name nobody: errors go where the same is said, others with their neighbours."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lib.traces.assign import Assigned, Poll
from lib.traces.polls import PollSign
from lib.traces.runs import Line, OpenRun
from lib.traces.waiting import OPEN_MS

TIMED_OUT = re.compile(r"timed out after (\d{1,6}(?:\.\d{1,3})?) ?s|FUNCTION_INVOCATION_TIMEOUT", re.I)
_REFUSED = re.compile(r"Response status: [345]\d\d")
_TAG = re.compile(r"^\s{0,40}\[[^\]]{0,80}\]")
_WORDING = re.compile(r"[A-Za-z][A-Za-z' ,.]{10,200}")
_READ = 2_000
TIMEOUT_SLACK_MS = 5_000  # between a request's start and its first line, and of the platform's clock
NEIGHBOUR_MS = 2_000  # lines of one run further apart than this tell nothing about each other
NEIGHBOURS = 64


def settle_extras(found: Assigned, lines: Sequence[Line]) -> None:
    """Give what `assign` has left, as far as it stands near a line that says whose it is."""
    _settle_timeouts(found, [line for line in lines if not line.given])
    _settle_failed_checks(found.polls, [line for line in lines if not line.given])
    left = [line for line in lines if not (line.given or line.poll or line.steps)]
    if left:
        _settle_errors(lines)
        _settle_asides(lines)


def _settle_timeouts(found: Assigned, extras: Iterable[Line]) -> None:
    """The platform's own line names nobody, but may say how long the function had run.

    Lines that fit no run so are only given away when there are as many as runs that just end.
    """
    of_request: dict[str | None, list[tuple[Line, float]]] = defaultdict(list)
    for line in extras:
        if told := TIMED_OUT.search(line.entry.message[:_READ]):
            of_request[line.request].append((line, float(told[1] or 0) * 1000))
    given: set[OpenRun] = set()
    ended: dict[str | None, list[OpenRun]] = defaultdict(list)
    for run in sorted(found.everyone(), key=lambda run: run.first.order) if of_request else ():
        if run.just_ends:
            for request in {None, *run.requests}:
                ended[request].append(run)
    for request, timeouts in of_request.items():
        runs = ended[request]
        starts = [run.first.entry.at_ms for run in runs]
        left = []
        for line, took in timeouts:
            if begun_then := _begun_when(line.entry.at_ms - took, line, runs, starts):
                given.add(begun_then)
                begun_then.take(line, certain=False)
            else:
                left.append(line)
        for burst in _bursts(left):
            since = bisect_left(starts, burst[0].entry.at_ms - OPEN_MS)
            until = bisect_left(starts, burst[-1].entry.at_ms)
            free = [run for run in runs[since:until] if run not in given and run.last.order < burst[-1].order]
            pairs = list(zip(free, burst, strict=False))
            if len(free) == len(burst) and all(run.last.order < line.order for run, line in pairs):
                for run, line in pairs:
                    run.take(line, certain=False)


def _begun_when(
    begun_ms: float, line: Line, runs: Sequence[OpenRun], starts: Sequence[int]
) -> OpenRun | None:
    since = bisect_left(starts, begun_ms - TIMEOUT_SLACK_MS)
    until = bisect_left(starts, begun_ms + TIMEOUT_SLACK_MS)
    fits = [run for run in runs[since:until][:NEIGHBOURS] if run.last.order < line.order]
    return min(fits, key=lambda run: abs(run.first.entry.at_ms - begun_ms), default=None)


def _bursts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """`lines` in parts between which nothing that began before is still open."""
    burst: list[Line] = []
    for line in lines:
        if burst and line.entry.at_ms - burst[-1].entry.at_ms > OPEN_MS:
            yield burst
            burst = []
        burst.append(line)
    if burst:
        yield burst


def _settle_failed_checks(polls: Mapping[str, Sequence[Poll]], extras: Iterable[Line]) -> None:
    """Status checks that were begun and had no answer, in text: nameless errors belong to the oldest."""
    begun = [poll for of_video in polls.values() for poll in of_video if len(poll) == 1]
    waiting = sorted((p for p in begun if p[0].poll is PollSign.BEGUN), key=lambda p: p[0].order)
    next_of: dict[str, int] = defaultdict(int)
    for line in extras:
        wording = line.entry.message[:24]  # one failed check logs two errors: each wording once a check
        at = next_of[wording]
        if line.poll is PollSign.ERROR and at < len(waiting) and waiting[at][0].order < line.order:
            waiting[at].append(line)
            line.given = True
            next_of[wording] += 1


def _settle_errors(lines: Sequence[Line]) -> None:
    """Errors, and refusals before them, belong to the run of a later one that says the same."""
    told: dict[str | None, deque[Line]] = defaultdict(lambda: deque(maxlen=NEIGHBOURS))
    for line in reversed(lines):
        refused = _REFUSED.match(line.entry.message, line.entry.message.find("] ") + 2)
        if not (line.is_error or refused):
            continue
        later = told[line.request]
        while later and later[-1].entry.at_ms - line.entry.at_ms > NEIGHBOUR_MS:
            later.pop()
        if not (line.given or line.poll or line.steps):
            same = (other for other in later if (refused and _is_extra(other)) or says_the_same(line, other))
            if found := next(same, None):
                assert found.run
                found.run.take(line, certain=False)
        if line.run:
            later.appendleft(line)


def _is_extra(line: Line) -> bool:
    return line.run is not None and line.order in line.run.doubtful and not line.steps


def _settle_asides(lines: Iterable[Line]) -> None:
    last: dict[str | None, Line] = {}
    for line in lines:
        before = last.get(line.request)
        if line.run:
            last[line.request] = line
            continue
        is_aside = not (line.given or line.poll or line.steps or line.is_error)
        if is_aside and before and before.run and line.entry.at_ms - before.entry.at_ms <= NEIGHBOUR_MS:
            before.run.take(line, certain=False)


def says_the_same(error: Line, other: Line) -> bool:
    """Whether two errors share a wording, stack traces and tags apart."""
    texts = error.entry.message[:_READ].splitlines()
    words = (
        w
        for text in texts
        if not text.lstrip().startswith("at ")
        for w in _WORDING.findall(_TAG.sub("", text))
    )
    return any(word.strip() in other.entry.message[:_READ] for word in words)

"""Which run may have logged a stage whose line names nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from heapq import heappop, heappush
from itertools import count, islice
from typing import NamedTuple

from lib.traces.runs import NEVER, Line, OpenRun

OPEN_MS = 15 * 60_000  # no function runs longer; a run that is known to go on may sleep as long as it likes
MOST_OWNERS = 40  # runs to which one task may belong: the latest are kept


class Turn(NamedTuple):
    """A run's place in a queue: first who must have passed the stage, and soonest; then who logged last."""

    may_have_ended: bool
    due: int
    last: int  # order of its latest stage, negated
    number: int
    run: OpenRun
    moves: int  # what the run's were: it has left the queue when it has moved since


class Waiting:
    """The runs, as far as the lines have been gone through, queued by place and by the stage they wait for.

    A place is a request, a deployment, or a whole text without request ids. However many runs have stopped
    for good, a line costs no more than the logarithm of their number.
    """

    def __init__(self, named: Set[tuple[str, int]]) -> None:
        self._named = named
        self._queues: dict[tuple[str, str, int], list[Turn]] = defaultdict(list)
        self._numbers = count()
        self._certainly_at: dict[tuple[str, int], dict[OpenRun, None]] = defaultdict(dict)

    def move(self, run: OpenRun, line: Line, places: Iterable[str], certain: bool) -> None:
        """The lines have come to `line`, which is the run's."""
        run.seen_ms = line.entry.at_ms
        if certain and (line.steps or line.order == run.closed_at):
            self._move_certainly(run, line)
        if not line.steps:
            return
        run.moves += 1
        for flow, position in line.steps.items():
            run.reached[flow] = max(position, run.reached.get(flow, 0))
        for flow in run.likely_flows:
            position = run.reached.get(flow, NEVER) + 1
            due = run.due(flow, position)
            if due > line.order and position not in run.filled[flow]:
                ends = not run.goes_beyond(flow, position)
                turn = Turn(ends, due, -line.order, next(self._numbers), run, run.moves)
                for place in places:
                    heappush(self._queues[place, flow, position], turn)

    def _move_certainly(self, run: OpenRun, line: Line) -> None:
        for step in run.certainly.items():
            self._certainly_at[step].pop(run, None)
        if not run.tasks and line.order < run.closed_at:
            run.certainly.update(line.steps)
            for step in run.certainly.items():
                self._certainly_at[step][run] = None

    def nearest(self, place: str, line: Line, most_skipped: int = NEVER) -> Turn | None:
        """The most urgent of the runs that would skip the fewest stages. Named stages are never skipped:
        they would be known."""
        last = max(line.steps.values())
        for skipped in range(min(last, most_skipped + 1)):
            turns = [
                turn
                for flow, position in line.steps.items()
                if not any((flow, p) in self._named for p in range(position - skipped, position))
                and (turn := self._first(place, flow, position - skipped, line))
            ]
            if turns:
                return min(turns)
        return None

    def _first(self, place: str, flow: str, position: int, line: Line) -> Turn | None:
        queue = self._queues.get((place, flow, position), [])
        while queue:
            turn = queue[0]
            alive = turn.due < NEVER or line.entry.at_ms - turn.run.seen_ms <= OPEN_MS
            if turn.moves == turn.run.moves and turn.due > line.order and alive:
                return turn
            heappop(queue)
        return None

    def only(self, place: str, line: Line) -> OpenRun | None:
        """The run that waits for just this stage, where there is one only."""
        found: dict[OpenRun, None] = {}
        for flow, position in line.steps.items():
            if turn := self._first(place, flow, position, line):
                queue = self._queues[place, flow, position]
                heappop(queue)
                second = self._first(place, flow, position, line)
                heappush(queue, turn)
                found.update(dict.fromkeys(each.run for each in (turn, second) if each))
        return next(iter(found)) if len(found) == 1 else None

    def may_own(self, line: Line) -> Iterator[OpenRun]:
        """The runs that may have logged a stage that names a task nobody claims, the latest first.

        Nothing certain contradicts it: every named stage before came before, none after it did.
        """
        for flow, position in line.steps.items():
            for before in range(position - 1, -1, -1):
                for run in islice(reversed(self._certainly_at[flow, before]), 5 * MOST_OWNERS):
                    if line.entry.at_ms - run.seen_ms > OPEN_MS and run.closed_at == NEVER:
                        break
                    if flow in run.likely_flows:
                        yield run
                if (flow, before) in self._named:
                    break

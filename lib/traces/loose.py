"""Tasks that stand in the logs and that no line gives to a video: whose are they?

Several runs may wait for Runway's answer at once. A loose task is given to a run only when every consistent
reading of the text gives it to that one; otherwise each run it may belong to gets it as a candidate.

A reading decides of each place in the code where runs failed whether it lies before or after the task was
created: runs that failed at the same place failed alike, and a place further down in a function is reached
later. Runs that just end, without an error, may own a task or not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

from lib.traces.follow import Follower
from lib.traces.runs import NEVER, Mark, Strand

_FRAME = re.compile(r"\bat (?:async )?([\w.<>]+) \((?!node:)([^()\s]+?):(\d+):\d+\)")
_NO_TASK = re.compile(
    r"did not return an? \w+ ID|No (?:video|task) ID|created with ID: (?:undefined|null)", re.I
)
MOST_PLACES = 8  # beyond these, everybody who may own a task stays a candidate
MOST_EDGES = 400


class Place(NamedTuple):
    """Where in the app's code a run failed. Runs whose place is not known have one each (line 0)."""

    function: str
    line: int


Owners = dict[str, Strand]
Edges = dict[str, list[Strand]]


def settle_loose_tasks(follower: Follower) -> None:
    """Give the loose tasks of `follower` to runs, or make them candidates."""
    by_task: dict[str, list[Mark]] = defaultdict(list)
    for mark in follower.loose:
        by_task[mark.tasks[0]].append(mark)
    near = {
        task: _possible_owners(follower, marks, woken=False) or _possible_owners(follower, marks, woken=True)
        for task, marks in by_task.items()
    }
    possible = {run for owners in near.values() for run in owners}
    failed = [
        Failed(run, _place(run) or Place(f"?{number}", 0), run in possible)
        for number, run in enumerate(follower.everyone())
        if run.closed_at != NEVER and not _says_no_task(run)
    ]
    for part in _separate({task: owners for task, owners in near.items() if owners}):
        if not _settle(follower, by_task, part, failed):
            wider = {task: _possible_owners(follower, by_task[task], woken=True) for task in part}
            _settle(follower, by_task, wider, failed)


def _possible_owners(follower: Follower, marks: list[Mark], woken: bool) -> list[Strand]:
    near = follower.may_own(marks[0], woken)
    return [s for s in near if not s.tasks and s.closed_at > marks[-1].order and not _says_no_task(s)]


def _says_no_task(strand: Strand) -> bool:
    certain = (mark for mark in strand.marks if mark.order not in strand.doubtful)
    return any(_NO_TASK.search(mark.entry.message) for mark in certain)


def _separate(edges: Edges) -> Iterator[Edges]:
    """Groups of tasks that share no possible owner, through however many steps."""
    left = dict(edges)
    while left:
        part: Edges = {}
        fresh = [next(iter(left))]
        while fresh:
            part.update((task, left.pop(task)) for task in fresh)
            owners = {s for task in fresh for s in part[task]}
            fresh = [task for task, theirs in left.items() if owners & set(theirs)]
        yield part


def _settle(follower: Follower, marks: Mapping[str, list[Mark]], edges: Edges, failed: list[Failed]) -> bool:
    """Whether any reading is consistent; then each task has its owner, or its candidates."""
    readings = list(_readings(edges, failed))
    likeliest = min((_match(edges, reading) for reading in readings), key=_open_owners, default=None)
    for task in edges:
        allowed = {run for reading in readings for run in _allowed(task, reading, edges)} or set(edges[task])
        sure = len(allowed) == 1 and likeliest is not None
        for run in allowed:
            run.candidates.update(() if sure else [task])
        if likeliest is not None:
            _own(follower, likeliest[task], marks[task], sure)
    return likeliest is not None


def _own(follower: Follower, run: Strand, marks: list[Mark], sure: bool) -> None:
    """A run that failed is known to own one of the tasks, if perhaps another one than this."""
    run.owns_a_task = sure or run.closed_at != NEVER
    for mark in marks:
        follower.give(run, mark, certain=sure)


class Failed(NamedTuple):
    run: Strand
    place: Place
    may_own: bool  # one of the loose tasks


class Supposition(NamedTuple):
    """Who may own one of the tasks, and who must, if runs failed before or after creation as supposed."""

    may: frozenset[Strand]
    must: frozenset[Strand]


def _readings(edges: Edges, failed: Iterable[Failed]) -> Iterator[Supposition]:
    """Every consistent supposition of which places of failure lie after the creation; none of too many."""
    here = frozenset(run for owners in edges.values() for run in owners)
    ended = {run for run in here if run.closed_at == NEVER}
    places: dict[Place, list[Failed]] = defaultdict(list)
    for one in failed:
        places[one.place].append(one)
    places = {place: runs for place, runs in places.items() if any(one.run in here for one in runs)}
    if len(places) > MOST_PLACES or len(edges) * len(here) > MOST_EDGES:
        return
    for after in product((True, False), repeat=len(places)):
        supposed = dict(zip(places, after, strict=True))
        must = frozenset(one.run for place, runs in places.items() if supposed[place] for one in runs) & here
        reading = Supposition(must | ended, must)
        fits = all(_fits(supposed[place], runs) for place, runs in places.items()) and _in_order(supposed)
        if fits and _match(edges, reading) is not None:
            yield reading


def _fits(after: bool, runs: Iterable[Failed]) -> bool:
    """Where a run with a task failed lies after the creation; where one failed that can own none, before."""
    return all(bool(one.run.tasks) or one.may_own if after else not one.run.tasks for one in runs)


def _in_order(after: Mapping[Place, bool]) -> bool:
    """Below a place that lies after the creation, none lies before it."""
    return not any(
        a.function == b.function and a.line < b.line and after[a] and not after[b]
        for a in after
        for b in after
    )


def _place(run: Strand) -> Place | None:
    for mark in sorted(run.marks, key=lambda m: m.order):
        if mark.order >= run.closed_at:
            for function, file, line in _FRAME.findall(mark.entry.message):
                if "node_modules" not in file:
                    return Place(f"{file} {function}", int(line))
    return None


def _match(edges: Edges, reading: Supposition) -> Owners | None:
    """An owner for every task that leaves nobody out who must have one; None when there is none."""
    of_run: dict[Strand, str] = {}
    tasks_of = {run: [t for t, owners in edges.items() if run in owners] for run in reading.must}
    for run in reading.must:
        if not _augment_run(run, tasks_of, of_task := {t: r for r, t in of_run.items()}, set()):
            return None
        of_run = {r: t for t, r in of_task.items()}
    of_task = {t: r for r, t in of_run.items()}
    for task in edges:
        if task not in of_task and not _augment_task(task, edges, reading.may, of_task, set()):
            return None
    return of_task


def _augment_run(run: Strand, tasks_of: Mapping[Strand, list[str]], taken: Owners, tried: set[str]) -> bool:
    for task in tasks_of[run]:
        if task not in tried:
            tried.add(task)
            if task not in taken or _augment_run(taken[task], tasks_of, taken, tried):
                taken[task] = run
                return True
    return False


def _augment_task(task: str, edges: Edges, may: frozenset[Strand], taken: Owners, tried: set[Strand]) -> bool:
    held = {run: t for t, run in taken.items()}
    for run in edges[task]:
        if run in may and run not in tried:
            tried.add(run)
            if run not in held or _augment_task(held[run], edges, may, taken, tried):
                taken[task] = run
                return True
    return False


def _allowed(task: str, reading: Supposition, edges: Edges) -> Iterator[Strand]:
    """The runs that own `task` in some matching of this reading."""
    for run in edges[task]:
        if run in reading.may and _match({**edges, task: [run]}, reading) is not None:
            yield run


def _open_owners(owners: Owners | None) -> int:
    return sum(run.closed_at == NEVER for run in (owners or {}).values())

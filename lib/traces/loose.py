"""Tasks that stand in the logs and that no line gives to a video: whose are they?

Several runs may wait for Runway's answer at once. A loose task is given to a run only when every consistent
reading of the text gives it to that one; otherwise each run it may belong to gets it as a candidate.

A reading decides of each place in the code where runs failed whether it lies before or after the task was
created: runs that failed at the same place failed alike, and a place further down in a function is reached
later. Of two places in a function where Runway was asked the lower one lies after the creation, where every
run has asked for it. Runs that just end, without an error, may own a task or not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import NamedTuple

from lib.domain.flow import Means
from lib.traces.assign import Assigned
from lib.traces.runs import NEVER, Line, OpenRun, named_stages
from lib.traces.waiting import MOST_OWNERS

_FRAME = re.compile(r"\bat (?:async )?([\w.<>]{1,200}) \((?!node:)([^()\s]{1,500}?):(\d{1,9}):\d{1,9}\)")
_BY_THE_SDK = "node_modules/@runwayml/"
_NO_TASK = re.compile(
    r"did not return an? \w{1,40} ID|No (?:video|task) ID|created with ID: (?:undefined|null)", re.I
)
_READ = 8_000
MOST_PLACES = 6  # beyond these, everybody who may own a task stays a candidate
MOST_EDGES = 400
SHORTLY_MS = 60_000
ENOUGH = 20  # waits for a task that tell how long one may be

Edges = Mapping[str, Sequence[OpenRun]]  # whose a task may be
Node = str | OpenRun


class Place(NamedTuple):
    """Where in the app's code a run failed. Runs whose place is not known have one each (line 0)."""

    function: str
    line: int


@dataclass(slots=True)
class Failures:
    """What is known of a place, from all runs that failed there."""

    runs: list[OpenRun] = field(default_factory=list)
    in_a_request: bool = False  # to Runway
    may_be_before: bool = True
    may_be_after: bool = True


def settle_loose_tasks(found: Assigned, lines: Sequence[Line], *, by_time: bool) -> None:
    """Give the loose tasks to runs, or make them candidates. `by_time`: also where time alone tells whose."""
    edges, wider = {}, {}
    silent = {run for loose in found.loose.values() for run in loose.able if _says_no_task(run)}
    for task, loose in found.loose.items():
        last = loose.lines[-1].order
        wider[task] = [
            r for r in loose.able if not r.tasks and min(r.closed_at, r.failed_at) > last and r not in silent
        ]
        edges[task] = [run for run in wider[task] if run in loose.near] or wider[task]
    if not any(edges.values()):
        return
    failures = _failures(found, edges, lines)
    for tasks in parts(edges):
        for reach in (edges, wider):
            part = {task: reach[task] for task in tasks}
            readings = list(_readings(part, failures))
            if readings:
                break
        _settle(found, part, readings)
    if by_time:
        _settle_by_time(found, edges, {line.order: line.entry.at_ms for line in lines})


def parts(edges: Edges) -> Iterator[list[str]]:
    """The tasks in groups that share no possible owner, through however many steps."""
    of_run: dict[OpenRun, list[str]] = defaultdict(list)
    for task, runs in edges.items():
        for run in runs:
            of_run[run].append(task)
    seen: set[str] = set()
    for first in edges:
        part = [] if first in seen else [first]
        seen.add(first)
        for task in part:  # grows
            for run in edges[task]:
                fresh = [other for other in of_run.pop(run, ()) if other not in seen]
                seen.update(fresh)
                part += fresh
        if part:
            yield part


def _says_no_task(run: OpenRun) -> bool:
    certain = (line for line in run.lines if line.order not in run.doubtful)
    return any(_NO_TASK.search(line.entry.message[:_READ]) for line in certain)


def _failures(found: Assigned, edges: Edges, lines: Sequence[Line]) -> dict[Place, Failures]:
    able = {run for owners in edges.values() for run in owners}
    failures: dict[Place, Failures] = defaultdict(Failures)
    for number, run in enumerate(found.everyone()):
        if run.closed_at == NEVER or (run not in able and _says_no_task(run)):
            continue
        text = "\n".join(each.entry.message[:_READ] for each in run.lines if each.order >= run.closed_at)
        frames = (at for at in _FRAME.findall(text) if "node_modules" not in at[1])
        place = next(
            (
                Place(f"{run.first.entry.deployment_id} {file} {function}", int(at))
                for function, file, at in frames
            ),
            None,
        )
        failure = failures[place or Place(f"?{number}", 0)]
        failure.runs.append(run)
        failure.in_a_request |= _BY_THE_SDK in text
        failure.may_be_before &= not run.tasks
        failure.may_be_after &= bool(run.tasks) or run in able
    if _everyone_asked(found, lines):
        asked = sorted(place for place, failure in failures.items() if failure.in_a_request)
        for above, place in pairwise(asked):
            failures[place].may_be_before &= above.function != place.function
    return failures


def _everyone_asked(found: Assigned, lines: Sequence[Line]) -> bool:
    """Whether each run that came near the request to Runway also sent it: there are as many lines of that."""
    named = named_stages(lines)
    near = {}
    for key, flow in found.flows.items():
        sent = flow.first_that_means(Means.SENT)
        if sent is not None:
            near[key] = sent, max((p for f, p in named if f == key and p < sent), default=0)
    asked = sum(any(line.steps.get(key) == sent for key, (sent, _) in near.items()) for line in lines)
    came_near = sum(
        any(max(run.filled[flow]) >= near[flow][1] for flow in run.likely_flows if flow in near)
        for run in found.everyone()
    )
    return asked == came_near


class Reading(NamedTuple):
    """Whose the tasks may be if runs failed before or after the creation as supposed; one way it can be."""

    edges: Edges
    must: frozenset[OpenRun]  # have one of the tasks
    owners: Mapping[str, OpenRun]


def _readings(edges: Edges, failures: Mapping[Place, Failures]) -> Iterator[Reading]:
    """Every consistent supposition of which places of failure lie after the creation; none of too many."""
    here = {run for owners in edges.values() for run in owners}
    places = {place: failure for place, failure in failures.items() if not here.isdisjoint(failure.runs)}
    crowded = any(len(owners) >= MOST_OWNERS for owners in edges.values())
    if crowded or len(places) > MOST_PLACES or sum(map(len, edges.values())) > MOST_EDGES:
        return
    for after in product((True, False), repeat=len(places)):
        supposed = dict(zip(places, after, strict=True))
        fits = all(f.may_be_after if supposed[p] else f.may_be_before for p, f in places.items())
        if not fits or not _in_order(supposed):
            continue
        must = frozenset(run for p, f in places.items() if supposed[p] for run in f.runs) & here
        allowed = {
            task: [r for r in runs if r in must or r.closed_at == NEVER] for task, runs in edges.items()
        }
        if owners := _match(allowed, must):
            yield Reading(allowed, must, owners)


def _in_order(after: Mapping[Place, bool]) -> bool:
    """Below a place that lies after the creation, none lies before it."""
    return not any(
        a.function == b.function and a.line < b.line and after[a] and not after[b]
        for a in after
        for b in after
    )


def _settle(found: Assigned, edges: Edges, readings: Sequence[Reading]) -> None:
    """Where any reading is consistent, each task has its owner; else, and beside it, its candidates."""
    likeliest = min(
        readings, key=lambda r: sum(run.closed_at == NEVER for run in r.owners.values()), default=None
    )
    for task, owners in edges.items():
        allowed = {
            run
            for reading in readings
            for run in reading.edges[task]
            if _match({**reading.edges, task: [run]}, reading.must)
        }
        sure = len(allowed) == 1 and not next(iter(allowed)).likely
        for run in owners:
            if not sure and (run in allowed or not readings):
                run.candidates.add(task)
        if likeliest:
            owner = likeliest.owners[task]
            # a run that failed is known to own one of the tasks, if perhaps another one than this
            owner.owns_a_task = sure or owner.closed_at != NEVER
            for line in found.loose[task].lines:
                owner.take(line, certain=sure)


def _settle_by_time(found: Assigned, edges: Edges, at_ms: Mapping[int, int]) -> None:
    """A task is the one run's that had logged something shortly before, where the others have been silent for
    longer than any run of this text ever waited for its task. It stays their candidate: time proves nothing.
    """

    def wait(run: OpenRun, created: int) -> int:
        """Since it last logged a stage; since for ever where it had logged none."""
        before = (order for seen in run.filled.values() for order in seen.values() if order < created)
        return at_ms[created] - at_ms.get(max(before, default=NEVER), 0)

    waits = [wait(run, order) for run in found.everyone() if run.tasks for order in _creations(run)]
    longest = max(SHORTLY_MS, 3 * max(waits, default=0))
    for task, runs in edges.items() if len(waits) >= ENOUGH else ():
        at = found.loose[task].lines[0].order
        fresh = [run for run in runs if run.seems_failed_at > at and wait(run, at) <= longest]
        if len(fresh) == 1 and task in fresh[0].candidates and not fresh[0].likely and not fresh[0].tasks:
            fresh[0].candidates.discard(task)
            fresh[0].tasks.add(task)
            fresh[0].owns_a_task = True


def _creations(run: OpenRun) -> Iterator[int]:
    """The order of the line that tells of its task, behind others of its flow."""
    for key in run.likely_flows:
        position = run.flows[key].first_that_means(Means.CREATED)
        if position in run.filled[key] and min(run.filled[key]) < position:
            yield run.filled[key][position]


def _match(edges: Edges, must: Iterable[OpenRun]) -> dict[str, OpenRun] | None:
    """An owner for every task that leaves nobody out who must have one; None when there is none."""
    both: dict[Node, list[Node]] = {task: list(runs) for task, runs in edges.items()}
    for task, runs in edges.items():
        for run in runs:
            both.setdefault(run, []).append(task)
    nodes: list[Node] = [*must, *edges]
    mate: dict[Node, Node] = {}
    if not all(node in mate or _augment(node, both, mate, set()) for node in nodes):
        return None
    return {task: owner for task in edges if isinstance(owner := mate[task], OpenRun)}


def _augment(
    node: Node, edges: Mapping[Node, Sequence[Node]], mate: dict[Node, Node], tried: set[Node]
) -> bool:
    for other in edges.get(node, ()):
        if other not in tried:
            tried.add(other)
            if other not in mate or _augment(mate[other], edges, mate, tried):
                mate[node], mate[other] = other, node
                return True
    return False

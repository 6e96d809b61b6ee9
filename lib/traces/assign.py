"""Pass 3: whose the lines are that a request alone does not give to a video."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lib.domain.flow import Flow
from lib.traces.polls import PollSign
from lib.traces.runs import Line, OpenRun, named_stages
from lib.traces.waiting import MOST_OWNERS, Waiting

TEXT = "text"
Poll = list[Line]


@dataclass(eq=False, slots=True)
class LooseTask:
    """A task that stages name and nobody claims. The runs that may have logged them: of the first one's
    request, and others that may have woken up there."""

    lines: list[Line]
    near: list[OpenRun]
    able: list[OpenRun]


@dataclass
class Assigned:
    """runs, polls  of each video
    loose        tasks that no line gives to a video
    """

    flows: Mapping[str, Flow]
    runs: dict[str, list[OpenRun]] = field(default_factory=lambda: defaultdict(list))
    polls: dict[str, list[Poll]] = field(default_factory=lambda: defaultdict(list))
    loose: dict[str, LooseTask] = field(default_factory=dict)

    def everyone(self) -> Iterator[OpenRun]:
        return (run for runs in self.runs.values() for run in runs)


def assign(lines: Sequence[Line], only: Mapping[str | None, str], flows: Mapping[str, Flow]) -> Assigned:
    """Every line of `lines` (in order) goes to a run or a status check, as far as they can be told apart.

    Lines that name a video or a task settle themselves, and so do all lines of a request that holds one video
    `only`. Then each nameless stage goes to the run that waits for it most urgently.
    """
    found = Assigned(flows)
    _settle(found, lines, only)
    _hand_out(found, lines)
    return found


def _settle(found: Assigned, lines: Iterable[Line], only: Mapping[str | None, str]) -> None:
    run_of: dict[tuple[str, str | None], OpenRun] = {}
    poll_of: dict[tuple[str, str | None], Poll] = {}
    for line in lines:
        video = line.video or only.get(line.request)
        if video is None:
            continue
        here = video, line.request
        poll = poll_of.get(here)
        goes_on = line.request is not None and poll is not None
        if not line.steps and (line.poll or _looks_after(line, found.runs[video])):
            begins = line.request is None and line.poll in (PollSign.BEGUN, PollSign.NO_TASK_ID)
            if poll is None or begins:
                poll = poll_of[here] = []
                found.polls[video].append(poll)
            _add(poll, line)
        elif poll is not None and goes_on and not line.video and not line.steps:
            _add(poll, line)
        else:
            runs = found.runs[video]
            run = run_of.get(here) if line.request is not None else None
            if run is None and (not runs or runs[-1].begins_anew(line)):
                runs.append(OpenRun(video, found.flows, line, line, likely=line.shows_video))
            run_of[here] = run or runs[-1]
            run_of[here].take(line)


def _looks_after(line: Line, runs: Sequence[OpenRun]) -> bool:
    """Whether the line is of another request about a video that has its task: in whatever words it is said,
    that asks what became of it."""
    elsewhere = line.request is not None and not any(line.request in run.requests for run in runs)
    return elsewhere and any(run.has_created for run in runs)


def _add(poll: Poll, line: Line) -> None:
    poll.append(line)
    line.given = True


def _hand_out(found: Assigned, lines: Sequence[Line]) -> None:
    mixed = {line.request for line in lines if line.steps and not line.given}
    if not mixed:
        return
    waiting = Waiting(named_stages(lines))
    in_request: dict[str | None, dict[OpenRun, None]] = defaultdict(dict)
    for run in found.everyone():
        for request in mixed & run.requests.keys():
            in_request[request][run] = None
    for line in lines:
        here = in_request[line.request]
        certain = line.given
        if line.steps and line.tasks and not certain:
            _keep_loose(found, line, waiting, here)
        elif line.steps and not certain and (fits := _waits_for(line, waiting, here)):
            fits.take(line, certain=False)
            here[fits] = None
        if line.run:
            waiting.move(line.run, line, _places(line.run, mixed), certain)


def _places(run: OpenRun, mixed: set[str | None]) -> list[str]:
    """Where a nameless line may be the run's."""
    places = [TEXT] if None in mixed else []
    if len(mixed) > len(places):
        latest = list(run.requests)[-4:]
        places += [f"deployment {run.lines[0].entry.deployment_id}"]
        places += [request for request in latest if request is not None and request in mixed]
    return places


def _waits_for(line: Line, waiting: Waiting, here: Mapping[OpenRun, None]) -> OpenRun | None:
    """In text, whoever it fits best. In a request, one of its runs or a frozen one that woke up there."""
    if line.request is None:
        turn = waiting.nearest(TEXT, line)
        return turn.run if turn else None
    deployment = f"deployment {line.entry.deployment_id}"
    exactly = waiting.nearest(line.request, line, 0), waiting.nearest(deployment, line, 0)
    fit = [turn for turn in exactly if turn and (turn.run in here or not turn.may_have_ended)]
    if fit:
        return min(fit).run
    if woken := waiting.only(deployment, line):
        return woken
    after_a_gap = waiting.nearest(line.request, line)
    return after_a_gap.run if after_a_gap else None


def _keep_loose(found: Assigned, line: Line, waiting: Waiting, here: Mapping[OpenRun, None]) -> None:
    task = found.loose.get(line.tasks[0])
    if task:
        task.lines.append(line)
        return
    deployment = line.entry.deployment_id
    able = [
        run
        for run in dict.fromkeys(waiting.may_own(line))
        if line.request is None or run.lines[0].entry.deployment_id in (None, deployment)
    ]
    near = [run for run in able if line.request is None or run in here]
    found.loose[line.tasks[0]] = LooseTask([line], near[:MOST_OWNERS], able[:MOST_OWNERS])

"""A run while its lines are gathered: how far it has come in each flow it may follow."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter

from lib.domain.diagnosis.warning import is_warning
from lib.domain.flow import Flow, Means, Steps
from lib.domain.trace import LogEntry
from lib.traces.polls import PollSign

NEVER = 1 << 62


@dataclass(eq=False, slots=True)
class Line:
    """A log entry and what it says of itself.

    order  counts the lines of the whole source
    video  whose the line says it is: it names the video (`names_video`), a task of the video, or what its row
           holds (`shows_video`)
    tasks  that it names; `proves` where the words are a stage's at which the task exists
    given  whether it was found to be some run's or status check's
    """

    order: int
    entry: LogEntry
    video: str | None
    names_video: bool
    tasks: tuple[str, ...]
    proves: bool
    steps: Steps
    poll: PollSign | None
    shows_video: bool = False
    run: OpenRun | None = None
    given: bool = False

    @property
    def request(self) -> str | None:
        """None in text without request ids."""
        return self.entry.request_id

    @property
    def is_error(self) -> bool:
        """Whether it tells of a failure: a warning does not, at whatever level it was logged."""
        return self.entry.level in ("error", "fatal") and not is_warning(self.entry.message)


def named_stages(lines: Iterable[Line]) -> set[tuple[str, int]]:
    """The stages, by flow and position, whose lines name their video."""
    return {step for line in lines if line.names_video for step in line.steps.items()}


by_order = attrgetter("order")


@dataclass(eq=False)
class OpenRun:
    """Positions are kept for every flow the run may still turn out to follow.

    filled     positions seen, each with the order of its line
    anchors    those of lines that certainly belong to it: whatever else it takes must fit between them
    doubtful   orders of lines that were given to it because they fit
    closed_at  order of the first line that tells of its failure: no stage comes after that
    failed_at  order of a nameless error that can only be its: after it, it has created nothing;
    seems_failed_at  of one that is likely its
    likely     whether it is the video's only because no other video fits
    may_have_sent  whether a line of the call to Runway (or after it) that is nobody's for certain may be its
    in_part    whether lines that may be its are kept from view
    reached    as far as the lines have been gone through: the last stage, and the last that is certain;
    certainly  `moves` counts them, `seen_ms` is when it was last heard of
    """

    video: str
    flows: Mapping[str, Flow]
    first: Line
    last: Line
    lines: list[Line] = field(default_factory=list)
    requests: dict[str | None, None] = field(default_factory=dict)
    tasks: set[str] = field(default_factory=set)
    candidates: set[str] = field(default_factory=set)
    filled: dict[str, dict[int, int]] = field(default_factory=dict)
    anchors: dict[str, dict[int, int]] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)
    closed_at: int = NEVER
    failed_at: int = NEVER
    seems_failed_at: int = NEVER
    owns_a_task: bool = False
    likely: bool = False
    may_have_sent: bool = False
    in_part: bool = False
    reached: dict[str, int] = field(default_factory=dict)
    certainly: dict[str, int] = field(default_factory=dict)
    moves: int = 0
    seen_ms: int = 0

    def take(self, line: Line, certain: bool = True) -> None:
        line.run, line.given = self, True
        self.lines.append(line)
        self.first = min(self.first, line, key=by_order)
        self.last = max(self.last, line, key=by_order)
        self.requests[line.request] = None
        for flow, position in line.steps.items():
            self.filled.setdefault(flow, {}).setdefault(position, line.order)
            if certain:
                self.anchors.setdefault(flow, {}).setdefault(position, line.order)
        if not certain:
            self.doubtful.add(line.order)
            return
        if line.proves:
            self.tasks.update(line.tasks)
        else:
            self.candidates.update(line.tasks)
        self.owns_a_task = self.owns_a_task or bool(line.tasks)
        if line.is_error and not line.steps:
            self.closed_at = min(self.closed_at, line.order)

    @property
    def shows_it_in_a_request(self) -> bool:
        """Whether all of a request is this run's, by what one row only has: where it stops, nothing came."""
        return self.first.shows_video and self.first.request is not None

    @property
    def likely_flows(self) -> list[str]:
        """The flows that explain most of what was seen; several while they look alike."""
        most = max(map(len, self.filled.values()), default=0)
        return [flow for flow, seen in self.filled.items() if len(seen) == most]

    @cached_property
    def best_flows(self) -> list[str]:
        """Those of them with the fewest holes, and of these the ones with the most signs; once its lines are
        known."""
        best = self.likely_flows
        if len(best) > 1:
            holes = {flow: self.holes(flow) for flow in best}
            best = [flow for flow in best if holes[flow] == min(holes.values())]
        if len(best) > 1:
            messages = [line.entry.message for line in self.lines]
            signs = {flow: sum(map(self.flows[flow].is_sign, messages)) for flow in best}
            best = [flow for flow in best if signs[flow] == max(signs.values())]
        return best

    def holes(self, flow: str) -> int:
        return max(self.filled[flow]) + 1 - len(self.filled[flow])

    @property
    def has_created(self) -> bool:
        """Whether Runway had answered it with a task, in a flow it may follow."""
        steps = ((flow, self.flows[flow].first_that_means(Means.CREATED)) for flow in self.likely_flows)
        return any(step is not None and max(self.filled[flow]) >= step for flow, step in steps)

    @property
    def just_ends(self) -> bool:
        """Whether it stops between two stages, and nothing says why."""
        complete = any(len(self.flows[flow].stages) - 1 in self.filled[flow] for flow in self.likely_flows)
        return self.closed_at == NEVER and not complete

    def begins_anew(self, line: Line) -> bool:
        """Whether `line`, a stage of the same video, must be another run."""
        if not self.filled or not line.steps or (line.request is not None and line.request in self.requests):
            return False
        flow = next((flow for flow in self.likely_flows if flow in line.steps), None)
        if flow is None:
            return 0 in line.steps.values()
        position = line.steps[flow]
        return position <= max(self.filled[flow]) and (position == 0 or position in self.filled[flow])

    def due(self, flow: str, position: int) -> int:
        """The order before which `position` must have been logged, if it was."""
        later = (order for p, order in self.anchors.get(flow, {}).items() if p > position)
        return min(min(later, default=NEVER), self.closed_at)

    def goes_beyond(self, flow: str, position: int) -> bool:
        """Whether a later stage proves that `position` was passed."""
        return any(p > position for p in self.anchors.get(flow, ()))

    def may_have_logged(self, line: Line, named: Container[tuple[str, int]]) -> bool:
        """Whether nothing certain contradicts it: every named stage before came before, none after it did."""
        return any(
            position not in self.anchors.get(flow, {})
            and line.order < self.due(flow, position)
            and all(
                self.anchors.get(flow, {}).get(p, NEVER) < line.order
                for p in range(position)
                if (flow, p) in named
            )
            for flow, position in line.steps.items()
            if flow in self.likely_flows
        )

"""A strand: one run of the flow for one video, as far as its lines have been told apart."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from lib.domain.flow import Flow, Means, Steps
from lib.domain.trace import LogEntry
from lib.traces.polls import PollSign

NEVER = 1 << 62


@dataclass(eq=False, slots=True)
class Mark:
    """A line and what can be said of it alone.

    order  counts the lines of the whole source
    video  whose the line says it is: it names the video (`names_video`) or a task of the video
    """

    order: int
    entry: LogEntry
    video: str | None
    names_video: bool
    tasks: tuple[str, ...]
    steps: Steps
    poll: PollSign | None

    @property
    def room(self) -> str | None:
        """The request the line stands in; None in text without request ids."""
        return self.entry.request_id

    @property
    def is_error(self) -> bool:
        return self.entry.level in ("error", "fatal")


def named_stages(marks: Iterable[Mark]) -> set[tuple[str, int]]:
    """The stages, by flow and position, whose lines name their video."""
    return {step for mark in marks if mark.names_video for step in mark.steps.items()}


@dataclass(eq=False)
class Strand:
    """Positions are kept for every flow the strand may still turn out to follow.

    named      stages, by flow and position, whose lines name their video
    anchors    positions of lines that certainly belong to it: whatever else it takes must fit between them
    doubtful   orders of lines that were given to it because they fit
    closed_at  order of the first line that tells of its failure: no stage comes after that
    may_have_sent  a line of the call to Runway (or after it) that is nobody's for certain may be its
    """

    video: str
    flows: Mapping[str, Flow]
    named: Container[tuple[str, int]] = frozenset()
    marks: list[Mark] = field(default_factory=list)
    rooms: set[str | None] = field(default_factory=set)
    tasks: set[str] = field(default_factory=set)
    candidates: set[str] = field(default_factory=set)
    filled: dict[str, dict[int, int]] = field(default_factory=dict)
    anchors: dict[str, dict[int, int]] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)
    closed_at: int = NEVER
    owns_a_task: bool = False
    may_have_sent: bool = False

    def take(self, mark: Mark, certain: bool = True) -> None:
        self.marks.append(mark)
        self.rooms.add(mark.room)
        self.tasks.update(mark.tasks if certain else ())
        self.doubtful.update(() if certain else [mark.order])
        for flow, position in mark.steps.items():
            self.filled.setdefault(flow, {}).setdefault(position, mark.order)
            if certain:
                self.anchors.setdefault(flow, {}).setdefault(position, mark.order)
        if certain and mark.is_error and not mark.steps:
            self.closed_at = min(self.closed_at, mark.order)

    @property
    def first(self) -> Mark:
        return min(self.marks, key=lambda mark: mark.order)

    @property
    def last_order(self) -> int:
        return max(mark.order for mark in self.marks)

    @property
    def last_certain_order(self) -> int:
        return max((m.order for m in self.marks if m.order not in self.doubtful), default=-1)

    @property
    def likely_flows(self) -> list[str]:
        """The flows that explain most of what was seen; several while they look alike."""
        most = max(map(len, self.filled.values()), default=0)
        return [flow for flow, seen in self.filled.items() if len(seen) == most]

    @property
    def started(self) -> bool:
        return bool(self.filled)

    def reached(self, flow: str) -> int:
        return max(self.filled.get(flow, {}), default=-1)

    @property
    def has_created(self) -> bool:
        """Whether Runway had answered it with a task, in a flow it may follow."""
        steps = ((flow, self.flows[flow].first_that_means(Means.CREATED)) for flow in self.likely_flows)
        return any(step is not None and self.reached(flow) >= step for flow, step in steps)

    @property
    def is_complete(self) -> bool:
        return any(self.reached(flow) == len(self.flows[flow].stages) - 1 for flow in self.likely_flows)

    def begins_anew(self, mark: Mark) -> bool:
        """Whether `mark`, a stage of the same video, must be another run."""
        flow = next((f for f in self.likely_flows if f in mark.steps), None)
        if not self.started or not mark.steps or (mark.room is not None and mark.room in self.rooms):
            return False
        if flow is None:
            return 0 in mark.steps.values()
        return mark.steps[flow] <= self.reached(flow) and (
            mark.steps[flow] == 0 or mark.steps[flow] in self.filled[flow]
        )

    def waits_for(self, mark: Mark, strictly: bool = True) -> tuple[int, int] | None:
        """How well the strand could go on with `mark`: (stages skipped, order it must come before).

        None when it cannot. `strictly` allows no stage to be skipped. A stage whose lines name their video is
        never skipped: it would be known.
        """
        best: tuple[int, int] | None = None
        for flow in self.likely_flows:
            position = mark.steps.get(flow)
            if position is None or position in self.filled[flow]:
                continue
            before = [p for p, order in self.filled[flow].items() if p < position and order <= mark.order]
            due = self.due(flow, position)
            if not before or mark.order > due:
                continue
            between = range(max(before) + 1, position)
            skipped = len(between)
            if skipped and (strictly or any((flow, p) in self.named for p in between)):
                continue
            best = min(best, (skipped, due)) if best else (skipped, due)
        return best

    def may_have_logged(self, mark: Mark) -> bool:
        """Whether nothing certain contradicts it: every named stage before came before, none after it did."""
        return any(
            position not in self.anchors.get(flow, {})
            and mark.order < self.due(flow, position)
            and all(
                self.anchors.get(flow, {}).get(p, NEVER) < mark.order
                for p in range(position)
                if (flow, p) in self.named
            )
            for flow, position in mark.steps.items()
            if flow in self.likely_flows
        )

    def lacks(self, mark: Mark) -> bool:
        """Whether the stage of `mark` is new to the strand, wherever it would stand."""
        return any(position not in self.filled[f] for f, position in mark.steps.items() if f in self.filled)

    def due(self, flow: str, position: int) -> int:
        """The order before which `position` must have been logged, if it was."""
        later = (order for p, order in self.anchors.get(flow, {}).items() if p > position)
        return min(min(later, default=NEVER), self.closed_at)

    def last_before(self, order: int) -> int:
        return max((mark.order for mark in self.marks if mark.order < order), default=-1)

    def must_pass(self, mark: Mark) -> bool:
        """Whether a later stage proves that the stage of `mark` was passed."""
        return any(
            position < max(self.anchors.get(flow, {}), default=-1) for flow, position in mark.steps.items()
        )

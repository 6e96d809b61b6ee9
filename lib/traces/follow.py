"""Telling the runs of several videos apart: which line belongs to whose run.

Lines that name a video or a task settle themselves, and so do all lines of a request that holds one
video only. What is left stands in requests that hold two (a frozen function woke up in another's request) or
in text without request ids. There each nameless stage goes to the run that waits for exactly that stage; of
several that wait, to the one that must have passed it soonest, as its next certain line tells.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from lib.domain.flow import Flow
from lib.traces.polls import PollSign
from lib.traces.runs import NEVER, Mark, Strand, named_stages

_TIMED_OUT = re.compile(r"timed out after (\d+(?:\.\d+)?) ?s|FUNCTION_INVOCATION_TIMEOUT", re.I)
_REFUSED = re.compile(r"Response status: [345]\d\d")
_TAG = re.compile(r"^\s*\[[^\]]*\]")
_WORDING = re.compile(r"[A-Za-z][A-Za-z' ,.]{10,}")
TIMEOUT_SLACK_MS = 5_000  # between a request's start and its first line, and of the platform's clock
NEIGHBOUR_MS = 2_000  # lines of one run further apart than this tell nothing about each other

Poll = list[Mark]


class Follower:
    """`alone` gives the only video of a request; requests that hold several, or none, are absent."""

    def __init__(self, flows: Mapping[str, Flow], alone: Mapping[str | None, str]) -> None:
        self.flows = flows
        self.alone = alone
        self.strands: dict[str, list[Strand]] = defaultdict(list)
        self.polls: dict[str, list[Poll]] = defaultdict(list)
        self.loose: list[Mark] = []  # stages that name a task nobody claims
        self._named: set[tuple[str, int]] = set()
        self._taken: dict[int, Strand] = {}  # by order
        self._in_room: dict[str | None, list[Strand]] = defaultdict(list)
        self._open: dict[tuple[str, int], dict[Strand, None]] = defaultdict(dict)
        self._poll_of_room: dict[tuple[str, str | None], Poll] = {}

    def follow(self, marks: Sequence[Mark]) -> None:
        """Give every line of `marks` (in order) that can be told apart to a strand or a poll."""
        self._named |= named_stages(marks)
        nameless = [mark for mark in marks if not self._settle(mark)]
        extras = []
        for mark in nameless:
            if mark.steps and mark.tasks:
                self.loose.append(mark)
            elif not self._hand_to_the_waiting(mark):
                extras.append(mark)
        self._settle_extras(extras, marks)

    def everyone(self) -> Iterator[Strand]:
        return (strand for strands in self.strands.values() for strand in strands)

    def knows(self, mark: Mark) -> bool:
        return mark.order in self._taken or any(
            mark in poll for polls in self.polls.values() for poll in polls
        )

    def give(self, strand: Strand, mark: Mark, certain: bool = True) -> None:
        if mark.room not in strand.rooms:
            self._in_room[mark.room].append(strand)
        strand.take(mark, certain)
        self._taken[mark.order] = strand
        for flow, position in mark.steps.items():
            self._open[flow, position].pop(strand, None)
            if position + 1 not in strand.filled[flow]:
                self._open[flow, position + 1][strand] = None

    def within_reach(self, mark: Mark) -> list[Strand]:
        """The runs that may have logged a nameless stage: its request's, and frozen ones that woke up."""
        open_to = dict.fromkeys(s for step in mark.steps.items() for s in self._open[step])
        if mark.room is None:
            waiting = [s for s in open_to if s.waits_for(mark)]
            return waiting or [s for s in self.everyone() if s.waits_for(mark, strictly=False)]
        here = self._in_room[mark.room]
        near = [s for s in open_to if (s in here or s.must_pass(mark)) and self._could_log(s, mark)]
        return near or self._woken(open_to, mark) or self._skipping(here, mark)

    def _could_log(self, strand: Strand, mark: Mark) -> bool:
        return strand.waits_for(mark) is not None and _same_deployment(strand, mark)

    def _woken(self, open_to: Iterable[Strand], mark: Mark) -> list[Strand]:
        """The frozen run of another request that waits for the stage, where there is one only."""
        woken = [strand for strand in open_to if self._could_log(strand, mark)]
        return woken if len(woken) == 1 else []

    @staticmethod
    def _skipping(here: list[Strand], mark: Mark) -> list[Strand]:
        """Where lines are lost: runs of the same request that go on after a gap."""
        after_gap = [strand for strand in here if strand.waits_for(mark, strictly=False)]
        return after_gap or [strand for strand in here if len(here) == 1 and strand.lacks(mark)]

    def may_own(self, mark: Mark, woken: bool) -> list[Strand]:
        """The runs that may have logged a stage that names a task nobody claims.

        `woken` includes frozen runs that are not known to have woken up in the line's request.
        """
        everywhere = woken or mark.room is None
        near = self.everyone() if everywhere else self._in_room[mark.room]
        return [s for s in near if s.may_have_logged(mark) and _same_deployment(s, mark)]

    def _settle(self, mark: Mark) -> bool:
        """What a line names, or the only video of its request, decides."""
        video = mark.video or self.alone.get(mark.room)
        if video is None:
            return False
        poll = self._poll_of_room.get((video, mark.room))
        if (mark.poll or self._is_looked_after(video, mark)) and not mark.steps:
            self._add_to_poll(video, mark)
        elif poll and mark.room and not mark.video and not mark.steps:
            poll.append(mark)
        else:
            self.give(self._strand_for(video, mark), mark)
        return True

    def _is_looked_after(self, video: str, mark: Mark) -> bool:
        """Whether the line begins another request about a video that has its task: in whatever words it is
        said, that is to ask what became of it."""
        strands = self.strands[video]
        begun = mark.room is None or any(mark.room in strand.rooms for strand in strands)
        return not begun and any(strand.has_created for strand in strands)

    def _strand_for(self, video: str, mark: Mark) -> Strand:
        """The run of `video` in the line's request, else its latest run, else a new one."""
        strands = self.strands[video]
        here = [strand for strand in strands if mark.room is not None and mark.room in strand.rooms]
        if here:
            return here[-1]
        if not strands or strands[-1].begins_anew(mark):
            strands.append(Strand(video, self.flows, self._named))
        return strands[-1]

    def _add_to_poll(self, video: str, mark: Mark) -> None:
        """One status request: its own request id, or in text everything from one beginning to the next."""
        key = (video, mark.room)
        begins = mark.room is None and mark.poll in (PollSign.BEGUN, PollSign.NO_TASK_ID)
        if key not in self._poll_of_room or begins:
            self._poll_of_room[key] = []
            self.polls[video].append(self._poll_of_room[key])
        self._poll_of_room[key].append(mark)

    def _hand_to_the_waiting(self, mark: Mark) -> bool:
        near = self.within_reach(mark) if mark.steps else []
        if near:
            self.give(min(near, key=lambda strand: _urgency(strand, mark)), mark, certain=False)
        return bool(near)

    def _settle_extras(self, extras: Sequence[Mark], marks: Sequence[Mark]) -> None:
        """Lines that are no stage: errors go with those that say the same, all else with the line before."""
        self._settle_timeouts(extras)
        unanswered = _Unanswered(self.polls)
        for mark in extras:
            if mark.poll is PollSign.ERROR:
                unanswered.fail(mark)
        left = {m.order for m in extras if m.poll is None and not m.steps and m.order not in self._taken}
        if left:
            self._settle_errors(left, marks)
            self._settle_asides(left, marks)

    def _settle_errors(self, left: Container[int], marks: Sequence[Mark]) -> None:
        told: dict[str | None, deque[Mark]] = defaultdict(deque)
        for mark in reversed(marks):
            refused = _REFUSED.search(mark.entry.message)
            if not (mark.is_error or refused):
                continue
            later = told[mark.room]
            while later and later[-1].entry.at_ms - mark.entry.at_ms > NEIGHBOUR_MS:
                later.pop()
            if mark.order in left:
                same = (m for m in later if (refused and m.order in left) or says_the_same(mark, m))
                if found := next(same, None):
                    self.give(self._taken[found.order], mark, certain=False)
            if mark.order in self._taken:
                later.appendleft(mark)

    def _settle_asides(self, left: Container[int], marks: Iterable[Mark]) -> None:
        last: dict[str | None, Mark] = {}
        for mark in marks:
            if mark.order in self._taken:
                last[mark.room] = mark
            elif mark.order in left and not mark.is_error and mark.room in last:
                before = last[mark.room]
                if mark.entry.at_ms - before.entry.at_ms <= NEIGHBOUR_MS:
                    self.give(self._taken[before.order], mark, certain=False)

    def _settle_timeouts(self, extras: Iterable[Mark]) -> None:
        """The platform's own line names nobody, but may say how long the function had run.

        Lines that fit no run so are only given away when there are as many as runs that just end.
        """
        left: list[tuple[Mark, list[Strand]]] = []
        for mark in extras:
            if (found := _TIMED_OUT.search(mark.entry.message)) is None:
                continue
            ended = self._ended_before(mark)
            begun = mark.entry.at_ms - float(found[1] or 0) * 1000
            off = {strand: abs(strand.first.entry.at_ms - begun) for strand in ended}
            nearest = min(ended, key=off.__getitem__, default=None)
            if nearest and (off[nearest] <= TIMEOUT_SLACK_MS or len(ended) == 1):
                self.give(nearest, mark, certain=False)
            else:
                left.append((mark, ended))
        given: set[Strand] = set()
        for number, (mark, ended) in enumerate(left):
            free = [strand for strand in ended if strand not in given]
            if len(free) == len(left) - number:
                given.add(free[0])
                self.give(free[0], mark, certain=False)

    def _ended_before(self, mark: Mark) -> list[Strand]:
        """Runs in reach of a nameless line that stopped between two stages, in the order they began."""
        near = self._in_room[mark.room] if mark.room else self.everyone()
        ended = [
            strand
            for strand in near
            if strand.closed_at == NEVER and not strand.is_complete and strand.last_order < mark.order
        ]
        return sorted(ended, key=lambda strand: strand.first.order)


class _Unanswered:
    """Status checks that were begun and had no answer, in text: nameless errors belong to the oldest."""

    def __init__(self, polls: Mapping[str, Sequence[Poll]]) -> None:
        begun = [poll for of_video in polls.values() for poll in of_video if len(poll) == 1]
        self._waiting = sorted((p for p in begun if p[0].poll is PollSign.BEGUN), key=lambda p: p[0].order)
        self._by_wording: dict[str, deque[Poll]] = {}

    def fail(self, mark: Mark) -> None:
        wording = mark.entry.message[:24]  # one failed check logs two errors: each wording once a check
        queue = self._by_wording.setdefault(wording, deque(self._waiting))
        if queue and queue[0][0].order < mark.order:
            queue.popleft().append(mark)


def says_the_same(error: Mark, other: Mark) -> bool:
    """Whether two errors share a wording, stack traces and tags apart."""
    lines = (line for line in error.entry.message[:2000].splitlines() if not line.lstrip().startswith("at "))
    words = (found for line in lines for found in _WORDING.findall(_TAG.sub("", line)))
    return any(found.strip() in other.entry.message for found in words)


def _urgency(strand: Strand, mark: Mark) -> tuple[int, bool, int, int]:
    """Fewest stages skipped; then who must have passed the stage, and soonest; then who logged last."""
    skipped, due = strand.waits_for(mark, strictly=False) or (NEVER, NEVER)
    return skipped, not strand.must_pass(mark), due, -strand.last_before(mark.order)


def _same_deployment(strand: Strand, mark: Mark) -> bool:
    theirs = strand.first.entry.deployment_id
    return None in (theirs, mark.entry.deployment_id) or theirs == mark.entry.deployment_id

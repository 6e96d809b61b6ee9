"""From log entries to videos: what each video's runs and status requests logged."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from zlib import crc32

from lib.domain.flow import Means, StageReader
from lib.domain.trace import LogEntry, RequestSummary
from lib.domain.video import Video
from lib.traces.follow import Follower
from lib.traces.loose import settle_loose_tasks
from lib.traces.naming import Names, ids_in, names_in
from lib.traces.polls import PollSign, poll_sign
from lib.traces.runs import Mark, Strand, named_stages

_by_order = attrgetter("order")


@dataclass(frozen=True, slots=True)
class VideoLog:
    """Everything the logs hold of one video. `polls`: one list of entries a status request."""

    strands: tuple[Strand, ...] = ()
    polls: tuple[tuple[LogEntry, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Correlation:
    """first_ms, last_ms  the time that the logs cover
    requests             summaries by request id
    lines                how many entries each request has
    in_rows              the video whose row holds a task, by task
    nameless_errors      failed status checks that name neither video nor task
    """

    videos: Mapping[str, VideoLog] = field(default_factory=dict)
    requests: Mapping[str, RequestSummary] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    in_rows: Mapping[str, str] = field(default_factory=dict)
    nameless_errors: tuple[LogEntry, ...] = ()
    first_ms: int | None = None
    last_ms: int | None = None

    def of(self, video_id: str) -> VideoLog:
        return self.videos.get(video_id.lower(), VideoLog())


def correlate(
    entries: Iterable[LogEntry],
    summaries: Iterable[RequestSummary],
    videos: Sequence[Video],
    reader: StageReader,
) -> Correlation:
    """Which entries are whose. They come in any order, perhaps repeated, with request ids or without."""
    marks = _marks(in_order(entries), videos, reader)
    follower = _follow(marks, reader)
    names = follower.strands.keys() | follower.polls.keys()
    return Correlation(
        videos={name: _log_of(name, follower) for name in names},
        requests={summary.request_id: summary for summary in summaries},
        lines=Counter(mark.room for mark in marks if mark.room is not None),
        in_rows=_in_rows(videos),
        nameless_errors=tuple(
            mark.entry for mark in marks if mark.poll is PollSign.ERROR and not follower.knows(mark)
        ),
        first_ms=marks[0].entry.at_ms if marks else None,
        last_ms=max((mark.entry.at_ms for mark in marks), default=None),
    )


def untangle(
    entries: Iterable[LogEntry], reader: StageReader, videos: Sequence[Video] = ()
) -> list[LogEntry]:
    """The entries, those without a request id under one made up for the run or status request they belong to.

    Runs between which the text leaves two readings share one id, as if they stood in one request: nothing is
    decided here that reading them again could not. The same text always gives the same ids.
    """
    marks = _marks(in_order(entries), videos, reader)
    follower = _follow([mark for mark in marks if mark.room is None], reader)
    ids: dict[int, str] = {}
    for group in [*_entangled(follower), *(poll for polls in follower.polls.values() for poll in polls)]:
        first = min(group, key=lambda mark: mark.order).entry
        made_up = f"text-{first.at_ms}-{crc32(first.message.encode(errors='replace')):08x}"
        ids.update((mark.order, made_up) for mark in group)
    return [mark.entry._replace(request_id=mark.room or ids.get(mark.order)) for mark in marks]


def in_order(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """By time, in a millisecond by their source's id or as they came; repeated ids are dropped."""
    once: dict[object, LogEntry] = {}
    for number, entry in enumerate(entries):
        once.setdefault(entry.entry_id or number, entry)
    return sorted(once.values(), key=lambda entry: (entry.at_ms, entry.entry_id or ""))


def _marks(entries: Sequence[LogEntry], videos: Sequence[Video], reader: StageReader) -> list[Mark]:
    known = {video.id.lower() for video in videos}
    names = [_names(entry.message, known, reader) for entry in entries]
    owner = _in_rows(videos)
    for each in names:
        if len(each.videos) == 1:
            for task in each.tasks:
                owner.setdefault(task, each.videos[0])
    marks = [
        _mark(order, entry, each, owner, reader)
        for order, (entry, each) in enumerate(zip(entries, names, strict=True))
    ]
    _learn_owners(marks, owner)
    return marks


def _in_rows(videos: Iterable[Video]) -> dict[str, str]:
    return {video.runway_video_id: video.id.lower() for video in videos if video.runway_video_id}


def _mark(order: int, entry: LogEntry, names: Names, owner: Mapping[str, str], reader: StageReader) -> Mark:
    steps = reader.read(entry.message)
    return Mark(
        order=order,
        entry=entry,
        video=_named(names.videos, names.tasks, owner),
        names_video=bool(names.videos),
        tasks=names.tasks,
        steps=steps,
        poll=None if steps else poll_sign(entry.message),
    )


def _named(videos: Sequence[str], tasks: Sequence[str], owner: Mapping[str, str]) -> str | None:
    named = set(videos) or {owner[task] for task in tasks if task in owner}
    return named.pop() if len(named) == 1 else None


def _learn_owners(marks: Sequence[Mark], owner: dict[str, str]) -> None:
    """A task that stands in a request of one video is that video's, wherever else it is named."""
    alone = dict(_alone(marks))
    learned = {
        task: alone[mark.room]
        for mark in marks
        if mark.steps and mark.room in alone
        for task in mark.tasks
        if task not in owner
    }
    if learned:
        for mark in marks:
            mark.video = mark.video or _named((), mark.tasks, learned)


def _names(message: str, known: set[str], reader: StageReader) -> Names:
    """What its wording names, or its stage's pattern: people's words in a stage's line name nothing."""
    names = names_in(message)
    if said := reader.named(message):
        names = Names((said.video.lower(),) if said.video else (), (said.task,) if said.task else ())
    if not names.videos and known:
        found = tuple(dict.fromkeys(i for i in ids_in(message) if i in known))
        return names._replace(videos=found) if found else names
    return names


def _follow(marks: Sequence[Mark], reader: StageReader) -> Follower:
    follower = Follower(reader.flows, dict(_alone(marks)))
    follower.follow(marks)
    settle_loose_tasks(follower)
    _doubt(follower, marks)
    return follower


def _doubt(follower: Follower, marks: Sequence[Mark]) -> None:
    """Marks the runs that may have logged a line of the call to Runway which is nobody's for certain."""
    sending = {key: flow.first_that_means(Means.SENT) for key, flow in follower.flows.items()}
    certain = {m.order for run in follower.everyone() for m in run.marks if m.order not in run.doubtful}
    uncertain: dict[frozenset[tuple[str, int]], list[Mark]] = defaultdict(list)
    for mark in marks:
        if mark.order not in certain and any(
            at is not None and mark.steps.get(key, -1) >= at for key, at in sending.items()
        ):
            uncertain[frozenset(mark.steps.items())].append(mark)
    for run in follower.everyone():
        after = run.last_certain_order
        starts = ((lines, bisect_left(lines, after, key=_by_order)) for lines in uncertain.values())
        # Later lines of the same stage fit no better.
        run.may_have_sent = any(run.may_have_logged(lines[at]) for lines, at in starts if at < len(lines))


def _alone(marks: Sequence[Mark]) -> Iterator[tuple[str, str]]:
    """The requests that hold one video and nothing that speaks of a second."""
    rooms: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        if mark.room is not None:
            rooms[mark.room].append(mark)
    named = named_stages(marks)
    for room, here in rooms.items():
        videos = {mark.video for mark in here if mark.video}
        if len(videos) == 1 and not _speaks_of_another(here, named):
            yield room, videos.pop()


def _speaks_of_another(here: Sequence[Mark], named: Container[tuple[str, int]]) -> bool:
    """Stages that come twice, or go back, or come without the named stage that must stand between."""
    staged = [mark for mark in _once(here) if mark.steps]
    if not staged:
        return False
    flow = Counter(flow for mark in staged for flow in mark.steps).most_common(1)[0][0]
    if not all(flow in mark.steps for mark in staged):
        return True
    before = -1
    for mark in staged:
        position = mark.steps[flow]
        skipped = any((flow, p) in named for p in range(before + 1, position))
        if position <= before or (skipped and not mark.video):
            return True
        before = position
    return False


def _once(marks: Sequence[Mark]) -> Iterator[Mark]:
    """Without what is repeated word for word in the same millisecond, as double delivery does."""
    seen: set[tuple[int, str]] = set()
    for mark in marks:
        line = mark.entry.at_ms, mark.entry.message
        if line not in seen:
            seen.add(line)
            yield mark


def _log_of(video: str, follower: Follower) -> VideoLog:
    strands = follower.strands.get(video, [])
    polls = follower.polls.get(video, [])
    for strand in strands:
        strand.marks.sort(key=lambda mark: mark.order)
    return VideoLog(
        strands=tuple(sorted(strands, key=lambda strand: strand.marks[0].order)),
        polls=tuple(tuple(mark.entry for mark in poll) for poll in sorted(polls, key=lambda p: p[0].order)),
    )


def _entangled(follower: Follower) -> list[list[Mark]]:
    """The lines of each run, those of runs that share a candidate together with the lines in question."""
    groups: list[tuple[set[str], list[Mark]]] = []
    for strand in follower.everyone():
        tasks, marks = set(strand.candidates), list(strand.marks)
        apart = []
        for group in groups:
            if group[0] & tasks:
                tasks |= group[0]
                marks += group[1]
            else:
                apart.append(group)
        groups = [*apart, (tasks, marks)]
    lines = {id(mark): mark for _, marks in groups for mark in marks}
    for tasks, marks in groups:
        marks += [m for m in follower.loose if id(m) not in lines and tasks & set(m.tasks)]
    return [marks for _, marks in groups]

"""From log entries to videos: what each video's runs and status requests logged.

Three passes. Ten lines of a text without request ids, of the videos V and W (prefixes left out):

     1  Starting video generation for video V            names V
     2  Starting video generation for video W            names W
     3  Calling Runway API to create task for video V    names V
     4  generateVideo function called                    V's: W does not wait for it yet
     5  Calling Runway API to create task for video W    names W
     6  generateVideo function called                    W's: V has logged it
     7  Calling SDK imageToVideo.create()                V's or W's: W must have passed it sooner, by line 9
     8  Task created with ID: T                          names T, V's by line 10
     9  Error creating Runway task for video W: 500 …    names W, and closes its run
    10  Saving runway_video_id for video V: T            names V, and T as V's

1. *Name*: what each line says of itself: the video, the tasks, the stage, the part of a status check.
2. *Group*: all lines of a request whose lines name one video, and nothing of a second, are that video's.
   Here there are no requests; with ids, this pass settles nearly everything.
3. *Assign*: what names a video is its run's, what is left goes where it fits: stages to the run that waits
   for them (4, 6, 7), tasks that nobody claims to the one run that can have created them, errors to those who
   say the same, requests that name nobody to the row they belong to. Where two fit, both are candidates.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from lib.domain.flow import Means, StageReader, Steps
from lib.domain.memo import MESSAGES
from lib.domain.trace import LogEntry, NobodysTask, RequestSummary, made_up_id
from lib.domain.video import Video
from lib.traces.assign import Assigned, assign
from lib.traces.extras import settle_extras
from lib.traces.failing import end_runs, settle_failed_checks
from lib.traces.loose import parts, settle_loose_tasks
from lib.traces.naming import (
    READ,
    ids_in,
    is_told_anywhere,
    labelled,
    long_words_in,
    mentioned_tasks,
    names_in,
)
from lib.traces.polls import PollSign, poll_sign
from lib.traces.runs import NEVER, Line, OpenRun, by_order, named_stages
from lib.traces.ties import WAITS_MS, Rows, made_while_waiting

Requests = Mapping[str | None, Sequence[Line]]
LONGEST_RUN_MS = 15 * 60_000  # and Vercel ends a function sooner


@dataclass(frozen=True, slots=True)
class VideoLog:
    """Everything the logs hold of one video.

    polls       one list of entries a status request
    candidates  tasks of runs that name no video and may be this one's
    named       tasks that its lines name or mention, in whatever words
    """

    runs: tuple[OpenRun, ...] = ()
    polls: tuple[tuple[LogEntry, ...], ...] = ()
    candidates: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Correlation:
    """first_ms, last_ms  the time that the logs cover
    requests             summaries by request id
    lines                how many entries each request has
    in_rows              the video whose row holds a task, by task
    nobodys              tasks of which no line tells whose they are, in order
    nameless_errors      failed status checks that name neither video nor task
    """

    videos: Mapping[str, VideoLog] = field(default_factory=dict)
    requests: Mapping[str, RequestSummary] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    in_rows: Mapping[str, str] = field(default_factory=dict)
    nobodys: tuple[NobodysTask, ...] = ()
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
    waiting: Mapping[str, int | None] = MappingProxyType({}),
) -> Correlation:
    """Which entries are whose. They come in any order, perhaps repeated, with request ids or without.

    waiting  `waits_until` of videos by id, where it rests on lines that are not among `entries`
    """
    in_rows = {video.runway_video_id: video.id.lower() for video in videos if video.runway_video_id}
    lines = _name(in_order(entries), in_rows, {video.id.lower() for video in videos}, reader)
    requests = _by_request(lines)
    rows = _rows_without_a_line(lines, videos)
    found = _assign(lines, _group(requests, rows), reader)
    told = ((video, waits_until(video, found.runs.get(video.id.lower(), ()))) for video in videos)
    waits = [(video, until) for video, own in told if (until := own or waiting.get(video.id))]
    candidates, nobodys = _tie(found, requests, rows, waits, videos)
    known = {video.id.lower() for video in videos}
    return Correlation(
        videos={
            name: _log_of(
                found.runs.get(name, ()), found.polls.get(name, ()), candidates.get(name, ()), known
            )
            for name in found.runs.keys() | found.polls.keys() | candidates.keys()
        },
        requests={summary.request_id: summary for summary in summaries},
        lines={request: len(here) for request, here in requests.items() if request is not None},
        in_rows=in_rows,
        nobodys=nobodys,
        nameless_errors=tuple(line.entry for line in lines if line.poll is PollSign.ERROR and not line.given),
        first_ms=lines[0].entry.at_ms if lines else None,
        last_ms=lines[-1].entry.at_ms if lines else None,
    )


def untangle(entries: Iterable[LogEntry], reader: StageReader) -> list[LogEntry]:
    """The entries, those without a request id under one made up for the run or status request they belong to.

    Runs between which the text leaves two readings share one id, as if they stood in one request: nothing is
    decided here that reading them again could not. The same text always gives the same ids.
    """
    lines = _name(in_order(entries), {}, set(), reader)
    found = _assign([line for line in lines if line.request is None], {}, reader, for_keeps=True)
    ids: dict[int, str] = {}
    for group in [*_entangled(found), *(poll for polls in found.polls.values() for poll in polls)]:
        first = min(group, key=by_order).entry
        made_up = made_up_id(first.at_ms, first.message)
        ids.update((line.order, made_up) for line in group)
    return [line.entry._replace(request_id=line.request or ids.get(line.order)) for line in lines]


def in_order(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """By time, in a millisecond by their source's id or as they came; repeated ids are dropped."""
    once: dict[object, LogEntry] = {}
    for number, entry in enumerate(entries):
        once.setdefault(entry.entry_id or number, entry)
    return sorted(once.values(), key=lambda entry: (entry.at_ms, entry.entry_id or ""))


def _name(
    entries: Sequence[LogEntry], in_rows: Mapping[str, str], known: Set[str], reader: StageReader
) -> list[Line]:
    """Pass 1. A task's video is the one whose row holds it, or that is named beside it or alone with it."""
    long = frozenset(filter(is_told_anywhere, known)) - {key for key in known if ids_in(key)}
    lines = [_line(order, entry, in_rows, known, reader, long=long) for order, entry in enumerate(entries)]
    owner = dict(in_rows)
    for line in lines:
        for task in line.tasks if line.video else ():
            owner.setdefault(task, line.video or "")
    _learn(lines, owner)
    if loose := [(line, task) for line in lines if line.steps for task in line.tasks if task not in owner]:
        alone = _group(_by_request(lines))
        _learn(lines, {task: alone[line.request] for line, task in loose if line.request in alone})
    _name_by_path(lines, known)
    return lines


def _name_by_path(lines: Sequence[Line], known: Set[str]) -> None:
    """A request whose lines name no video is about the one that its path names. A short key may be
    anything's: it counts where runs log on the way to it, or where only videos' keys stand in its place."""
    paths = {line.request: line.entry.path for line in lines if line.request and line.entry.path}
    for line in lines:
        if line.request and (line.names_video or line.steps):
            paths.pop(line.request, None)
    if not paths:
        return
    on_the_way = {line.entry.path for line in lines if line.steps and line.names_video}
    seen: dict[str, set[str]] = defaultdict(set)
    for path in paths.values():
        for before, last in _parts(path):
            seen[before].add(last)
    named = {
        request: last
        for request, path in paths.items()
        for before, last in _parts(path)
        if last in known
        and (
            is_told_anywhere(last)
            or before in on_the_way
            or (len(seen[before]) > 1 and seen[before] <= known)
        )
    }
    for line in lines:
        line.video = line.video or named.get(line.request or "")


def _parts(path: str) -> Iterator[tuple[str, str]]:
    """Each part of a path, behind what stands before it."""
    whole = path.partition("?")[0].lower()[:300]
    for part in re.finditer(r"(?<=/)[\w-]+", whole):
        yield whole[: part.start() - 1], part[0]


class _Said(NamedTuple):
    """What a message says, whoever's it is.

    created  whether it is a stage that means that Runway answered with a task
    ids      all that stand in it, where it does not say itself which is what
    """

    videos: tuple[str, ...]
    tasks: tuple[str, ...]
    steps: Steps
    created: bool
    proves: bool
    is_told: bool  # by the stage's pattern: nothing else is the task
    ids: Sequence[str]
    poll: PollSign | None


@lru_cache(maxsize=MESSAGES)  # programs repeat themselves
def _said(reader: StageReader, text: str, *, known: bool) -> _Said:
    """known  whether any video is"""
    videos, tasks = names_in(text)
    said = reader.named(text)
    if said:
        videos, tasks = (said.video.lower(),) if said.video else (), (said.task,) if said.task else ()
    steps = reader.read(text)
    stages = [(reader.flows[flow], position) for flow, position in steps.items()]
    created = any(flow.stages[position].means is Means.CREATED for flow, position in stages)
    return _Said(
        videos,
        tasks,
        steps,
        created,
        proves=any(flow.can_name_a_task(position) for flow, position in stages),
        is_told=said is not None,
        ids=ids_in(text) if (known and not videos) or (created and not tasks) else (),
        poll=None if steps else poll_sign(text),
    )


def _line(
    order: int,
    entry: LogEntry,
    in_rows: Mapping[str, str],
    known: Collection[str],
    reader: StageReader,
    *,
    long: Collection[str],
) -> Line:
    """long  of the `known` keys, those that are told in whatever words"""
    text = entry.message[:READ]
    said = _said(reader, text, known=bool(known))
    videos, tasks = said.videos, said.tasks
    if known and not videos:
        videos = tuple([each for each in said.ids if each in known])
        if long and not videos:
            videos = tuple([each for each in long_words_in(text) if each in long])
        if reader.labels and not videos:
            videos = tuple([each for each in labelled(text, reader.labels) if each in known])
    if said.ids and not tasks and not said.is_told:
        others = [e for e in said.ids if e not in videos and (e in in_rows or said.created)]
        tasks = tuple(others) if len(others) == 1 else ()
    return Line(
        order,
        entry,
        videos[0] if len(set(videos)) == 1 else None,
        bool(videos),
        tasks,
        said.proves,
        said.steps,
        said.poll,
    )


def _learn(lines: Iterable[Line], owner: Mapping[str, str]) -> None:
    for line in lines:
        if line.tasks and not line.names_video and line.video is None:
            owners = {owner[task] for task in line.tasks if task in owner}
            line.video = owners.pop() if len(owners) == 1 else None


def _by_request(lines: Iterable[Line]) -> dict[str | None, list[Line]]:
    requests: dict[str | None, list[Line]] = defaultdict(list)
    for line in lines:
        requests[line.request].append(line)
    return requests


def _group(requests: Requests, rows: Rows | None = None) -> dict[str | None, str]:
    """Pass 2. The requests that hold one video and nothing that speaks of a second. Where no line names one,
    what the lines show of a row may."""
    named = named_stages(line for here in requests.values() for line in here)
    only: dict[str | None, str] = {}
    for request, here in requests.items():
        if request is None:
            _show_rows(here, rows)
            continue
        videos = {line.video for line in here if line.video}
        if len(videos) == 1 and not _speaks_of_another(here, named):
            only[request] = videos.pop()
        elif rows and not videos and (any(line.steps for line in here) or _paid_tasks(here)):
            tie = rows.tie(here)
            if tie.certain:
                only[request] = tie.rows[0]
                for line in here:
                    line.shows_video = True
    return only


def _show_rows(lines: Iterable[Line], rows: Rows | None) -> None:
    """In text, a stage that shows what only one row has is likely this video's: others may log unseen."""
    for line in lines:
        if rows and line.steps and not line.video and (tie := rows.tie([line])).certain:
            line.video, line.shows_video = tie.rows[0], True


def _speaks_of_another(here: Sequence[Line], named: Collection[tuple[str, int]]) -> bool:
    """Stages that come twice, or go back, or come without the named stage that must stand between."""
    staged = list({(line.entry.at_ms, line.entry.message): line for line in here if line.steps}.values())
    if not staged:
        return False
    flow = Counter(flow for line in staged for flow in line.steps).most_common(1)
    before = -1
    for line in staged:
        position = line.steps.get(flow[0][0], -1)
        skipped = any((flow[0][0], p) in named for p in range(before + 1, position))
        if position <= before or (skipped and not line.video):
            return True
        before = position
    return False


def _assign(
    lines: Sequence[Line], only: Mapping[str | None, str], reader: StageReader, *, for_keeps: bool = False
) -> Assigned:
    """Pass 3, but for requests that name nobody. What is only likely is not for keeps."""
    found = assign(lines, only, reader.flows)
    settle_failed_checks(found, lines)
    if not for_keeps:
        end_runs(found, lines)
    settle_loose_tasks(found, lines, by_time=not for_keeps)
    settle_extras(found, lines)
    _doubt(found, lines)
    _doubt_text(found, lines)
    return found


def _doubt(found: Assigned, lines: Iterable[Line]) -> None:
    """Marks the runs that may have logged a line of the call to Runway which is nobody's for certain."""
    sending = {key: flow.first_that_means(Means.SENT) for key, flow in found.flows.items()}
    uncertain: dict[frozenset[tuple[str, int]], list[Line]] = defaultdict(list)
    for line in lines:
        certain = line.run is not None and line.order not in line.run.doubtful
        if not certain and any(
            at is not None and line.steps.get(key, -1) >= at for key, at in sending.items()
        ):
            uncertain[frozenset(line.steps.items())].append(line)
    if not uncertain:
        return
    named = named_stages(lines)
    for run in found.everyone():
        after = max((line.order for line in run.lines if line.order not in run.doubtful), default=-1)
        starts = ((those, bisect_left(those, after, key=by_order)) for those in uncertain.values())
        # Later lines of the same stage fit no better.
        run.may_have_sent = any(
            run.may_have_logged(those[at], named) for those, at in starts if at < len(those)
        )


def _doubt_text(found: Assigned, lines: Iterable[Line]) -> None:
    """The same of text without request ids: any line in unknown words behind a run may be its call."""
    nobodys = [
        line
        for line in lines
        if line.request is None and not (line.given or line.steps or line.poll or line.names_video)
    ]
    for run in found.everyone():
        at = bisect_left(nobodys, run.last.order, key=by_order)
        if run.last.request is None and not run.tasks and at < len(nobodys):
            run.may_have_sent |= nobodys[at].entry.at_ms - run.last.entry.at_ms <= LONGEST_RUN_MS


def _rows_without_a_line(lines: Iterable[Line], videos: Iterable[Video]) -> Rows:
    named = {line.video for line in lines if line.poll is None}
    return Rows([video for video in videos if not video.runway_video_id and video.id.lower() not in named])


def _tie(
    found: Assigned,
    requests: Requests,
    rows: Rows,
    waiting: Sequence[tuple[Video, int]],
    videos: Sequence[Video],
) -> tuple[Mapping[str, tuple[str, ...]], tuple[NobodysTask, ...]]:
    """Tasks that no video's lines name become candidates of each video they may belong to, by video; and what
    those tasks are.

    A request that is likely one video's becomes its run. Lines without request ids are looked at one by one.
    """
    claimed = {task for run in found.everyone() for task in (*run.tasks, *run.candidates)}
    claimed.update(task for here in requests.values() for line in here if line.poll for task in line.tasks)
    claimed.update(line.video for here in requests.values() for line in here if line.video)
    claimed.update(video.id.lower() for video in videos)
    claimed.update(video.runway_video_id for video in videos if video.runway_video_id)
    lacking = {video.id.lower() for video in videos if not video.runway_video_id}
    candidates: dict[str, dict[str, None]] = defaultdict(dict)
    nobodys = {task: loose.lines[0] for task, loose in found.loose.items()}
    unnamed = list[tuple[int, Iterable[str]]]()
    for run in found.everyone():
        if run.video in lacking and not run.tasks and not run.candidates:
            named = _paid_tasks(run.lines, in_a_run=True)
            tasks = dict.fromkeys(task for task in named if task not in claimed)
            candidates[run.video].update(tasks)
            run.owns_a_task |= bool(tasks) and run.closed_at == NEVER
    for request, here in requests.items():
        left = [line for line in here if not line.given and not line.poll]
        if not left:
            continue
        for video in _shared(here, found) & lacking:
            told = (task for task in _paid_tasks(left, in_a_run=True) if task not in claimed)
            candidates[video].update(dict.fromkeys(told))
        is_whole = request is not None and len(left) == len(here)
        for part in [left] if request is not None else [[line] for line in left]:
            named = {task: line for task, line in _paid_tasks(part).items() if task not in claimed}
            if not named and not (is_whole and any(line.steps for line in part)):
                continue
            nobodys |= {task: line for task, line in named.items() if task not in nobodys}
            tie = rows.tie(part)
            if named and not tie.certain and not any(line.video for line in here):
                unnamed.append((part[0].entry.at_ms, named))
            if tie.likely and is_whole:
                run = OpenRun(tie.rows[0], found.flows, part[0], part[0], likely=True)
                found.runs[run.video].append(run)
                for line in part:
                    run.take(line, certain=False)
                run.owns_a_task = bool(named)
            for video in tie.rows:
                candidates[video].update(dict.fromkeys(named))
    unnamed.sort(key=lambda each: each[0])
    for video, made in made_while_waiting(waiting, unnamed):
        candidates[video].update(dict.fromkeys(made))
    by_video = {video: tuple(tasks) for video, tasks in candidates.items()}
    return by_video, _nobodys(found, nobodys, by_video, videos)


def waits_until(video: Video, runs: Sequence[OpenRun]) -> int | None:
    """Up to when a task that is made elsewhere, unnamed, may be its; None where it has logged nothing, or has
    a task."""
    if video.runway_video_id or any(run.tasks or run.owns_a_task for run in runs):
        return None
    last = max((run.last.entry.at_ms for run in runs), default=None)
    return None if last is None else last + WAITS_MS


def _shared(here: Sequence[Line], found: Assigned) -> set[str]:
    """The videos that a request names of which lines are left: perhaps theirs, whatever they seemed."""
    request = here[0].request
    videos = {line.video for line in here if line.video and request is not None}
    for video in videos:
        for run in found.runs.get(video, ()):
            run.may_have_sent |= request in run.requests
    return videos


def _nobodys(
    found: Assigned,
    named: Mapping[str, Line],
    candidates: Mapping[str, Iterable[str]],
    videos: Iterable[Video],
) -> tuple[NobodysTask, ...]:
    """Of the tasks that lines name, those that are no video's for certain, and whose they may be."""
    certain = {task for run in found.everyone() for task in run.tasks}
    owners: dict[str, dict[str, None]] = {task: {} for task in named if task not in certain}
    may_have = [(run.video, task) for run in found.everyone() for task in run.candidates]
    may_have += [(video, task) for video, tasks in candidates.items() for task in tasks]
    for video, task in may_have:
        if task in owners:
            owners[task][video] = None
    spelled = {video.id.lower(): video.id for video in videos}
    return tuple(
        NobodysTask(task, named[task].entry, tuple(spelled.get(video, video) for video in owners[task]))
        for task in sorted(owners, key=lambda task: named[task].order)
    )


def _paid_tasks(lines: Iterable[Line], *, in_a_run: bool = False) -> dict[str, Line]:
    """The tasks that lines name, and those that they only mention, in words nobody knows: the first line of
    each."""
    found: dict[str, Line] = {}
    for line in lines:
        if not line.poll:
            mentioned = () if line.steps else mentioned_tasks(line.entry.message, in_a_run=in_a_run)
            for task in line.tasks or mentioned:
                found.setdefault(task, line)
    return found


def _log_of(
    runs: Collection[OpenRun],
    polls: Collection[Sequence[Line]],
    candidates: tuple[str, ...],
    videos: Collection[str],
) -> VideoLog:
    for run in runs:
        run.lines.sort(key=by_order)
    named = [task for run in runs for task in _paid_tasks(run.lines, in_a_run=True)]
    asked = (line for poll in polls for line in poll)
    named += [task for line in asked for task in line.tasks or mentioned_tasks(line.entry.message)]
    return VideoLog(
        runs=tuple(sorted(runs, key=lambda run: run.first.order)),
        polls=tuple(tuple(line.entry for line in poll) for poll in sorted(polls, key=lambda p: p[0].order)),
        candidates=candidates,
        named=tuple(dict.fromkeys(task for task in named if task not in videos)),
    )


def _entangled(found: Assigned) -> Iterator[list[Line]]:
    """The lines of each run, those of runs that share a candidate together with the lines in question."""
    sharing: dict[str, list[OpenRun]] = defaultdict(list)
    for run in found.everyone():
        for task in run.candidates:
            sharing[task].append(run)
        if not run.candidates:
            yield run.lines
    for tasks in parts(sharing):
        runs = dict.fromkeys(run for task in tasks for run in sharing[task])
        loose = [line for task in tasks if task in found.loose for line in found.loose[task].lines]
        yield [
            *(line for run in runs for line in run.lines),
            *(line for line in loose if line.run not in runs),
        ]

"""From what the logs hold of a video to its trace: flow, stages, runs and status requests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from lib.domain.flow import Flow, Means
from lib.domain.trace import RequestSummary, Run, Stage, StageState, Trace, time_of
from lib.domain.video import Video
from lib.traces.correlate import Correlation, VideoLog
from lib.traces.polls import read_poll
from lib.traces.runs import NEVER, Strand

LINES_A_REQUEST = 256  # Vercel keeps no more; what comes after is lost
SLACK = timedelta(seconds=5)  # between the row's clock and the logs'
CUT = timedelta(seconds=2)  # a run whose last line is this near to the end of the logs may have gone on


def trace_of(
    video: Video,
    found: Correlation,
    flows: Mapping[str, Flow],
    *,
    now: datetime,
    retention: timedelta,
    usual_flow: str | None = None,
    logs_end: datetime | None = None,
) -> Trace:
    """usual_flow  what the deployment's other videos follow: it decides where two flows look alike
    logs_end    up to when there are logs; None when they go on
    """
    log = found.of(video.id)
    if not log.strands:
        observed = _covers(found, video, now, retention) or bool(log.polls)
        return Trace(polls=tuple(map(read_poll, log.polls)), observed=observed)
    latest = log.strands[-1]
    flow = flow_of(latest, usual_flow)
    return Trace(
        flow=flow,
        stages=_stages(latest, flows[flow], *_blind(latest, video, found, logs_end)) if flow else (),
        runs=tuple(_run(s, flows, _blind(s, video, found, logs_end)) for s in log.strands),
        polls=tuple(map(read_poll, log.polls)),
        sent=any(_passed(strand, flows, Means.SENT) for strand in log.strands),
        created=any(strand.owns_a_task or strand.tasks for strand in log.strands),
        task_ids=_unique(t for s in log.strands for t in sorted(s.tasks) if not _of_another(t, video, found)),
        candidates=_unique(task for strand in log.strands for task in sorted(strand.candidates)),
        summaries=tuple(_summaries(log, found.requests)),
        observed=True,
        observed_until=logs_end,
    )


def flow_of(strand: Strand, usual: str | None = None) -> str | None:
    """The flow that explains the run best; of several alike, the one with the most signs, or `usual`."""
    best = _best_flows(strand)
    return usual if usual in best else next(iter(best), None)


def usual_flows(found: Iterable[Correlation]) -> Mapping[str | None, str]:
    """Of each deployment, the flow that most of its runs certainly follow."""
    votes: dict[str | None, Counter[str]] = defaultdict(Counter)
    for strand in (s for each in found for log in each.videos.values() for s in log.strands):
        if len(best := _best_flows(strand)) == 1:
            votes[strand.first.entry.deployment_id][best[0]] += 1
    return {deployment: counts.most_common(1)[0][0] for deployment, counts in votes.items()}


def _best_flows(strand: Strand) -> list[str]:
    likely = strand.likely_flows
    if len(likely) < 2:
        return likely
    holes = {key: _holes(strand, key) for key in likely}
    likely = [key for key in likely if holes[key] == min(holes.values())]
    signs = {key: sum(strand.flows[key].is_sign(m.entry.message) for m in strand.marks) for key in likely}
    return [key for key in likely if signs[key] == max(signs.values())]


def _holes(strand: Strand, flow: str) -> int:
    return strand.reached(flow) + 1 - len(strand.filled[flow])


def _stages(strand: Strand, flow: Flow, no_start: bool, no_end: bool) -> tuple[Stage, ...]:
    seen = strand.filled[flow.key]
    at_ms = {mark.order: mark.entry.at_ms for mark in strand.marks}
    first, last = min(seen), max(seen)
    stages = []
    for position, stage in enumerate(flow.stages):
        if position in seen:
            stages.append(Stage(stage.key, StageState.SEEN, time_of(at_ms[seen[position]])))
        elif (no_start and position < first) or (no_end and position > last):
            stages.append(Stage(stage.key, StageState.NOT_OBSERVABLE))
        else:
            state = StageState.MISSING if position <= last + 1 else StageState.NOT_REACHED
            stages.append(Stage(stage.key, state))
    return tuple(stages)


def _blind(strand: Strand, video: Video, found: Correlation, logs_end: datetime | None) -> tuple[bool, bool]:
    """Whether logs cannot show how the run began, and how it went on."""
    began = found.first_ms is None or time_of(found.first_ms) > video.created_at + SLACK
    full = any(found.lines.get(room, 0) >= LINES_A_REQUEST for room in strand.rooms if room is not None)
    last = time_of(max(mark.entry.at_ms for mark in strand.marks))
    cut = logs_end is not None and strand.closed_at == NEVER and logs_end - last < CUT
    return began, full or cut


def _run(strand: Strand, flows: Mapping[str, Flow], blind: tuple[bool, bool]) -> Run:
    entries = tuple(mark.entry for mark in strand.marks)
    tasks = frozenset(strand.tasks | strand.candidates)
    created = strand.owns_a_task or bool(tasks) or _passed(strand, flows, Means.CREATED)
    sent = created or _passed(strand, flows, Means.SENT)
    return Run(
        entries=entries,
        request_id=entries[0].request_id,
        deployment_id=next((entry.deployment_id for entry in entries if entry.deployment_id), None),
        doubtful=frozenset(mark.entry for mark in strand.marks if mark.order in strand.doubtful),
        sent=sent,
        created=created,
        ended_unsent=not sent and not strand.may_have_sent and _ended_before_the_call(strand, flows, blind),
        tasks=tasks,
    )


def _ended_before_the_call(strand: Strand, flows: Mapping[str, Flow], blind: tuple[bool, bool]) -> bool:
    """In every flow that it may have followed: one that has no line for the call proves nothing, and neither
    do logs that lack a stage between two that were seen, as a filtered export does."""
    _, no_end = blind
    return (
        not no_end
        and bool(strand.likely_flows)
        and not any(_holes(strand, key) for key in strand.likely_flows)
        and all(flows[key].first_that_means(Means.SENT) is not None for key in strand.likely_flows)
    )


def _passed(strand: Strand, flows: Mapping[str, Flow], what: Means) -> bool:
    for key in strand.likely_flows:
        position = flows[key].first_that_means(what)
        if position is not None and strand.reached(key) >= position:
            return True
    return False


def _summaries(log: VideoLog, requests: Mapping[str, RequestSummary]) -> Iterable[RequestSummary]:
    for strand in log.strands:
        room = strand.marks[0].room
        if room is not None and room in requests:
            yield requests[room]


def _covers(found: Correlation, video: Video, now: datetime, retention: timedelta) -> bool:
    """Whether there would be lines of the video, had it logged any."""
    if found.first_ms is None or found.last_ms is None or now - video.created_at > retention:
        return False
    return time_of(found.first_ms) <= video.created_at <= time_of(found.last_ms)


def _of_another(task: str, video: Video, found: Correlation) -> bool:
    """Whether the task is in another video's row, whatever the logs say."""
    return found.in_rows.get(task, video.id.lower()) != video.id.lower()


def _unique(tasks: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tasks))

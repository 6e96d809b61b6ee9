"""From what the logs hold of a video to its trace: flow, stages, runs and status requests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from lib.domain.flow import Flow, Means
from lib.domain.trace import LogEntry, RequestSummary, Run, Stage, StageState, Trace, time_of
from lib.domain.video import Video
from lib.traces.correlate import Correlation, VideoLog
from lib.traces.polls import polling_stages, read_poll
from lib.traces.runs import NEVER, OpenRun

LINES_A_REQUEST = 256  # Vercel keeps no more; what comes after is lost
SLACK = timedelta(seconds=5)  # between the row's clock and the logs'
FIRST_CHECK = timedelta(seconds=30)  # after which a browser that waits has asked
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
    mine = _not_others((task for run in log.runs for task in sorted(run.tasks)), video, found)
    maybe = _not_others(
        (*(task for run in log.runs for task in sorted(run.candidates)), *log.candidates), video, found
    )
    latest = log.runs[-1] if log.runs else None
    flow = flow_of(latest, usual_flow) if latest else None
    return Trace(
        flow=flow,
        stages=_stages(latest, flows[flow], *_blind(latest, video, found, logs_end))
        if latest and flow
        else (),
        runs=tuple(_run(run, flows, _blind(run, video, found, logs_end)) for run in log.runs),
        polls=(polls := tuple(map(read_poll, log.polls))),
        polling=polling_stages(video, polls, _goes_on(latest, logs_end)) if latest and flow else (),
        sent=any(_passed(run, flows, Means.SENT) for run in log.runs),
        created=any(run.owns_a_task or run.tasks for run in log.runs),
        task_ids=mine,
        candidates=tuple(task for task in maybe if task not in mine),
        named=_not_others(log.named, video, found),
        summaries=tuple(_summaries(log, found.requests)),
        observed=bool(log.runs or log.polls) or _covers(found, video, now, retention),
        observed_until=logs_end,
    )


def flow_of(run: OpenRun, usual: str | None = None) -> str | None:
    """The flow that explains the run best; of several alike, the one with the most signs, or `usual`."""
    return usual if usual in run.best_flows else next(iter(run.best_flows), None)


def usual_flows(found: Iterable[Correlation]) -> Mapping[str | None, str]:
    """Of each deployment, the flow that most of its runs certainly follow."""
    votes: dict[str | None, Counter[str]] = defaultdict(Counter)
    for run in (s for each in found for log in each.videos.values() for s in log.runs):
        if len(best := run.best_flows) == 1:
            votes[run.first.entry.deployment_id][best[0]] += 1
    return {deployment: counts.most_common(1)[0][0] for deployment, counts in votes.items()}


def _stages(run: OpenRun, flow: Flow, no_start: bool, no_end: bool) -> tuple[Stage, ...]:
    seen = run.filled[flow.key]
    at_ms = {line.order: line.entry.at_ms for line in run.lines}
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


def _blind(run: OpenRun, video: Video, found: Correlation, logs_end: datetime | None) -> tuple[bool, bool]:
    """Whether logs cannot show how the run began, and how it went on."""
    began = found.first_ms is None or time_of(found.first_ms) > video.created_at + SLACK
    full = any(
        found.lines.get(request, 0) >= LINES_A_REQUEST for request in run.requests if request is not None
    )
    last = time_of(max(line.entry.at_ms for line in run.lines))
    cut = logs_end is not None and run.closed_at == NEVER and logs_end - last < CUT
    return began, full or cut or (run.likely and not run.shows_it_in_a_request)


def _goes_on(run: OpenRun, logs_end: datetime | None) -> bool:
    """Whether there are logs of the time in which a browser would ask how the video is."""
    return logs_end is not None and logs_end - time_of(run.last.entry.at_ms) >= FIRST_CHECK


def _run(run: OpenRun, flows: Mapping[str, Flow], blind: tuple[bool, bool]) -> Run:
    entries = tuple(line.entry for line in run.lines)
    tasks = frozenset(run.tasks | run.candidates)
    created = run.owns_a_task or bool(tasks) or _passed(run, flows, Means.CREATED)
    sent = created or _passed(run, flows, Means.SENT)
    return Run(
        entries=entries,
        request_id=entries[0].request_id,
        deployment_id=next((entry.deployment_id for entry in entries if entry.deployment_id), None),
        doubtful=frozenset(line.entry for line in run.lines if line.order in run.doubtful),
        sent=sent,
        created=created,
        ended_unsent=not sent and not run.may_have_sent and _ended_before_the_call(run, flows, blind),
        afterwards=_afterwards(run),
        call=next((line.entry for line in run.lines if line.order == _call(run, flows)), None),
        posts=_posts(run, flows) + run.may_have_sent,
        tasks=tasks,
        in_part=run.in_part,
    )


def _ended_before_the_call(run: OpenRun, flows: Mapping[str, Flow], blind: tuple[bool, bool]) -> bool:
    """In every flow that it may have followed: one that has no line for the call proves nothing, and neither
    do logs that lack a stage between two that were seen, as a filtered export does, or that hold one line of
    a request, as some of Vercel's tools print them."""
    _, no_end = blind
    return (
        not no_end
        and not run.likely
        and max(Counter(line.request for line in run.lines).values()) > 1
        and bool(run.likely_flows)
        and not any(run.holes(key) for key in run.likely_flows)
        and all(flows[key].first_that_means(Means.SENT) is not None for key in run.likely_flows)
    )


def _last_stage(run: OpenRun) -> int:
    return max((order for key in run.likely_flows for order in run.filled[key].values()), default=-1)


def _call(run: OpenRun, flows: Mapping[str, Flow]) -> int:
    """The last stage up to the call, of the flow in which that came first: an answer may be logged behind."""
    calls = [(run.filled[key], flows[key].first_that_means(Means.SENT)) for key in run.likely_flows]
    stages = ([order for p, order in seen.items() if at is None or p <= at] for seen, at in calls)
    return min((max(orders, default=-1) for orders in stages), default=-1)


def _afterwards(run: OpenRun) -> tuple[LogEntry, ...]:
    last = _last_stage(run)
    flows = [run.flows[key] for key in run.likely_flows]
    behind = (line.entry for line in run.lines if line.order > last)
    return tuple(entry for entry in behind if not any(flow.is_aside(entry.message) for flow in flows))


def _posts(run: OpenRun, flows: Mapping[str, Flow]) -> int:
    calls = [(key, flows[key].first_that_means(Means.SENT)) for key in run.likely_flows]
    lines = {
        (line.entry.at_ms, line.entry.message)
        for line in run.lines
        for key, position in calls
        if position is not None and line.steps.get(key) == position
    }
    return len(lines)


def _passed(run: OpenRun, flows: Mapping[str, Flow], what: Means) -> bool:
    for key in run.likely_flows:
        position = flows[key].first_that_means(what)
        if position is not None and max(run.filled[key]) >= position:
            return True
    return False


def _summaries(log: VideoLog, requests: Mapping[str, RequestSummary]) -> Iterable[RequestSummary]:
    for run in log.runs:
        request = run.lines[0].request
        if request is not None and request in requests:
            yield requests[request]


def _covers(found: Correlation, video: Video, now: datetime, retention: timedelta) -> bool:
    """Whether there would be lines of the video, had it logged any."""
    if found.first_ms is None or found.last_ms is None or now - video.created_at > retention:
        return False
    return time_of(found.first_ms) <= video.created_at <= time_of(found.last_ms)


def _not_others(tasks: Iterable[str], video: Video, found: Correlation) -> tuple[str, ...]:
    """Without tasks in another video's row, whatever the logs say."""
    this = video.id.lower()
    return tuple(dict.fromkeys(task for task in tasks if found.in_rows.get(task, this) == this))

"""A flow learned from the good runs of labelled logs sees the stages that the shipped flow sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from lib.cli.files import logs_of, videos_of
from lib.domain.flow import Flow, FlowStage, Means, StageReader
from lib.domain.trace import LogEntry, StageState
from lib.domain.video import Video
from lib.logs.repeats import merged
from lib.traces.correlate import correlate, in_order
from lib.traces.flows import load_flows
from lib.traces.learn import learn_flow, runs_in
from lib.traces.trace import trace_of

SHIPPED = {flow.key: flow for flow in load_flows()}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FLOW_OF = {"a": "async-fetch", "b": "async-sdk", "c": "sync-sdk"}


def read(folder: Path) -> tuple[list[LogEntry], list[Video]]:
    entries, _ = merged([logs_of(folder / "drain.ndjson")])
    return in_order(entries), videos_of(folder / "videos.json").videos


def learned(entries: Sequence[LogEntry], videos: Sequence[Video]) -> Flow:
    content = learn_flow(runs_in(entries, [video for video in videos if video.status == "succeeded"]))
    means = [Means(each["means"]) if "means" in each else None for each in content["stages"]]
    stages = [
        FlowStage(each["stage"], each["pattern"], each["title"], what)
        for each, what in zip(content["stages"], means, strict=True)
    ]
    return Flow("learned", "Learned", tuple(stages))


def stages_seen(flow: Flow, entries: Sequence[LogEntry], videos: Sequence[Video]) -> list[frozenset[str]]:
    found = correlate(entries, [], videos, StageReader([flow]))
    now = datetime.now(UTC)
    traces = [trace_of(v, found, {flow.key: flow}, now=now, retention=now - EPOCH) for v in videos]
    return [frozenset(each.stage for each in t.stages if each.state is StageState.SEEN) for t in traces]


def in_shipped_words(flow: Flow, shipped: Flow, entries: Sequence[LogEntry]) -> dict[str, str]:
    """The shipped stage that each learned one is, where their patterns read the same lines."""
    mine, theirs = StageReader([flow]), StageReader([shipped])
    both = ((mine.read(e.message).get(flow.key), theirs.read(e.message).get(shipped.key)) for e in entries)
    return {flow.stages[a].key: shipped.stages[b].key for a, b in both if a is not None and b is not None}


def test_a_flow_learned_from_good_runs_sees_what_the_shipped_one_sees(labelled: Path) -> None:
    right = videos_in_all = 0
    for letter, key in FLOW_OF.items():
        shipped, good = SHIPPED[key], read(labelled / f"{letter}-normal")
        flow = learned(*good)
        said = in_shipped_words(flow, shipped, good[0])
        assert set(said.values()) == {stage.key for stage in shipped.stages}
        for folder in sorted(labelled.glob(f"{letter}-*")):
            entries, videos = read(folder)
            truth = stages_seen(shipped, entries, videos)
            mine = [{said[k] for k in seen if k in said} for seen in stages_seen(flow, entries, videos)]
            right += sum(a == b for a, b in zip(mine, truth, strict=True))
            videos_in_all += len(videos)
    assert right >= 0.95 * videos_in_all, f"{right} of {videos_in_all}"

"""How fast runs are traced from raw lines, beside pm4py's token-based replay of the same runs.

    pip install -r bench/requirements.txt
    python -m bench.diagnosis [--runs 5000]

Ours reads messages: it recognises stages, tells runs apart and says of each stage whether it was seen, is
missing or was not reached. pm4py is given the stages ready-made, as an event log, and a Petri net that is the
flow; it replays each different sequence once and says whether it fits. Both must find the same runs complete.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, NamedTuple, TypeVar

import click

from lib.domain.flow import Flow, StageReader
from lib.domain.trace import LogEntry, Trace
from lib.domain.video import Video
from lib.traces.correlate import correlate
from lib.traces.flows import load_flows
from lib.traces.trace import trace_of

START = datetime(2026, 3, 14, 12, tzinfo=UTC)
LINES = (
    "[Video Generation] Starting video generation for video {video}",
    "[Video Generation] Environment check: {{ hasRunwayApiKey: true }}",
    "[Video Generation] Updating video {video} status to processing",
    "[Video Generation] Calling Runway API to create task for video {video}",
    "[Runway API] generateVideo function called",
    "[Runway API] Environment variables check: {{ hasApiKey: true }}",
    "[Runway API] Starting video generation request using SDK",
    "[Runway API] Calling SDK imageToVideo.create()",
    "[Runway API] Task created with ID: {task}",
    "[Runway API] Retrieving initial task status for ID: {task}",
    "[Runway API] Initial task status: {{\n  id: '{task}'\n}}",
    "[Video Generation] Runway API response for video {video}: {{\n  id: '{task}'\n}}",
    "[Video Generation] Saving runway_video_id for video {video}: {task}",
    "[Video Generation] Successfully saved runway_video_id for video {video}: {task}",
)


T = TypeVar("T")


class Run(NamedTuple):
    video: Video
    entries: list[LogEntry]
    stages: list[int]


def make_runs(count: int, chance: random.Random) -> list[Run]:
    """Three of four are complete, the others stop somewhere; one in twenty lacks a line in the middle."""
    runs = []
    for number in range(count):
        video, task = (str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(2))
        stages = list(range(len(LINES) if chance.random() < 0.75 else chance.randrange(1, len(LINES))))
        if len(stages) > 2 and chance.random() < 0.05:
            stages.pop(chance.randrange(1, len(stages) - 1))
        at = START + timedelta(seconds=number / 20)
        ms = round(at.timestamp() * 1000)
        entries = [
            LogEntry(ms + 40 * s, "info", LINES[s].format(video=video, task=task), f"req-{number}")
            for s in stages
        ]
        runs.append(Run(Video(video, "processing", at), entries, stages))
    return runs


def traced(runs: list[Run], reader: StageReader) -> list[Trace]:
    """From raw lines, all in one pile."""
    found = correlate((e for run in runs for e in run.entries), (), [run.video for run in runs], reader)
    now, retention = START + timedelta(days=1), timedelta(days=2)
    return [trace_of(run.video, found, reader.flows, now=now, retention=retention) for run in runs]


def replayed(pm4py: Any, runs: list[Run], flow: Flow) -> list[bool]:
    """Of each run, whether pm4py says that it fits; from stages that somebody else has recognised."""
    import pandas as pd

    events = [
        (f"{number:09}", flow.stages[stage].key, START + timedelta(seconds=stage))
        for number, run in enumerate(runs)
        for stage in run.stages
    ]
    log = pd.DataFrame(events, columns=["case:concept:name", "concept:name", "time:timestamp"])
    told = pm4py.conformance_diagnostics_token_based_replay(log, *petri_net(flow))
    return [each["trace_is_fit"] for each in told]


def petri_net(flow: Flow) -> tuple[Any, Any, Any]:
    """The flow as a chain of transitions, with its initial and final marking."""
    net_of = import_module("pm4py.objects.petri_net.obj")
    petri_utils = import_module("pm4py.objects.petri_net.utils.petri_utils")

    net = net_of.PetriNet(flow.key)
    places = [petri_utils.add_place(net, f"p{i}") for i in range(len(flow.stages) + 1)]
    for i, stage in enumerate(flow.stages):
        transition = petri_utils.add_transition(net, stage.key, stage.key)
        petri_utils.add_arc_from_to(places[i], transition, net)
        petri_utils.add_arc_from_to(transition, places[i + 1], net)
    return net, net_of.Marking({places[0]: 1}), net_of.Marking({places[-1]: 1})


def timed(work: Callable[[], T]) -> tuple[T, float]:
    begin = time.perf_counter()
    return work(), time.perf_counter() - begin


@click.command()
@click.option("--runs", "count", default=5_000, show_default=True)
def main(count: int) -> None:
    try:
        pm4py = import_module("pm4py")
    except ImportError:
        click.echo("pm4py is not installed: `pip install -r bench/requirements.txt`. Nothing measured.")
        return
    reader = StageReader(load_flows())
    runs = make_runs(count, random.Random(7))
    lines = sum(len(run.entries) for run in runs)
    ours, our_seconds = timed(lambda: traced(runs, reader))
    theirs, their_seconds = timed(lambda: replayed(pm4py, runs, reader.flows["sync-sdk"]))
    complete = [trace.first_missing is None for trace in ours]
    click.echo(f"{count} runs, {lines} lines, {sum(complete)} complete")
    click.echo(f"ours, from raw lines:        {our_seconds:6.2f} s  {count / our_seconds:8.0f} runs/s")
    click.echo(f"pm4py, from ready stages:    {their_seconds:6.2f} s  {count / their_seconds:8.0f} runs/s")
    if complete != theirs:
        raise click.ClickException("the two disagree about which runs are complete")


if __name__ == "__main__":
    main()

"""Requests that name no video, and may be of a run that seems to have ended without a task.

A dossier holds the requests that name its video. A worker's function may name neither video nor task while it
waits for Runway's answer, and another request may name the video in its path alone, or in words that nobody
knows: these are looked for before anything is paid, also where Runway had refused the run: a queue tries
that again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lib.app import App
from lib.data.logs import mentions, nameless
from lib.domain.diagnosis import Dossier
from lib.domain.repair import is_proved
from lib.domain.trace import time_of
from lib.traces.naming import is_told_anywhere
from lib.traces.ties import WAITS_MS

TAKEN_UP = timedelta(milliseconds=WAITS_MS)
MOST_CALLS = 500  # lines of a question
LOOKED_THROUGH = timedelta(hours=6)  # of logs at most, by a question: all of it is read

Time = tuple[datetime, datetime]


def with_nameless_calls(app: App, dossiers: Sequence[Dossier]) -> list[Dossier]:
    """`dossiers`, their runs `in_part` where such a request may be of one. One question for some hours of
    runs; those that took longer are in part, and nobody looks."""
    times = {each.video.id.lower(): time for each in dossiers if (time := _without_a_task(each))}
    spans = _joined(filter(_is_short, times.values()))
    calls = [call for span in spans for call in _calls(app, span)]
    keys = list(filter(is_told_anywhere, times))  # a short one may be anything's
    mentioned = [found for span in spans for found in mentions(app.db, *span, keys)]

    def in_part(video: str) -> bool:
        since, until = times[video]
        called = any(begin <= until and end >= since for begin, end in calls)
        named = any(key == video and since <= at <= until for key, at in mentioned)
        return called or named or not _is_short(times[video])

    return [
        _in_part(each) if (video := each.video.id.lower()) in times and in_part(video) else each
        for each in dossiers
    ]


def _without_a_task(dossier: Dossier) -> Time | None:
    """From the row's beginning (it may have been tried before its lines were understood) to an hour behind
    its last run; None where there is no proof that a request could take away."""
    runs = dossier.app_runs
    if not runs or dossier.video.runway_video_id or not is_proved(dossier):
        return None
    began = (dossier.video.created_at, *(time_of(run.entries[0].at_ms) for run in runs))
    return min(began), max(run.last_at for run in runs) + TAKEN_UP


def _is_short(time: Time) -> bool:
    return time[1] - time[0] <= LOOKED_THROUGH


def _joined(times: Iterable[Time]) -> list[Time]:
    joined: list[Time] = []
    for since, until in sorted(times):
        if joined and since <= joined[-1][1] and _is_short((joined[-1][0], until)):
            joined[-1] = joined[-1][0], max(joined[-1][1], until)
        else:
            joined.append((since, until))
    return joined


def _calls(app: App, span: Time) -> Iterator[Time]:
    """When calls were logged that name nobody; where there are too many, all the time behind."""
    found = nameless(app.db, *span, app.flows.calls, MOST_CALLS)
    yield from ((at, at) for at, message in found if app.flows.is_of_the_call(message))
    if len(found) == MOST_CALLS:
        yield found[-1][0], span[1]


def _in_part(dossier: Dossier) -> Dossier:
    runs = tuple(replace(run, in_part=True) for run in dossier.trace.runs)
    return replace(dossier, trace=replace(dossier.trace, runs=runs))

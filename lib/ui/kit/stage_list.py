"""The stages of one video, in order, with a bar for where the time went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from itertools import pairwise

from lib.data.database import Row
from lib.domain.video import parse_time
from lib.ui.kit import html
from lib.ui.kit.format import STAGE_STATE, clock, delta_text, look, seconds_text, span, words

_HEADS = ("Stage", "Time", "After", "Time spent")
_SILENT = 16  # percent of the width that are left to the silence in which a flow ended


def stage_list(stages: Sequence[Row], now: datetime, *, waits: bool) -> None:
    """`waits`: the video is unfinished, so that the silence after its last stage goes on."""
    html.said(escape(longest(stages)))
    heads = [f"<th>{head}</th>" for head in _HEADS]
    html.table("Stages of the flow, in order", heads, rows(stages, now, waits=waits))


def longest(stages: Sequence[Row]) -> str:
    """`2.0 s from accepted to saving, 747 ms of it before task created`; empty without two times."""
    seen = _seen(stages)
    if len(seen) < 2:
        return ""
    gaps = [(later[1] - earlier[1], later[0]) for earlier, later in pairwise(seen)]
    whole, (most, where) = (seen[-1][1] - seen[0][1]).total_seconds(), max(gaps)
    return (
        f"{_length(whole)} from {words(seen[0][0])} to {words(seen[-1][0])},"
        f" {_length(most.total_seconds())} of it before {words(where)}"
    )


def _length(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if 0 <= seconds < 1 else seconds_text(seconds)


def _seen(stages: Sequence[Row]) -> list[tuple[str, datetime]]:
    return [(stage["stage"], at) for stage in stages if (at := parse_time(stage.get("at")))]


def rows(stages: Sequence[Row], now: datetime, *, waits: bool) -> list[list[str]]:
    """The cells, as HTML. A bar reaches from the stage before to this one; a hatched one is silence."""
    times = [at for _, at in _seen(stages)]
    first, last = min(times, default=now), max(times, default=now)
    ended = next((stage for stage in stages if stage["state"] == "missing"), None)
    silent = ended if ended and not any(_seen(stages[stages.index(ended) :])) else None
    scale = (100 - (_SILENT if silent else 0)) / ((last - first).total_seconds() or 1)
    found, earlier = [], None
    for stage in stages:
        state, at = look(STAGE_STATE, stage["state"]), parse_time(stage.get("at"))
        name = f'<span style="--tone:{state.hex}">{state.glyph}</span> {escape(words(stage["stage"]))}'
        when = html.titled_time(clock(at, now), at) if at else escape(state.word)
        after, bar = delta_text(earlier, at), ""
        if at and earlier:
            start = (min(at, earlier) - first).total_seconds() * scale
            bar = _bar(start, abs((at - earlier).total_seconds()) * scale, after)
        elif stage is silent and times:
            after = f"nothing for {span((now - last).total_seconds())}" if waits else "nothing more"
            bar = _bar(100 - _SILENT, _SILENT, after, "silence")
        found.append([name, when, escape(after), bar])
        earlier = at or earlier
    return found


def _bar(start: float, size: float, said: str, kind: str = "bar") -> str:
    """In percent of the width."""
    return f'<i class="{kind}" title="{escape(said)}" style="--from:{start:.1f}%;--size:{size:.1f}%"></i>'

"""How values read on the page. Times are shown in the zone that the page has chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lib.domain.cause import CAUSES, Action, Cause, Side
from lib.domain.pricing import CREDITS_PER_DOLLAR
from lib.domain.video import parse_time
from lib.ui.kit.zone import zone


@dataclass(frozen=True, slots=True)
class Look:
    """How one value of a closed list is shown: never by colour alone."""

    word: str
    glyph: str  # where only text can be drawn: cells and chart labels
    icon: str
    color: str  # a colour name of Streamlit's badges
    hex: str  # a mid tone with at least 3:1 against both page backgrounds


GREEN, RED, AMBER, BLUE, VIOLET, GRAY = "#1f9d63", "#d9434b", "#d07a12", "#4c6ef5", "#8a63d8", "#79839a"

STATUS = {
    "succeeded": Look("succeeded", "✓", ":material/check_circle:", "green", GREEN),
    "failed": Look("failed", "×", ":material/error:", "red", RED),
    "processing": Look("processing", "◐", ":material/pending:", "blue", BLUE),
    "queued": Look("queued", "○", ":material/schedule:", "violet", VIOLET),
    "cancelled": Look("cancelled", "⊘", ":material/block:", "gray", GRAY),
}
SIDE = {
    Side.SETTLED: Look("settled", "✓", ":material/check_circle:", "green", GREEN),
    Side.APP: Look("the app", "▲", ":material/deployed_code:", "orange", AMBER),
    Side.RUNWAY: Look("Runway", "●", ":material/cloud:", "violet", VIOLET),
    Side.UNKNOWN: Look("unknown", "?", ":material/help:", "gray", GRAY),
}
STAGE_STATE = {
    "seen": Look("seen", "✓", ":material/check_circle:", "green", GREEN),
    "missing": Look("missing", "×", ":material/cancel:", "red", RED),
    "not_reached": Look("not reached", "–", ":material/remove:", "gray", GRAY),
    "not_observable": Look("not observable", "?", ":material/visibility_off:", "violet", VIOLET),
}
ATTEMPT_STATE = {
    "claimed": Look("claimed", "○", ":material/schedule:", "violet", VIOLET),
    "sent": Look("sent", "◐", ":material/pending:", "blue", BLUE),
    "created": Look("created", "✓", ":material/check_circle:", "green", GREEN),
    "refused": Look("refused", "×", ":material/error:", "red", RED),
    "unknown": Look("outcome unknown", "?", ":material/help:", "orange", AMBER),
    "abandoned": Look("abandoned", "⊘", ":material/block:", "gray", GRAY),
    "written_off": Look("written off", "⊘", ":material/block:", "gray", GRAY),
}
BATCH_STATE = {
    "frozen": Look("not begun", "○", ":material/ac_unit:", "gray", GRAY),
    "running": Look("running", "◐", ":material/pending:", "blue", BLUE),
    "paused": Look("paused", "‖", ":material/pause_circle:", "orange", AMBER),
    "done": Look("done", "✓", ":material/check_circle:", "green", GREEN),
    "aborted": Look("aborted", "⊘", ":material/block:", "gray", GRAY),
}
ACTION: Mapping[str, str] = {
    Action.NONE: "Nothing to do",
    Action.WAIT: "Wait",
    Action.LOOK_UP: "Look the task up (free)",
    Action.RECOVER: "Save the task id (free)",
    Action.RETRY: "Retry",
    Action.ASK: "Decide: a task may exist",
    Action.CHANGE_INPUT: "Change the input, then retry",
    Action.FIX_FIRST: "Fix the cause first, then retry",
}


def look(table: Mapping[str, Look], key: str | None) -> Look:
    """The look of `key`; a value nobody foresaw is shown as the word it is."""
    return table.get(key or "") or Look(plain(key or "none"), "?", ":material/help:", "gray", GRAY)


def cause_of(key: str | None) -> Cause:
    """The cause; a video that was not judged yet, or a key of a newer version, is `unknown`."""
    return CAUSES.get(key or "") or CAUSES["unknown"]


def cause_label(key: str | None) -> str:
    """`▲ API key missing`: glyph of the side, and title. For cells and charts."""
    if key is None:
        return "… Not judged yet"
    cause = cause_of(key)
    return f"{SIDE[cause.side].glyph} {cause.title}"


def short_id(value: str | None) -> str:
    return plain(value or "")[:8]


def deployment(value: str | None) -> str:
    """`dpl_420716ae`: enough to recognise it by."""
    return plain(value)[:12] if value else "an unknown deployment"


def plain(text: str) -> str:
    """Only what identifiers and hosts are made of. For labels, all of them markdown, that show outside text.

    Without colons there is neither a directive nor an address; `www.` alone would become a link.
    """
    return re.sub(r"[^\w ./()-]", "", text).replace("www.", "www ")[:80]


def words(key: str) -> str:
    """`client_environment_checked` as `client environment checked`."""
    return plain(key).replace("_", " ")


def age(at: str | datetime | None, now: datetime) -> str:
    """How long ago, in the largest unit that is not zero."""
    then = parse_time(at)
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    return "just now" if seconds < 10 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """A length of time in its largest unit, rounded: `40 s`, `12 min`, `5 h`, `3 d`; never `60 min`."""
    for size, unit, smaller in ((86400, "d", 3600), (3600, "h", 60), (60, "min", 1)):
        if seconds >= size - smaller / 2:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def seconds_text(value: float | None) -> str:
    """A measured time: `0.8 s`, `42 s`, `3 min 20 s`; `–` when there is none."""
    if value is None:
        return "–"
    if value < 9.95:  # what is rounded up to the next unit is told in it
        return f"{value:.1f} s"
    if value < 59.5:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def delta_text(earlier: datetime | None, later: datetime | None) -> str:
    """The time from one stage to the next: `+120 ms`, `+1.2 s`."""
    if earlier is None or later is None:
        return ""
    seconds = (later - earlier).total_seconds()
    sign, size = ("+" if seconds >= 0 else "−"), abs(seconds)
    return f"{sign}{size * 1000:.0f} ms" if size < 0.9995 else f"{sign}{seconds_text(size)}"


def clock(at: str | datetime | None, now: datetime | None = None) -> str:
    """`14:05:12`, with the day in front unless it is today's, and the year where it is another."""
    moment = parse_time(at)
    if moment is None:
        return "–"
    moment = moment.astimezone(zone())
    if now is None or moment.year != now.astimezone(zone()).year:
        return moment.strftime("%d %b %H:%M:%S" if now is None else "%d %b %Y %H:%M:%S")
    today = moment.date() == now.astimezone(zone()).date()
    return moment.strftime("%H:%M:%S" if today else "%d %b %H:%M:%S")


def fine_clock(at: str | datetime | None) -> str:
    """`26 Nov 14:13:17.622`, of what follows within a second."""
    moment = parse_time(at)
    return f"{clock(moment)}.{moment.microsecond // 1000:03}" if moment else "–"


def exact(at: str | datetime | None) -> str:
    """`26 Nov 2026 14:13:17.622 UTC`: what an age or a clock leaves out."""
    moment = parse_time(at)
    if moment is None:
        return ""
    local = moment.astimezone(zone())
    return f"{local:%d %b %Y %H:%M:%S}.{local.microsecond // 1000:03} {local:%Z}"


def since(at: str | datetime | None, now: datetime) -> str:
    """`14:05` today, `12 Nov 14:05` before."""
    return clock(at, now)[:-3] if at else "–"


def credits_text(credits: float | None) -> str:
    """`25 credits ($0.25)`."""
    if credits is None:
        return "an unknown number of credits"
    noun = "credit" if credits == 1 else "credits"
    return f"{credits:,.0f} {noun} ({dollars(credits)})"


def dollars(credits: float) -> str:
    return f"${credits / CREDITS_PER_DOLLAR:,.2f}"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f}%".replace(".0%", "%")


def count(number: int, noun: str) -> str:
    """`1 video`, `1,204 videos`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def at_least(found: int, listed: int, noun: str) -> str:
    """`3 videos`; `more than 50 videos` where more are found than are listed."""
    return count(found, noun) if found <= listed else f"more than {count(listed, noun)}"


_WALL = re.compile(r"[A-Za-z0-9+/=_%-]{300,}")


def without_walls(value: Any) -> Any:
    """Text, or JSON with text in it: what is only an encoded file says nothing to people and fills pages."""
    if isinstance(value, dict):
        return {key: without_walls(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_walls(each) for each in value]
    if isinstance(value, str):
        return _WALL.sub(lambda wall: f"{wall[0][:24]}… ({len(wall[0]):,} characters)", value)
    return value


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def hour_name(hour: int) -> str:
    """Of the week, which begins on Monday at midnight: `Tuesday 13:00 to 14:00 UTC`."""
    day, begins = divmod(hour, 24)
    return f"{WEEKDAYS[day]} {begins:02}:00 to {begins + 1:02}:00 UTC"

"""Tables of what belongs to one video: log entries and attempts. Outside text is never interpreted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from lib.data.database import Row
from lib.data.logs import FoundLine
from lib.data.videos import LogRow
from lib.domain.attempt import Attempt
from lib.domain.video import Video, parse_time
from lib.ui.kit import html
from lib.ui.kit.format import ATTEMPT_STATE, clock, exact, fine_clock, seconds_text, short_id, without_walls

LOG_LINES = 400  # in the table; a page of more is slow to draw, and nobody reads it there
_LOG = ("Time", "Level", "Message", "Request", "Path", "Answer")


def log_table(entries: Sequence[LogRow]) -> None:
    heads, last = [f"<th>{head}</th>" for head in _LOG], entries[-LOG_LINES:]
    html.table("Log entries of this video, oldest first", heads, list(map(_entry, last)), "dailies-log")
    if len(entries) > LOG_LINES:
        html.said(f"The last {LOG_LINES} of {len(entries):,} lines. “Whole lines” shows all of them.")


def _entry(entry: LogRow) -> list[str]:
    return [
        html.titled_time(fine_clock(entry["at"]), parse_time(entry["at"])),
        escape(entry["level"]),
        html.text(without_walls(entry["message"])),
        escape(short_id(entry["request_id"])),
        html.text(entry["path"]),
        str(entry["status_code"] or ""),
    ]


def log_line(entry: LogRow) -> str:
    """The whole entry as one text, however long its message is."""
    message, at = without_walls(entry["message"]), exact(entry["at"])
    asked = f"{entry['status_code'] or ''} {entry['path'] or ''}".strip()
    return f"{at:<28}  {entry['level']:<7}  {short_id(entry['request_id']):<8}  {asked}  {message}"


def found_line(line: FoundLine, now: datetime) -> list[str]:
    """The cells of a line that was searched for, as HTML."""
    when = html.titled_time(clock(line.at, now), parse_time(line.at))
    return [when, escape(line.level), html.video(line.video_id), html.text(without_walls(line.message))]


_MOST_TRIES = 8
_ASKED = ("Prompt", "Image", "Model", "Ratio", "Seconds")


def tries(attempts: Sequence[Row], video: Video, now: datetime) -> None:
    """The app's own try and ours, a column each; what was asked otherwise than before is marked."""
    of_the_app: dict[str, object] = {
        "Begun": video.created_at,
        "Prompt": video.prompt,
        "Image": video.input_image_url,
    }
    shown = [of_the_app, *map(_of_ours, attempts[-_MOST_TRIES:])]
    names = list(dict.fromkeys(name for one in shown for name in one))
    heads = ["<th></th>", "<th>The app</th>"]
    heads += [f"<th>Attempt {escape(str(row.get('number')))}</th>" for row in attempts[-_MOST_TRIES:]]
    lines = []
    for name in names:
        cells, before = [], None
        for one in shown:
            value = one.get(name)
            differs = name in _ASKED and None not in (value, before) and value != before
            cells.append(f"<mark>{_cell(value, now)}</mark>" if differs else _cell(value, now))
            before = before if value is None else value
        lines.append([escape(name), *cells])
    html.table("What was tried, side by side", heads, lines)


def _cell(value: object, now: datetime) -> str:
    if isinstance(value, datetime):
        return html.titled_time(clock(value, now), value)
    return html.text(without_walls(str(value))) if value is not None else ""


def _of_ours(row: Row) -> dict[str, object]:
    attempt = Attempt.from_row(row)
    asked = attempt.request
    took = (attempt.settled_at - attempt.claimed_at).total_seconds() if attempt.settled_at else None
    state = ATTEMPT_STATE[attempt.state]
    return {
        "Begun": attempt.claimed_at,
        "Prompt": asked.get("prompt"),
        "Image": asked.get("image"),
        "Video": asked.get("video") or None,
        "Model": asked.get("model"),
        "Ratio": asked.get("ratio"),
        "Seconds": asked.get("duration"),
        "By": attempt.operator,
        "Took": seconds_text(took),
        "Ended": f"{state.glyph} {state.word}",
        "Credits": f"{attempt.credits:g}",
        "Task": attempt.task_id,
        "Reason": attempt.reason,
    }

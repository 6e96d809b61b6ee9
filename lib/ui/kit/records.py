"""Tables of what belongs to one video: log entries and attempts. Outside text is never interpreted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from streamlit.column_config import NumberColumn, TextColumn

from lib.data.database import Row
from lib.data.logs import FoundLine
from lib.data.videos import LogRow
from lib.domain.attempt import Attempt
from lib.domain.video import Video, parse_time
from lib.ui.kit import html
from lib.ui.kit.format import ATTEMPT_STATE, clock, exact, seconds_text, short_id, without_walls
from lib.ui.kit.tables import Columns, table, time_column, times


def log_table(entries: Sequence[LogRow]) -> None:
    messages = [without_walls(entry["message"]) for entry in entries]
    requests = [short_id(entry["request_id"]) for entry in entries]
    columns: Columns = {
        "at": (times([entry["at"] for entry in entries]), time_column("Time", fine=True)),
        "level": ([entry["level"] for entry in entries], TextColumn("Level", width=64)),
        "message": (messages, TextColumn("Message", width=620)),
        "request": (requests, TextColumn("Request", width=84)),
        "path": ([entry["path"] or "" for entry in entries], TextColumn("Path", width=150)),
        "answer": (
            [entry["status_code"] for entry in entries],
            NumberColumn("Answer", format="%d", width=64),
        ),
    }
    table(columns, "Log entries of this video, oldest first", most=18, row=28)


def log_line(entry: LogRow) -> str:
    """The whole entry as one text, however long its message is."""
    message = without_walls(entry["message"])
    return f"{exact(entry['at']):<28}  {entry['level']:<5}  {short_id(entry['request_id']):<8}  {message}"


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

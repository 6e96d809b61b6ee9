"""Keeping verdicts up to date: judging again only the videos whose evidence has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lib.app import App
from lib.data.verdicts import DossierRow, dirty_videos, dossier_rows, save_verdicts
from lib.domain.cause import CAUSES
from lib.domain.repair import Assessment, assess
from lib.domain.video import Video
from lib.logs.redact import redact
from lib.operations.dossiers import dossiers_of, now_of

JUDGED_AT_ONCE = 200
LONGEST_SEARCHED = 20_000  # characters

Judging = Callable[[App, Sequence[DossierRow]], list[dict[str, Any]]]


def judge_all(app: App) -> None:
    """Judges until nothing waits."""
    while judge_dirty(app, JUDGED_AT_ONCE):
        pass


def judge_dirty(app: App, limit: int, judging: Judging | None = None, *, leave_seconds: int = 0) -> int:
    """Judges up to `limit` videos whose row, logs, task or attempts have changed; how many there were.

    judging        does what `judged` does, elsewhere
    leave_seconds  what others took less than that ago is left to them
    """
    dirty = dirty_videos(app.db, limit, leave_seconds)
    if not dirty:
        return 0
    since = {each["video_id"]: each["since"] for each in dirty}
    rows = dossier_rows(app.db, list(since))
    words = {row["video_id"]: searched_words(row["video"]) for row in rows}
    save_verdicts(
        app.db,
        [
            {**verdict, "since": since[verdict["video_id"]], "words": words[verdict["video_id"]]}
            for verdict in (judging or judged)(app, rows)
        ],
    )
    return len(dirty)


def searched_words(row: Mapping[str, Any]) -> str:
    """What a video is searched for by, without secrets: its ids, prompt and error, a line each, with
    one blank for any number of blanks and breaks, as pages show it."""
    named = (row.get(name) for name in ("id", "runway_video_id", "prompt", "error_message"))
    # between them stands what no row can hold: with its breaks, a secret of several lines is known
    told = redact("\n\0\n".join(str(each)[:LONGEST_SEARCHED] for each in named if each))
    return "\n".join(" ".join(part.split()) for part in told.split("\0"))


def judged(app: App, rows: Sequence[DossierRow]) -> list[dict[str, Any]]:
    """The verdicts as rows to be saved. A row that cannot be read gets one too, and holds up no other."""
    readable, unreadable = [], []
    for row in rows:
        try:
            Video.from_mapped(row["video"])
            readable.append(row)
        except ValueError as error:
            evidence = {"source": "row", "at": None, "text": f"cannot be read: {error}"}
            unreadable.append(
                {
                    "video_id": row["video_id"],
                    "cause": "unknown",
                    "confidence": "possible",
                    "action": str(CAUSES["unknown"].action),
                    "stuck": False,
                    "evidence": [evidence],
                    "judged_at": now_of(app, row).isoformat(),
                }
            )
    return [*(_row(assess(dossier)) for dossier in dossiers_of(app, readable)), *unreadable]


def _row(assessed: Assessment) -> dict[str, Any]:
    """With what is to be done, and why; that may quote the row, so it is kept without secrets."""
    repair = assessed.repair
    return assessed.verdict.as_row() | {"action": str(repair.action), "reason": redact(repair.reason)}

"""Keeping verdicts up to date: judging again only the videos whose evidence has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lib.app import App
from lib.data.verdicts import DossierRow, dirty_videos, dossier_rows, save_verdicts
from lib.domain.cause import CAUSES
from lib.domain.repair import assess
from lib.domain.video import Video
from lib.operations.dossiers import dossiers_of, now_of


def judge_dirty(app: App, limit: int) -> int:
    """Judges up to `limit` videos whose row, logs, task or attempts have changed; how many there were."""
    dirty = dirty_videos(app.db, limit)
    if not dirty:
        return 0
    since = {each["video_id"]: each["since"] for each in dirty}
    verdicts = judged(app, dossier_rows(app.db, list(since)))
    save_verdicts(app.db, [{**verdict, "since": since[verdict["video_id"]]} for verdict in verdicts])
    return len(dirty)


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
    return [*(assess(dossier).as_row() for dossier in dossiers_of(app, readable)), *unreadable]

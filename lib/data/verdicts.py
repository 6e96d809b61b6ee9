"""Verdicts: which are out of date, what they rest on, and the new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict, cast

from lib.data.database import Database, Row


class DirtyVideo(TypedDict):
    """`since` goes back with the verdict: it is what that verdict answers. None: time alone made it due."""

    video_id: str
    since: str | None


class DossierRow(TypedDict):
    """All that the database holds of one video. `tasks`: its row's first, then others that name it.

    entries, nobodys, requests  each in the order of LogEntry or RequestSummary (lib/domain/trace.py)
    readings        of Runway's account around the last attempt, where nobody knows its outcome
    nobodys         lines of requests that name a task and no video, where the row has none
    peers           the other rows whose task that may be
    observed_until  up to when everything is known that was logged after its last line
    logs_expired    logs of the video's time have been dropped: nothing follows from what is not there
    now             the database's clock
    """

    video_id: str
    video: dict[str, Any]
    entries: list[list[Any]]
    requests: list[list[Any]]
    tasks: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    readings: dict[str, Any] | None
    nobodys: list[list[Any]]
    peers: list[dict[str, Any]]
    observed_until: str | None
    logs_expired: bool
    now: str


def dirty_videos(db: Database, limit: int, leave_seconds: int = 0) -> list[DirtyVideo]:
    """The videos to be judged again, the longest waiting first. Those that somebody else took less than
    `leave_seconds` ago are left to them."""
    asked = {"p_limit": limit, "p_leave_seconds": leave_seconds}
    return cast("list[DirtyVideo]", db.call("dailies_dirty", **asked))


def dossier_rows(db: Database, video_ids: Sequence[str]) -> list[DossierRow]:
    """Those that exist, in any order."""
    return cast("list[DossierRow]", db.call("dailies_dossiers", p_ids=list(video_ids)))


def save_verdicts(db: Database, verdicts: Sequence[Row]) -> int:
    """How many were saved. A video changed again since its `since` stays dirty."""
    rows = db.call("dailies_save_verdicts", p_verdicts=list(verdicts))
    return int(rows[0]["saved"])

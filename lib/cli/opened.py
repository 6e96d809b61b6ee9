"""What the commands that repair and pay open, and close again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from lib.data.connect import open_database
from lib.data.database import Database
from lib.data.journal import Journal
from lib.data.videos import find_videos
from lib.errors import BadInput, NotFound
from lib.runway.client import RunwayClient
from lib.runway.opening import open_runway
from lib.settings import Settings, load_settings


class Opened(NamedTuple):
    db: Database
    runway: RunwayClient
    journal: Journal
    settings: Settings

    def video_id(self, text: str) -> str:
        """The full id of the one video whose id begins like this, or whose task it is."""
        found = find_videos(self.db, text)
        if not found:
            raise NotFound(f"No video has an id that begins with {text!r} (six characters or more).")
        if len(found) > 1:
            raise BadInput(f"{text!r} fits {len(found)} videos: {', '.join(found[:5])} …")
        return found[0]


@contextmanager
def opened() -> Iterator[Opened]:
    settings = load_settings()
    db = open_database(settings)
    try:
        runway = open_runway(settings)
        yield Opened(db, runway, Journal(settings.data_dir / "journal.jsonl"), settings)
        runway.close()
    finally:
        db.close()

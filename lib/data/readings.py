"""Readings of Runway's account, kept with the attempt they were taken for."""

from __future__ import annotations

from typing import Literal

from lib.data.database import Database
from lib.domain.account import Around, Reading


def save(db: Database, attempt_id: str, moment: Literal["before", "after"], reading: Reading) -> None:
    db.call("dailies_save_reading", p_attempt=attempt_id, p_moment=moment, p_reading=reading.as_json())


def around(db: Database, attempt_id: str) -> Around:
    """What the account said before and after this attempt."""
    rows = db.call("dailies_readings", p_attempt=attempt_id)
    return Around.from_row(rows[0]) if rows else Around(None, None)

"""Errors: how they are spread."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple, TypedDict, cast

from lib.data.database import Database, span

By = Literal["cause", "group", "deployment", "model", "hour"]


class GroupKey(NamedTuple):
    """What the videos of a group have in common; `stage` is `none` where no stage is missing."""

    group: str
    cause: str
    stage: str


class ErrorPoint(TypedDict):
    """`n` videos of a part in the bucket that begins at `at` (None by hour). `part` is the address of
    the page Videos that fits: `{"cause": "moderated"}`."""

    part: dict[str, str]
    at: str | None
    n: int


def errors_by(
    db: Database,
    by: By,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    bucket_seconds: int = 3600,
    most: int = 10,
    group: GroupKey | None = None,
    own: bool = False,
) -> list[ErrorPoint]:
    """The largest part first, each in order of time; of one group or of all."""
    narrowed = {f"p_{name}": value for name, value in group._asdict().items()} if group else {}
    rows = db.call(
        "dailies_errors_by",
        p_by=by,
        **span(since, until),
        p_bucket_seconds=bucket_seconds,
        p_most=most,
        p_own=own,
        **narrowed,
    )
    return cast("list[ErrorPoint]", rows)

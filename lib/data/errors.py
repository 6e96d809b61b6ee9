"""Errors: how they are spread."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypedDict, cast

from lib.data.database import Database, span
from lib.data.series import GroupKey

By = Literal["cause", "group", "deployment", "model", "ratio", "duration", "hour"]


class ErrorPoint(TypedDict):
    """`n` videos of a part in the bucket that begins at `at` (None by hour). `part` is the address of
    the page Videos that fits: `{"cause": "moderated"}`; `{}` are all others, which fit no filter."""

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
    """The `most` largest parts, the largest first, then all others as one; each in order of time. Of one
    group or of all."""
    narrowed = (
        {"p_group": group.grp, "p_cause": group.cause, "p_stage": group.stage or "none"} if group else {}
    )
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

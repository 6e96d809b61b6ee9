"""The audit: who did what to which video, when, and what it cost. The database only ever adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypedDict, cast

from lib.data.database import Database


class AuditRow(TypedDict):
    """`before` and `after` hold the columns of the row that operations change, and what else was said."""

    id: int
    at: str
    operator: str
    action: str
    video_id: str | None
    attempt_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    credits: float | None


class AuditChoices(NamedTuple):
    """What the audit can be filtered by."""

    operators: list[str]
    actions: list[str]


def trail(
    db: Database,
    video_id: str | None = None,
    *,
    operator: str | None = None,
    action: str | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[AuditRow]:
    """Newest first. The next page comes with `before_id=end_of(rows)`."""
    asked = {"p_video_id": video_id, "p_operator": operator, "p_action": action, "p_before_id": before_id}
    given = {name: value for name, value in asked.items() if value is not None}
    return cast("list[AuditRow]", db.call("dailies_audit_trail", **given, p_limit=limit))


def note(db: Database, operator: str, action: str, video_id: str, details: dict[str, Any]) -> None:
    """What somebody is about to do outside the database. Raises NotFound for an unknown video."""
    db.call(
        "dailies_audit_note", p_operator=operator, p_action=action, p_video_id=video_id, p_details=details
    )


def end_of(rows: Sequence[AuditRow]) -> int | None:
    return rows[-1]["id"] if rows else None


def names(db: Database) -> AuditChoices:
    return AuditChoices(**db.call("dailies_audit_names")[0])

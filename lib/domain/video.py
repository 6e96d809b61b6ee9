"""A video: a row of the production table `videos`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

UNFINISHED = frozenset({"queued", "processing"})
FINISHED = frozenset({"succeeded", "failed", "cancelled"})
STATUSES = ("queued", "processing", "succeeded", "failed", "cancelled")


def parse_time(value: str | datetime | None) -> datetime | None:
    """An ISO time (with `Z`, an offset, or none, which means UTC) as an aware datetime."""
    if value is None or value == "":
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def short_id(video_id: str) -> str:
    return video_id[:8]


@dataclass(frozen=True, slots=True)
class Video:
    """Only `id`, `status` and `created_at` are certain to exist; a production table may lack the rest.

    `columns` keeps every other column of the row as it came, for display.
    """

    id: str
    status: str
    created_at: datetime
    updated_at: datetime | None = None
    runway_video_id: str | None = None
    error_message: str | None = None
    prompt: str | None = None
    input_image_url: str | None = None
    video_url: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Video:
        """A row as the database or its JSON export gives it. Raises ValueError naming a missing column."""
        for column in ("id", "status", "created_at"):
            if row.get(column) in (None, ""):
                raise ValueError(f"video {row.get('id', '?')}: column `{column}` is missing or empty")
        created_at = parse_time(row["created_at"])
        assert created_at is not None
        known = cls.__slots__
        return cls(
            id=str(row["id"]),
            status=str(row["status"]),
            created_at=created_at,
            updated_at=parse_time(row.get("updated_at")),
            runway_video_id=row.get("runway_video_id") or None,
            error_message=row.get("error_message") or None,
            prompt=row.get("prompt") or None,
            input_image_url=row.get("input_image_url") or None,
            video_url=row.get("video_url") or None,
            columns={k: v for k, v in row.items() if k not in known},
        )

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def status_is_known(self) -> bool:
        return self.status in STATUSES

"""The organization behind the key: credits, limits, and what was used of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """Of one model of the organization; None means no limit."""

    max_concurrent: int | None
    max_daily: int | None
    used_today: int  # generations of the past 24 hours


@dataclass(frozen=True, slots=True)
class Organization:
    credit_balance: int
    models: Mapping[str, ModelLimits]

    @classmethod
    def from_api(cls, body: Mapping[str, Any]) -> Organization:
        """The JSON of `GET /v1/organization`. Raises KeyError, TypeError or AttributeError for any other."""
        tier, used = body["tier"], body["usage"]["models"]
        return cls(
            credit_balance=body["creditBalance"],
            models={
                name: ModelLimits(
                    limits.get("maxConcurrentGenerations"),
                    limits.get("maxDailyGenerations"),
                    used.get(name, {}).get("dailyGenerations", 0),
                )
                for name, limits in tier["models"].items()
            },
        )


class SeenOrganization(NamedTuple):
    """The organization as it was at `at`."""

    at: datetime
    organization: Organization

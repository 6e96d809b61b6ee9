"""What the charts are drawn from: errors, stages, times, rates and cost of a span of time, and what the team
says about error groups. `own` counts the videos that Dailies made itself as well."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, TypedDict, cast

from lib.data.database import Database, Row, span
from lib.data.overview import FunnelStage

STEP = 1.04**10  # of dailies_latency_histogram


class GroupKey(NamedTuple):
    """`stage`: the first missing one, None where none is."""

    grp: str
    cause: str
    stage: str | None


class GroupState(TypedDict):
    """`state` is open, resolved, ignored, or regressed: resolved, and seen again since. `first_at` and
    `last_at` are of all times; `changed_at` and `operator` of whoever spoke last, None if nobody did."""

    grp: str
    cause: str
    stage: str | None
    first_at: str | None
    last_at: str | None
    state: str
    note: str
    ticket: str
    assignee: str
    operator: str | None
    changed_at: str | None


class Hit(TypedDict):
    """`parts` holds {kind, key, n} by deployment, model and user; an empty key is an unknown one. Parts and
    stages are those of the latest `told` of its `n` videos."""

    n: int
    told: int
    parts: list[Row]
    stages: list[FunnelStage]


def error_states(
    db: Database, groups: Iterable[GroupKey], *, own: bool = False
) -> dict[GroupKey, GroupState]:
    """Of each group that was asked for."""
    rows = db.call("dailies_error_states", p_groups=[one._asdict() for one in groups], p_own=own)
    return {GroupKey(row["grp"], row["cause"], row["stage"]): cast("GroupState", row) for row in rows}


def set_error_state(
    db: Database,
    group: GroupKey,
    state: str,
    operator: str,
    *,
    note: str = "",
    ticket: str = "",
    assignee: str = "",
) -> None:
    """Audited. Raises BadInput for a state, note, ticket or assignee that cannot be."""
    db.call(
        "dailies_set_error_state",
        p_group=group.grp,
        p_cause=group.cause,
        p_stage=group.stage,
        p_state=state,
        p_note=note,
        p_ticket=ticket,
        p_operator=operator,
        p_assignee=assignee,
    )


def hit_by(
    db: Database, group: GroupKey, since: datetime, until: datetime, *, own: bool = False, most: int = 20_000
) -> Hit:
    """Whom a group hits, told from the latest `most` of its videos."""
    key = {"p_group": group.grp, "p_cause": group.cause, "p_stage": group.stage}
    asked = key | {"p_own": own, "p_most": most}
    return cast("Hit", db.call("dailies_error_group", **asked, **span(since, until))[0])


def deployments(db: Database, since: datetime, until: datetime) -> list[Row]:
    """`[{deployment_id, first_at}]`: those that began in the span, the latest first."""
    return db.call("dailies_deployments", **span(since, until))


def stage_latency(
    db: Database, since: datetime, until: datetime, flow: str, seconds: int, *, own: bool = False
) -> list[Row]:
    """`[{stage, position, at, n, p50, p95}]` in seconds; `at` is None for the whole span. The stage that
    takes longest is told by time, too."""
    asked = {"p_flow": flow, "p_bucket_seconds": seconds, "p_own": own}
    return db.call("dailies_stage_latency", **span(since, until), **asked)


def first_missing(
    db: Database, since: datetime, until: datetime, flow: str, *, own: bool = False
) -> list[Row]:
    """`[{deployment_id, stage, n}]`, the latest deployment first; stage `none`: nothing is missing."""
    return db.call("dailies_first_missing", **span(since, until), p_flow=flow, p_own=own)


def latency(
    db: Database,
    since: datetime,
    until: datetime,
    seconds: int,
    deployment: str | None = None,
    *,
    own: bool = False,
) -> list[Row]:
    """`[{measure, at, n, p50, p95, is_exact}]`: measure `id` or `video`; `at` is None for the whole span.
    What is not exact is two per cent off at most."""
    asked = {"p_bucket_seconds": seconds, "p_deployment": deployment, "p_own": own}
    return db.call("dailies_latency", **span(since, until), **asked)


def latency_histogram(
    db: Database, since: datetime, until: datetime, deployment: str | None = None, *, own: bool = False
) -> list[Row]:
    """`[{measure, low, n}]`: a step goes from `low` seconds to STEP times of it."""
    return db.call("dailies_latency_histogram", **span(since, until), p_deployment=deployment, p_own=own)


def usual_rate(db: Database, until: datetime, seconds: int, *, own: bool = False) -> Row | None:
    """{low, high} of the fourteen days before, 0 to 1; None where too little is known."""
    rows = db.call("dailies_usual_rate", p_to=until.isoformat(), p_bucket_seconds=seconds, p_own=own)
    return rows[0] if rows and rows[0]["low"] is not None else None


def cost_by_day(db: Database, since: datetime, until: datetime, *, own: bool = False) -> list[Row]:
    """`[{day, model, credits, tasks, delivered}]`, days of UTC."""
    return db.call("dailies_cost_by_day", **span(since, until), p_own=own)

"""Alerts in the database: measures, incidents, notices and silences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lib.data.database import Database
from lib.domain.alert import Alert, Breach, Observation


class Change(NamedTuple):
    alert: Alert
    fired: bool  # else it is over


def measure(db: Database, name: str, minutes: int) -> list[Observation]:
    """Raises NotFound for a measure that the database does not know."""
    rows = db.call("dailies_measure", p_measure=name, p_minutes=minutes)
    return [Observation(row["subject"], float(row["value"]), int(row["cases"])) for row in rows]


def save(
    db: Database,
    findings: Iterable[Breach],
    *,
    evaluated: Sequence[str],
    rules: Sequence[str],
    quiet_seconds: int,
) -> list[Change]:
    """What began and what ended with these findings. Incidents of rules that were not evaluated stay."""
    rows = db.call(
        "dailies_save_alerts",
        p_found=[finding.as_row() for finding in findings],
        p_evaluated=list(evaluated),
        p_rules=list(rules),
        p_quiet_seconds=quiet_seconds,
    )
    return [Change(Alert.from_row(row["alert"]), row["change"] == "alert_fired") for row in rows]


def active(db: Database) -> list[Alert]:
    """What is wrong now, the longest standing first."""
    return _alerts(db, True, 100)


def history(db: Database, limit: int = 100) -> list[Alert]:
    """The newest first, those that are over too."""
    return _alerts(db, False, limit)


def _alerts(db: Database, is_active: bool, limit: int) -> list[Alert]:
    return [Alert.from_row(row) for row in db.call("dailies_alerts", p_active=is_active, p_limit=limit)]


def claim_notices(db: Database) -> list[Alert]:
    """Alerts that the webhook is to hear of now: that they began or, with `ended_at`, that they are over."""
    return [Alert.from_row(row) for row in db.call("dailies_claim_notices", p_limit=20)]


def notice_sent(db: Database, alert: Alert, problem: str | None = None) -> None:
    """`problem` says why it could not be sent: then it is tried again later."""
    db.call("dailies_notice_sent", p_id=alert.id, p_end=alert.ended_at is not None, p_problem=problem)


def silence(
    db: Database,
    rule: str,
    minutes: int,
    operator: str,
    *,
    subject: str | None = None,
    reason: str | None = None,
) -> None:
    """Without a subject, everything the rule fires about; 0 minutes lift the silence. Raises BadInput."""
    db.call(
        "dailies_silence_alert",
        p_rule=rule,
        p_minutes=minutes,
        p_operator=operator,
        p_subject=subject,
        p_reason=reason,
    )

"""Alerts: evaluates the rules, keeps incidents, tells people once that one began and once that it is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from lib.data import alerts as data
from lib.data.alerts import Change
from lib.data.database import Database
from lib.domain.alert import RULES, Alert, Finding, Observation, Rule, evaluate
from lib.errors import BadInput, NotFound, RunwayError
from lib.operations.webhook import NotTold, Webhook
from lib.runway.organization import Organization

QUIET_SECONDS = 120  # an incident is over when nothing of it was found for so long
CREDITS_LEFT = "credits_left"


class OrganizationReader(Protocol):
    def organization(self) -> Organization: ...


class Round(NamedTuple):
    """What one evaluation of the rules changed, and how many notices went out."""

    fired: tuple[Alert, ...]
    resolved: tuple[Alert, ...]
    told: int
    not_told: int


def check_alerts(
    db: Database,
    rules: Sequence[Rule] = RULES,
    *,
    runway: OrganizationReader | None = None,
    webhook: Webhook | None = None,
    quiet_seconds: int = QUIET_SECONDS,
) -> Round:
    """One evaluation of `rules`; harmless when two processes do it at once. Raises DatabaseError."""
    observed = {rule: _observe(db, rule, runway) for rule in rules}
    changes = _save(db, observed, quiet_seconds)
    told, not_told = tell(db, webhook) if webhook else (0, 0)
    return Round(
        tuple(change.alert for change in changes if change.fired),
        tuple(change.alert for change in changes if not change.fired),
        told,
        not_told,
    )


def _save(
    db: Database, observed: Mapping[Rule, list[Observation] | None], quiet_seconds: int
) -> list[Change]:
    findings: list[Finding] = []
    evaluated = []
    for rule, observations in observed.items():
        if observations is not None:
            findings += evaluate(rule, observations)
            evaluated.append(rule.key)
    rules = [rule.key for rule in observed]
    return data.save(db, findings, evaluated=evaluated, rules=rules, quiet_seconds=quiet_seconds)


def _observe(db: Database, rule: Rule, runway: OrganizationReader | None) -> list[Observation] | None:
    """None when it cannot be measured now."""
    if rule.measure != CREDITS_LEFT:
        try:
            return data.measure(db, rule.measure, rule.minutes)
        except NotFound:  # an older schema
            return None
    try:
        return [Observation("", runway.organization().credit_balance)] if runway else None
    except RunwayError:
        return None


def tell(db: Database, webhook: Webhook) -> tuple[int, int]:
    """Sends what is due. Returns how many notices went out, and how many will be tried again."""
    sent = [_tell(db, webhook, alert) for alert in data.claim_notices(db)]
    return sent.count(True), sent.count(False)


def _tell(db: Database, webhook: Webhook, alert: Alert) -> bool:
    try:
        webhook.tell(alert)
    except NotTold as error:
        data.notice_sent(db, alert, str(error))
        return False
    data.notice_sent(db, alert)
    return True


def active_alerts(db: Database) -> list[Alert]:
    """What is wrong now, the critical ones first, then the longest standing."""
    return sorted(data.active(db), key=lambda alert: (alert.is_silenced, alert.severity != "critical"))


def silence(
    db: Database,
    name: str,
    minutes: int,
    operator: str,
    *,
    rules: Iterable[Rule] = RULES,
    reason: str | None = None,
) -> None:
    """Keeps `name`, a rule or `rule/subject`, from being told for some minutes; 0 lifts that. Audited."""
    rule, _, subject = name.partition("/")
    known = {rule.key for rule in rules} | {alert.rule for alert in data.active(db)}
    if rule not in known:
        raise BadInput(f"There is no alert rule {rule!r}. The rules are {', '.join(sorted(known))}.")
    data.silence(db, rule, minutes, operator, subject=subject or None, reason=reason)

"""Alerts: evaluates the rules, keeps incidents, tells people once that one began and once that it is over.

The rules in force are the shipped ones and a team's own, from the file that DAILIES_ALERT_RULES names:

    {"rules": [{"key": "stuck", "measure": "stuck_minutes", "limit": 10, "severity": "critical"}],
     "off": ["no-videos"]}

A rule of a shipped one's key replaces it; `off` names shipped rules that are not wanted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Protocol

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from lib.app import App
from lib.data import alerts as data
from lib.domain.alert import RULES, Alert, AlertRule, Observation, Severity, evaluate, one_of
from lib.errors import BadInput, DailiesError, NotFound, RunwayError, everything_wrong
from lib.logs.redact import redact

QUIET_SECONDS = 120  # an incident is over when nothing of it was found for so long
WEBHOOK_SECONDS = 10
CREDITS_LEFT = "credits_left"


class _Rules(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", strict=True)
    rules: tuple[AlertRule, ...] = ()
    off: tuple[Annotated[str, one_of([rule.key for rule in RULES])], ...] = ()


def load_rules(file: Path | None = None) -> tuple[AlertRule, ...]:
    """Raises BadInput naming the file and everything wrong with it."""
    if file is None:
        return RULES
    try:
        found = _Rules.model_validate_json(file.read_bytes())
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}. Correct DAILIES_ALERT_RULES.") from error
    except ValidationError as error:
        raise BadInput(f"{file} cannot be used: {everything_wrong(error)}") from error
    rules = {rule.key: rule for rule in (*RULES, *found.rules)}
    return tuple(rule for rule in rules.values() if rule.key not in found.off)


def rules_in_force(file: Path | None = None) -> tuple[tuple[AlertRule, ...], str | None]:
    """The rules that can be used, and what is wrong with the others: a bad one silences none of the rest."""
    try:
        return load_rules(file), None
    except BadInput as error:
        return _usable(file), str(error)


def _usable(file: Path | None) -> tuple[AlertRule, ...]:
    try:
        found = json.loads(file.read_bytes()) if file else {}
        given, off = found.get("rules", []), found.get("off", [])
        mine = list(map(_rule, given if isinstance(given, list) else []))
    except (OSError, ValueError, RecursionError, AttributeError):
        return RULES
    rules = {rule.key: rule for rule in (*RULES, *(rule for rule in mine if rule))}
    return tuple(rule for rule in rules.values() if not isinstance(off, list) or rule.key not in off)


def _rule(given: object) -> AlertRule | None:
    try:
        return _Rules.model_validate_json(json.dumps({"rules": [given]})).rules[0]
    except ValidationError:
        return None


class NotTold(DailiesError):
    """The webhook did not take the notice."""


class Webhook(Protocol):
    def tell(self, alert: Alert) -> None:
        """Raises NotTold."""


class SlackWebhook:
    """An incoming webhook of Slack, or of anything that takes the same JSON. `url` is a secret: whoever knows
    it may post."""

    def __init__(
        self, url: SecretStr, dashboard: str | None = None, http: httpx.Client | None = None
    ) -> None:
        self._url = url
        self._dashboard = dashboard
        self._http = http or httpx.Client(timeout=WEBHOOK_SECONDS)

    def tell(self, alert: Alert) -> None:
        try:
            answer = self._http.post(self._url.get_secret_value(), json=notice(alert, self._dashboard))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # not the error's own words, which may quote the address
            raise NotTold(f"The webhook could not be reached ({type(error).__name__}).") from None
        if not answer.is_success:
            raise NotTold(f"The webhook answered {answer.status_code}.")

    def close(self) -> None:
        self._http.close()


def notice(alert: Alert, dashboard: str | None = None) -> dict[str, Any]:
    """The message, in Slack's form. `<!channel>` and the like in it stay text."""
    if alert.ended_at:
        sign, head = "✅", f"Over: {alert.title}"
    else:
        sign, head = ("🔴" if alert.severity is Severity.CRITICAL else "🟠"), alert.title
    lines = [f"{sign} *{_plain(head)}*", _plain(alert.text)]
    if dashboard:
        lines.append(f"<{dashboard.rstrip('/')}|Open Dailies>")
    return {"text": "\n".join(lines)}


def _plain(text: str) -> str:
    return redact(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Round(NamedTuple):
    """What one evaluation of the rules changed, and how many notices went out."""

    fired: tuple[Alert, ...]
    resolved: tuple[Alert, ...]
    told: int
    not_told: int


def check_alerts(
    app: App,
    rules: Sequence[AlertRule],
    *,
    webhook: Webhook | None = None,
    quiet_seconds: int = QUIET_SECONDS,
) -> Round:
    """One evaluation of `rules`; harmless when two processes do it at once. Raises DatabaseError."""
    observed = {rule: seen for rule in rules if (seen := _observe(app, rule)) is not None}
    changes = data.save(
        app.db,
        [finding for rule, seen in observed.items() for finding in evaluate(rule, seen)],
        evaluated=[rule.key for rule in observed],
        rules=[rule.key for rule in rules],
        quiet_seconds=quiet_seconds,
    )
    sent = [_tell(app, webhook, alert) for alert in data.claim_notices(app.db)] if webhook else []
    return Round(
        fired=tuple(change.alert for change in changes if change.fired),
        resolved=tuple(change.alert for change in changes if not change.fired),
        told=sent.count(True),
        not_told=sent.count(False),
    )


def _observe(app: App, rule: AlertRule) -> list[Observation] | None:
    """None when it cannot be measured now."""
    if rule.measure != CREDITS_LEFT:
        try:
            return data.measure(app.db, rule.measure, rule.minutes)
        except NotFound:  # an older schema
            return None
    try:
        return [Observation("", app.runway.organization().credit_balance)]
    except RunwayError:
        return None


def _tell(app: App, webhook: Webhook, alert: Alert) -> bool:
    """False when it could not be sent, and will be tried again."""
    try:
        webhook.tell(alert)
    except NotTold as error:
        data.notice_sent(app.db, alert, str(error))
        return False
    data.notice_sent(app.db, alert)
    return True


def active_alerts(app: App) -> list[Alert]:
    """What is wrong now, the critical ones first, then the longest standing."""
    return sorted(data.active(app.db), key=lambda alert: (alert.is_silenced, alert.severity != "critical"))


def silence(app: App, name: str, minutes: int, *, reason: str | None = None) -> None:
    """Keeps `name`, a rule or `rule/subject`, from being told for some minutes; 0 lifts that. Audited."""
    rule, _, subject = name.partition("/")
    rules = load_rules(app.settings.alert_rules)
    known = {rule.key for rule in rules} | {alert.rule for alert in data.active(app.db)}
    if rule not in known:
        raise BadInput(f"There is no alert rule {rule!r}. The rules are {', '.join(sorted(known))}.")
    data.silence(app.db, rule, minutes, app.operator, subject=subject or None, reason=reason)

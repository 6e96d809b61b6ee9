"""Alerts on the Overview: what a person on call needs to read, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lib.data import alerts as data
from lib.data.audit import trail
from lib.data.postgres import PostgresDatabase
from lib.domain.alert import MEASURES, AlertRule, Breach, Severity
from lib.domain.cause import CAUSES
from lib.operations.alerts import active_alerts
from lib.settings import Settings
from lib.ui.kit.dashboard import Dashboard, provide
from lib.ui.views.alerts import TODO, grouped
from tests.apps import app_of
from tests.pages import opened, serve, text_of

STUCK = Breach(AlertRule("stuck", "stuck_minutes", 30, severity=Severity.CRITICAL), "missing_api_key", 90, 12)
NO_LOGS = Breach(AlertRule("no-logs", "minutes_without_logs", 30), "", 45, 7)


@pytest.fixture
def db(postgres: PostgresDatabase) -> Iterator[PostgresDatabase]:
    serve(postgres)
    yield postgres
    provide(Dashboard(app_of()))


def fire(db: PostgresDatabase, *findings: Breach) -> None:
    rules = [finding.rule.key for finding in findings]
    data.save(db, findings, evaluated=rules, rules=rules, quiet_seconds=120)


@pytest.mark.usefixtures("db")
def test_without_alerts_nothing_is_said_of_them() -> None:
    assert not opened("overview").get("menu_button")


def test_an_alert_says_what_is_wrong_since_when_and_what_to_do(db: PostgresDatabase) -> None:
    fire(db, NO_LOGS)
    app = opened("overview")
    said = text_of(app)
    assert "**No logs are arriving**" in said
    assert "Over the last 45 minutes, 7 new videos and not one log entry." in said
    assert "since " in said
    assert "Check the log drain" in [link.label for link in app.page_link]


def test_an_alert_is_silenced_and_told_again_in_the_operators_name(db: PostgresDatabase) -> None:
    fire(db, NO_LOGS)
    app = opened("overview")
    app.menu_button[0].click("Silence for 8 hours").run()
    assert not app.exception
    assert active_alerts(app_of(db))[0].is_silenced
    assert "silenced until" in text_of(app)
    assert not app.menu_button
    app.button(key="tell-no-logs").click().run()
    assert not active_alerts(app_of(db))[0].is_silenced
    operator = Settings.model_validate({}).operator
    done = [(row["action"], row["operator"]) for row in trail(db)][:2]
    assert done == [("alert_unsilenced", operator), ("alert_silenced", operator)]


def test_many_causes_of_one_rule_are_one_line(db: PostgresDatabase) -> None:
    fire(db, *(replace(STUCK, subject=cause) for cause in list(CAUSES)[:6]))
    (group,) = grouped(active_alerts(app_of(db)))
    assert group.text.endswith(" and 3 more")
    assert len(opened("overview").menu_button) == 1


def test_a_cause_that_was_not_silenced_is_told_all_the_same(db: PostgresDatabase) -> None:
    fire(db, STUCK)
    app = opened("overview")
    app.menu_button[0].click("Silence for 1 hour").run()
    fire(db, STUCK, replace(STUCK, subject="rate_limited"))
    loud, quiet = grouped(active_alerts(app_of(db)))
    assert (loud.names, quiet.names) == (["Rate limited"], ["API key missing"])


def test_there_is_something_to_do_about_every_measure() -> None:
    assert set(TODO) == set(MEASURES)

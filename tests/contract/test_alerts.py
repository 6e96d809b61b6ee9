"""Alerts over a real database, through each transport."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import psycopg
import pytest

from lib.app import App
from lib.data import alerts as data
from lib.data.database import Database
from lib.domain.alert import MEASURES, Alert, AlertRule, Severity
from lib.errors import BadInput, NotFound
from lib.operations.alerts import NotTold, active_alerts, check_alerts, silence
from lib.runway.client import RunwayClient
from tests.apps import app_of
from tests.web import Runway

STUCK = AlertRule("stuck", "stuck_minutes", 30, severity=Severity.CRITICAL)
CREDITS = AlertRule("credits-low", "credits_left", 500)


class Listener:
    """A webhook that keeps what it is told; the first `refusals` notices it refuses."""

    def __init__(self, refusals: int = 0) -> None:
        self.heard: list[tuple[str, bool]] = []
        self.refusals = refusals

    def tell(self, alert: Alert) -> None:
        if self.refusals:
            self.refusals -= 1
            raise NotTold("The webhook answered 500.")
        self.heard.append((alert.name, alert.ended_at is not None))


def asking(db: Database, credits: int) -> App:
    """With a Runway that has so many credits."""
    return app_of(db, cast(RunwayClient, Runway(credits)))


@pytest.fixture
def sql(database_url: str) -> Iterator[Callable[..., Any]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection.execute


def add_video(
    sql: Callable[..., Any],
    minutes_ago: float,
    cause: str = "missing_api_key",
    *,
    stuck: bool = True,
    status: str = "processing",
) -> str:
    video, at = str(uuid.uuid4()), datetime.now(UTC) - timedelta(minutes=minutes_ago)
    sql(
        "insert into videos (id, status, created_at, updated_at) values (%s, %s, %s, %s)",
        [video, status, at, at],
    )
    sql(
        "insert into dailies.verdicts (video_id, created_at, cause, confidence, action, stuck) "
        "values (%s, %s, %s, 'certain', 'retry', %s)",
        [video, at, cause, stuck],
    )
    return video


def values(db: Database, measure: str, minutes: int = 60) -> dict[str, tuple[float, int]]:
    return {seen.subject: (round(seen.value), seen.cases) for seen in data.measure(db, measure, minutes)}


def test_stuck_videos_are_measured_by_cause(db: Database, sql: Callable[..., Any]) -> None:
    add_video(sql, 90)
    add_video(sql, 40)
    add_video(sql, 20, "never_polled")
    add_video(sql, 500, "moderated", stuck=False)
    assert values(db, "stuck_minutes") == {"missing_api_key": (90, 2), "never_polled": (20, 1)}


def test_success_is_measured_over_what_finished_in_the_window(db: Database, sql: Callable[..., Any]) -> None:
    assert values(db, "success_percent") == {}
    for minutes_ago, status in (
        (5, "succeeded"),
        (6, "failed"),
        (7, "failed"),
        (8, "processing"),
        (70, "failed"),
    ):
        add_video(sql, minutes_ago, stuck=False, status=status)
    assert values(db, "success_percent") == {"": (33, 3)}


def test_a_cause_is_new_only_where_there_is_a_past_without_it(db: Database, sql: Callable[..., Any]) -> None:
    add_video(sql, 5, "unauthorized")
    assert values(db, "new_cause_videos") == {}
    add_video(sql, 600, "moderated")
    add_video(sql, 6, "moderated")
    assert values(db, "new_cause_videos") == {"unauthorized": (1, 1)}


def test_logs_are_missed_only_while_videos_come_without_them(db: Database, sql: Callable[..., Any]) -> None:
    add_video(sql, 300)
    assert values(db, "minutes_without_logs") == {}
    sql(
        "insert into dailies.log_entries (key, at, level, message) "
        "values (gen_random_uuid(), now() - interval '200 minutes', 'info', 'x')"
    )
    assert values(db, "minutes_without_logs") == {}
    add_video(sql, 45)
    add_video(sql, 10)
    assert values(db, "minutes_without_logs") == {"": (45, 2)}
    assert values(db, "minutes_without_videos") == {"": (10, 1)}


def test_spent_credits_are_those_of_the_window(db: Database, sql: Callable[..., Any]) -> None:
    for hours, credits in ((1, 25), (2, 50), (30, 100)):
        sql(
            "insert into dailies.tasks (task_id, status, credits, created_at) "
            "values (gen_random_uuid()::text, 'SUCCEEDED', %s, now() - make_interval(hours => %s))",
            [credits, hours],
        )
    assert values(db, "credits_spent", 24 * 60) == {"": (75, 2)}


def test_a_worker_is_missed_unless_it_said_goodbye_or_was_followed(
    db: Database, sql: Callable[..., Any]
) -> None:
    add = (
        "insert into dailies.workers (id, host, pid, started_at, beat_at, stopped_at) values "
        "(%s, %s, 1, now() - interval '2 hours', now() - make_interval(mins => %s), %s)"
    )
    sql(add, ["killed", "a", 10, None])
    sql(add, ["stopped", "b", 10, datetime.now(UTC)])
    sql(add, ["replaced", "c", 10, None])
    sql("insert into dailies.workers (id, host, pid) values ('next', 'c', 2)")
    assert values(db, "worker_silent_minutes") == {"killed": (10, 1), "next": (0, 1)}


@pytest.mark.parametrize("measure", sorted(MEASURES.keys() - {"credits_left"}))
def test_every_measure_of_a_rule_is_known_to_the_database(db: Database, measure: str) -> None:
    assert data.measure(db, measure, 60) == []


def test_an_unknown_measure_is_refused(db: Database) -> None:
    for name in ("moon", "stuck_minutes; drop table videos"):
        with pytest.raises(NotFound):
            data.measure(db, name, 60)


def test_an_incident_is_told_once_when_it_begins_and_once_when_it_is_over(
    db: Database, sql: Callable[..., Any]
) -> None:
    listener = Listener()
    add_video(sql, 90)
    first = check_alerts(app_of(db), [STUCK], webhook=listener)
    assert [(alert.name, alert.severity) for alert in first.fired] == [("stuck/missing_api_key", "critical")]
    again = check_alerts(app_of(db), [STUCK], webhook=listener)
    assert (again.fired, again.told) == ((), 0)
    sql("update dailies.verdicts set stuck = false")
    over = check_alerts(app_of(db), [STUCK], webhook=listener, quiet_seconds=0)
    assert [alert.name for alert in over.resolved] == ["stuck/missing_api_key"]
    check_alerts(app_of(db), [STUCK], webhook=listener, quiet_seconds=0)
    assert listener.heard == [("stuck/missing_api_key", False), ("stuck/missing_api_key", True)]
    assert active_alerts(app_of(db)) == []
    assert [alert.ended_at is not None for alert in data.history(db)] == [True]


def test_an_incident_that_flickers_stays_one(db: Database, sql: Callable[..., Any]) -> None:
    add_video(sql, 90)
    check_alerts(app_of(db), [STUCK])
    sql("update dailies.verdicts set stuck = false")
    assert check_alerts(app_of(db), [STUCK]).resolved == ()
    sql("update dailies.verdicts set stuck = true")
    assert check_alerts(app_of(db), [STUCK]).fired == ()
    assert len(data.history(db)) == 1


def test_two_processes_that_evaluate_at_once_fire_once(db: Database, sql: Callable[..., Any]) -> None:
    add_video(sql, 90)
    listener = Listener()
    with ThreadPoolExecutor(8) as threads:
        rounds = list(threads.map(lambda _: check_alerts(app_of(db), [STUCK], webhook=listener), range(8)))
    assert sum(len(one.fired) for one in rounds) == 1
    assert listener.heard == [("stuck/missing_api_key", False)]


def test_a_notice_that_was_refused_is_sent_later(db: Database, sql: Callable[..., Any]) -> None:
    add_video(sql, 90)
    listener = Listener(refusals=1)
    assert check_alerts(app_of(db), [STUCK], webhook=listener).not_told == 1
    assert active_alerts(app_of(db))[0].problem == "The webhook answered 500."
    assert check_alerts(app_of(db), [STUCK], webhook=listener).told == 0  # not at once again
    sql("update dailies.alerts set tell_at = now()")
    assert check_alerts(app_of(db), [STUCK], webhook=listener).told == 1
    assert active_alerts(app_of(db))[0].problem is None


def test_a_silenced_alert_is_listed_and_not_told(db: Database, sql: Callable[..., Any]) -> None:
    listener = Listener()
    silence(app_of(db, operator="ada"), "stuck/missing_api_key", 60, reason="known")
    add_video(sql, 90)
    add_video(sql, 90, "never_polled")
    check_alerts(app_of(db), [STUCK], webhook=listener)
    assert listener.heard == [("stuck/never_polled", False)]
    assert [(alert.subject, alert.is_silenced) for alert in active_alerts(app_of(db))] == [
        ("never_polled", False),
        ("missing_api_key", True),
    ]
    silence(app_of(db, operator="ada"), "stuck/missing_api_key", 0)
    check_alerts(app_of(db), [STUCK], webhook=listener)
    assert listener.heard[1:] == [("stuck/missing_api_key", False)]


def test_a_silence_of_a_rule_holds_for_all_it_fires_about(db: Database, sql: Callable[..., Any]) -> None:
    listener = Listener()
    silence(app_of(db, operator="ada"), "stuck", 60)
    add_video(sql, 90)
    check_alerts(app_of(db), [STUCK], webhook=listener)
    sql("update dailies.verdicts set stuck = false")
    check_alerts(app_of(db), [STUCK], webhook=listener, quiet_seconds=0)
    assert listener.heard == []  # that it is over is no news to people who were not told


def test_a_silence_names_a_rule_that_exists_and_a_time_that_ends(db: Database) -> None:
    with pytest.raises(BadInput, match="There is no alert rule 'moon'"):
        silence(app_of(db, operator="ada"), "moon", 60)
    with pytest.raises(BadInput, match="up to a year"):
        silence(app_of(db, operator="ada"), "stuck", -1)


def test_firing_resolving_and_silencing_are_audited(db: Database, sql: Callable[..., Any]) -> None:
    add_video(sql, 90)
    check_alerts(app_of(db), [STUCK])
    silence(app_of(db, operator="ada"), "stuck", 60, reason="known")
    sql("update dailies.verdicts set stuck = false")
    check_alerts(app_of(db), [STUCK], quiet_seconds=0)
    rows = sql("select operator, action, after ->> 'rule' from dailies.audit order by id").fetchall()
    assert rows == [
        ("dailies", "alert_fired", "stuck"),
        ("ada", "alert_silenced", "stuck"),
        ("dailies", "alert_resolved", "stuck"),
    ]


def test_credits_are_asked_of_runway_and_their_alert_stays_while_it_cannot_answer(db: Database) -> None:
    assert len(check_alerts(asking(db, 499), [CREDITS]).fired) == 1
    assert check_alerts(app_of(db), [CREDITS], quiet_seconds=0).resolved == ()
    assert len(check_alerts(asking(db, 500), [CREDITS], quiet_seconds=0).resolved) == 1


def test_the_incidents_of_a_rule_that_is_gone_end(db: Database, sql: Callable[..., Any]) -> None:
    add_video(sql, 90)
    check_alerts(app_of(db), [STUCK])
    assert len(check_alerts(app_of(db), [], quiet_seconds=0).resolved) == 1

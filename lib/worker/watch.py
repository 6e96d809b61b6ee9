"""The verbs that watch: alerts, and the app's logs where a token of Vercel is set and no log drain.

Every worker has them; a lease sees to it that one of them does it each minute. A drain knows when each line
was written, the history only when its request began: of both together every line would be there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lib.data.database import Database
from lib.data.workers import keep_lease, take_lease
from lib.operations.alerts import SlackWebhook, check_alerts, load_rules
from lib.operations.pull_logs import log_pull, open_vercel
from lib.runway.organization import OrganizationReader
from lib.settings import Settings
from lib.worker.loop import Verb

EVERY_SECONDS = 60.0
LEASE_SECONDS = 600.0  # a first pull reads a day of logs
PAUSE = 15.0


def watching(db: Database, runway: OrganizationReader, settings: Settings, worker: str) -> Iterator[Verb]:
    yield Verb("alerts", in_turn(db, "alerts", worker, lambda: watch_alerts(db, runway, settings)), PAUSE)
    if settings.vercel_token and settings.vercel_project and not settings.log_drain_secret:
        yield Verb("logs", in_turn(db, "pull-logs", worker, lambda: pull_logs(db, settings)), PAUSE)


def in_turn(db: Database, name: str, worker: str, do: Callable[[], object]) -> Callable[[], int]:
    """`do`, by one of all workers every EVERY_SECONDS."""

    def step() -> int:
        if take_lease(db, name, worker, LEASE_SECONDS, every_seconds=EVERY_SECONDS):
            try:
                do()
            finally:
                keep_lease(db, name, worker, 0)
        return 0  # there is never more to do at once

    return step


def watch_alerts(db: Database, runway: OrganizationReader, settings: Settings) -> None:
    """Raises BadInput for rules that cannot be used."""
    rules = load_rules(settings.alert_rules)
    if settings.alert_webhook is None:
        check_alerts(db, rules, runway=runway)
        return
    webhook = SlackWebhook(settings.alert_webhook, settings.address)
    try:
        check_alerts(db, rules, runway=runway, webhook=webhook)
    finally:
        webhook.close()


def pull_logs(db: Database, settings: Settings) -> None:
    """Raises VercelError."""
    vercel = open_vercel(settings)
    try:
        log_pull(db, vercel, settings).catch_up()
    finally:
        vercel.close()

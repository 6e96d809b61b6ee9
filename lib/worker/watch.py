"""The verbs that watch: alerts, the logs that are stored, and those of the app where a token of Vercel is set
and no log drain.

Every worker has them; a lease sees to it that one of them does it each minute. A drain knows when each line
was written, the history only when its request began: of both together every line would be there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

from lib.app import App
from lib.data.logs import index_log_weeks
from lib.data.workers import keep_lease, take_lease
from lib.errors import BadInput
from lib.operations.alerts import SlackWebhook, check_alerts, rules_in_force
from lib.operations.expire_logs import KEEPER, expire_logs
from lib.operations.pull_logs import LogPull, open_vercel
from lib.worker.loop import Verb

EVERY_SECONDS = 60.0
LEASE_SECONDS = 600.0  # a first pull reads a day of logs
PAUSE = 15.0


def watching(app: App, worker: str) -> Iterator[Verb]:
    settings = app.settings
    yield Verb("alerts", in_turn(app, "alerts", worker, watch_alerts), PAUSE)
    yield Verb("old-logs", in_turn(app, "old-logs", worker, tend_logs), PAUSE)
    if settings.vercel_token and settings.vercel_project and not settings.log_drain_secret:
        yield Verb("logs", in_turn(app, "pull-logs", worker, pull_logs), PAUSE)


def in_turn(app: App, name: str, worker: str, do: Callable[[App], object]) -> Callable[[], int]:
    """`do`, by one of all workers every EVERY_SECONDS."""

    def step() -> int:
        if take_lease(app.db, name, worker, LEASE_SECONDS, every_seconds=EVERY_SECONDS):
            try:
                do(app)
            finally:
                keep_lease(app.db, name, worker, 0)
        return 0  # there is never more to do at once

    return step


def watch_alerts(app: App) -> None:
    """Raises BadInput for rules that cannot be used, once the others have been seen to."""
    rules, wrong = rules_in_force(app.settings.alert_rules)
    if app.settings.alert_webhook is None:
        check_alerts(app, rules)
    else:
        with closing(SlackWebhook(app.settings.alert_webhook, app.settings.address)) as webhook:
            check_alerts(app, rules, webhook=webhook)
    if wrong:
        raise BadInput(wrong)


def tend_logs(app: App) -> None:
    """Drops what is older than the team keeps, and makes the weeks and days that are over searchable."""
    acting = app.acting_as(KEEPER)
    if app.settings.keep_logs_days:
        expire_logs(acting, app.settings.keep_logs_days)
    index_log_weeks(app.db)


def pull_logs(app: App) -> None:
    """Raises VercelError."""
    with closing(open_vercel(app.settings)) as vercel:
        LogPull(app, vercel).catch_up()

"""Dropping old logs, a week at a time. Verdicts stay, and so does what somebody may still act on."""

from __future__ import annotations

from lib.app import App
from lib.data.logs import DroppedWeek, expire_rest, expire_week

KEEPER = "old-logs"  # who drops them by policy, in the audit


def expire_logs(app: App, days: int) -> list[DroppedWeek]:
    """Drops the weeks that ended more than `days` days ago, the oldest first; each leaves a row in the audit.
    Stopped half-way, it goes on when it is called again. Raises DatabaseConflict while somebody reads the
    logs for long.
    """
    dropped = []
    while week := expire_week(app.db, days, app.operator):
        dropped.append(week)
    while expire_rest(app.db):
        pass
    return dropped

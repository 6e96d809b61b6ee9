"""Every HTTP route of Dailies, for the server to put before the app's pages."""

from __future__ import annotations

from starlette.routing import Route

from lib.app import GetApp
from lib.web import cron, health, log_drain, metrics
from lib.web.replies import NothingHere
from lib.web.runway_watch import RunwayWatch


def routes(app: GetApp) -> list[Route]:
    """`app` is called with every request: the process may still be starting."""
    watch = RunwayWatch(app)
    return [
        *health.routes(app, watch),
        *log_drain.routes(app),
        *cron.routes(app),
        *metrics.routes(app, watch),
        Route("/api", NothingHere()),
        Route("/api/{path:path}", NothingHere()),
    ]

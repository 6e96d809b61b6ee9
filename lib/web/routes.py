"""Every HTTP route of Dailies, for the server to put before the app's pages."""

from __future__ import annotations

from starlette.routing import Route

from lib.web import cron, health, log_drain, metrics
from lib.web.parts import GetParts
from lib.web.replies import NotFound
from lib.web.runway_watch import RunwayWatch


def routes(parts: GetParts) -> list[Route]:
    """`parts` is called with every request: the process may still be starting."""
    watch = RunwayWatch(parts)
    return [
        *health.routes(parts, watch),
        *log_drain.routes(parts),
        *cron.routes(parts),
        *metrics.routes(parts, watch),
        Route("/api", NotFound()),
        Route("/api/{path:path}", NotFound()),
    ]

"""`GET /metrics`: the state of everything in Prometheus' text format.

Open to this machine alone, unless DAILIES_METRICS_TOKEN is set: then to whoever sends it, from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.app import GetApp
from lib.data import status as edge
from lib.data.status import Sample
from lib.domain.address import is_loopback
from lib.errors import DailiesError
from lib.settings import Settings
from lib.web.body import bearer, same_secret
from lib.web.replies import Endpoint, Refused
from lib.web.runway_watch import RunwayWatch
from lib.web.snapshot import Snapshot

KEEP_SECONDS = 30.0  # counting a million videos takes a second
LIMIT_SECONDS = 20.0
HELP = {
    "up": "1 when the database answers.",
    "videos": "Videos by status, of all times.",
    "videos_by_cause": "Judged videos by cause, of all times.",
    "videos_stuck": "Videos that are stuck now.",
    "videos_recoverable": "Videos whose task exists and whose id is not saved.",
    "oldest_stuck_seconds": "Since the oldest stuck video was created.",
    "oldest_unfinished_seconds": "Since the oldest unfinished video was created.",
    "attempts": "Paid calls by how they came out.",
    "attempts_credits": "Credits of paid calls by how they came out; unknown ones are at risk.",
    "credits_spent": "Credits of all known tasks.",
    "queue_jobs": "Jobs of the queue by state.",
    "queue_oldest_seconds": "Since the oldest waiting job was queued.",
    "workers": "Workers by state.",
    "sweep_age_seconds": "Since the last sweep was completed.",
    "judging_backlog": "Videos that wait to be judged.",
    "judging_oldest_seconds": "Since the longest waiting of them changed.",
    "last_log_age_seconds": "Since the newest log entry.",
    "alerts": "Alerts that are active now.",
    "runway_up": "1 when Runway answered the last time it was asked.",
    "runway_credits": "Credits left at Runway.",
}


class Samples(Collector):
    """A registry's source that gives these samples as gauges."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = list(samples)

    def collect(self) -> Iterator[Metric]:
        for name, text in HELP.items():
            metric = Metric(f"dailies_{name}", text, "gauge")
            for sample in self._samples:
                if sample.name == name:
                    metric.add_sample(metric.name, sample.labels, sample.value)
            if metric.samples:
                yield metric


class Metrics:
    def __init__(self, app: GetApp, watch: RunwayWatch) -> None:
        self._app = app
        self._watch = watch
        self._samples = Snapshot(
            lambda: edge.metrics(app().db), keep_seconds=KEEP_SECONDS, limit_seconds=LIMIT_SECONDS
        )

    async def get(self, request: Request) -> Response:
        settings = self._app().settings
        if not may_watch(request, settings):
            if settings.metrics_token:
                raise Refused(401, "unauthorized", "Send DAILIES_METRICS_TOKEN as a bearer token.")
            todo = "Set DAILIES_METRICS_TOKEN to read the metrics from another machine."
            raise Refused(403, "not_configured", todo)
        try:
            samples = [Sample("up", {}, 1), *await self._samples.get()]
        except DailiesError:
            samples = [Sample("up", {}, 0)]
        registry = CollectorRegistry(auto_describe=False)
        if runway := self._watch.seen:
            samples.append(Sample("runway_up", {}, float(runway.credits is not None)))
            samples += [] if runway.credits is None else [Sample("runway_credits", {}, runway.credits)]
        registry.register(Samples(samples))
        return Response(
            generate_latest(registry),
            headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4},
            background=BackgroundTask(self._watch.refresh),
        )


def may_watch(request: Request, settings: Settings) -> bool:
    """A request that a proxy forwarded comes from elsewhere, wherever the proxy runs."""
    if token := settings.metrics_token:
        return same_secret(token.get_secret_value(), bearer(request))
    is_forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for"))
    return not is_forwarded and request.client is not None and is_loopback(request.client.host)


def routes(app: GetApp, watch: RunwayWatch) -> list[Route]:
    return [Route("/metrics", Endpoint(GET=Metrics(app, watch).get))]

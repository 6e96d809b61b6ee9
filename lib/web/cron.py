"""`GET /api/cron/sweep` and `/api/cron/process`: Vercel Cron, or any other clock, sets the work going.

Cron may fire twice, or at the moment at which a worker does the same: leases and claims in the database see
to it that a thing is done once. An answer comes within SECONDS, whatever the work takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lib.app import App, GetApp
from lib.operations.judge import judge_dirty
from lib.operations.poll import POLLER, poll_due
from lib.operations.process import process
from lib.operations.sweep import sweep
from lib.web.body import bearer, same_secret
from lib.web.replies import Endpoint, Refused, found
from lib.worker.jobs import JobVerb, slots_of
from lib.worker.start import worker_id

SECONDS = 50.0  # Vercel ends a function of the smallest plan at 60
BEGIN_SECONDS = 20.0  # after which nothing new is begun: a paid call takes its time
SWEEP_EVERY_SECONDS = 30.0

IsLate = Callable[[], bool]
Work = Callable[[App, IsLate], dict[str, Any]]


class Cron:
    """One kind of work, done by one request at a time in this process."""

    def __init__(self, app: GetApp, work: Work, seconds: float = SECONDS) -> None:
        self._app = app
        self._work = work
        self._seconds = seconds
        self._turn = anyio.CapacityLimiter(1)

    async def fire(self, request: Request) -> Response:
        app = self._app()
        secret = app.settings.cron_secret
        if secret is None:
            raise Refused(401, "not_configured", "Set CRON_SECRET, here and where the calls come from.")
        if not same_secret(secret.get_secret_value(), bearer(request)):
            raise Refused(401, "unauthorized", "Send CRON_SECRET as a bearer token.")
        ends = time.monotonic() + BEGIN_SECONDS
        try:
            with anyio.fail_after(self._seconds):
                result = await anyio.to_thread.run_sync(
                    self._work,
                    app,
                    lambda: time.monotonic() > ends,
                    abandon_on_cancel=True,
                    limiter=self._turn,
                )
        except TimeoutError:
            return JSONResponse({"done": False, "message": f"Goes on after {self._seconds:g} s."}, 202)
        return found(done=True, **result)


def sweep_once(app: App, is_late: IsLate) -> dict[str, Any]:
    holder = f"cron-{worker_id()}"
    report = sweep(app, holder=holder, every_seconds=SWEEP_EVERY_SECONDS, stopped=is_late)
    if report is None:
        reason = f"Another sweep goes on, or began less than {SWEEP_EVERY_SECONDS:g} s ago."
        return {"acted": False, "message": reason}
    return {"acted": True, "decisions": report.counts(), "complete": report.complete}


def process_queue(app: App, is_late: IsLate) -> dict[str, Any]:
    """What a worker does, for a while: generates what is queued, looks tasks up, judges what changed."""
    jobs = JobVerb(app, lambda job: process(app, job), slots=lambda: slots_of(app.runway))
    try:
        processed = _until(is_late, jobs.step)
    finally:
        jobs.finish()
    poller = app.acting_as(POLLER)
    polled = _until(is_late, lambda: len(poll_due(poller, stopped=is_late)))
    judged = _until(is_late, lambda: judge_dirty(app, 200))
    return {"processed": processed, "polled": polled, "judged": judged, "complete": not is_late()}


def _until(is_late: IsLate, step: Callable[[], int]) -> int:
    """Repeats `step` while it finds work and there is time. How much it did."""
    total = 0
    while not is_late() and (done := step()):
        total += done
    return total


def routes(app: GetApp) -> list[Route]:
    works: dict[str, Work] = {"sweep": sweep_once, "process": process_queue}
    return [Route(f"/api/cron/{name}", Endpoint(GET=Cron(app, work).fire)) for name, work in works.items()]

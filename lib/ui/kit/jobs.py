"""Work that a click starts and that must not end with the click's page: paid calls, repairs, imports."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from lib.errors import DailiesError

logger = logging.getLogger(__name__)
REMEMBERED = 200


class Jobs:
    """One job a name at a time: starting one that is running does nothing, so a double click starts one."""

    def __init__(self, workers: int = 4) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="dailies-job")
        self._jobs: dict[str, Future[object]] = {}

    def start(self, name: str, work: Callable[[], object]) -> None:
        if self.is_running(name):
            return
        for old in [n for n, job in self._jobs.items() if job.done()][:-REMEMBERED]:
            del self._jobs[old]
        job = self._pool.submit(work)
        job.add_done_callback(_log_failure)
        self._jobs[name] = job

    def is_known(self, name: str) -> bool:
        """Whether it was started here, however it ended."""
        return name in self._jobs

    def is_running(self, name: str) -> bool:
        return name in self._jobs and not self._jobs[name].done()

    def result(self, name: str) -> object | None:
        """What the job returned; None while it runs, when nobody started it, or when it failed."""
        job = self._jobs.get(name)
        if job is None or not job.done() or job.cancelled() or job.exception():
            return None
        return job.result()

    def problem(self, name: str) -> DailiesError | None:
        """Why the job failed, if it did."""
        job = self._jobs.get(name)
        if job and job.cancelled():
            return DailiesError("It was not begun: Dailies was being stopped.")
        error = job.exception() if job and job.done() else None
        if error is None or isinstance(error, DailiesError):
            return error
        return DailiesError("It ended in an unexpected error. The server's log holds the details.")

    def stop(self) -> None:
        """Waits for what is going on: a paid call must not be left half done."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _log_failure(job: Future[object]) -> None:
    error = None if job.cancelled() else job.exception()
    if error is not None:
        unexpected = not isinstance(error, DailiesError)
        logger.warning("A job failed: %s", error, exc_info=error if unexpected else None)

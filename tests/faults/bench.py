"""Carries out the cases of the matrix against one database and one simulator, and counts what was lost."""

from __future__ import annotations

import multiprocessing
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from lib.data import attempts, videos
from lib.data.database import Database, Row
from lib.data.postgres import PostgresDatabase
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.pricing import GenerationRequest
from lib.errors import DatabaseUnavailable
from lib.operations.generate import video_id_of
from lib.operations.journal import Journal
from lib.operations.recover import settle_interrupted
from tests.faults.cases import PAYING, Case
from tests.faults.child import Work, carry_out, run
from tests.production import ANSWERED, put_log, put_row, terminated
from tests.simulated import Simulated, simulated


class Failing:
    """A database that does not answer calls of one function: before carrying them out, or after."""

    def __init__(self, db: PostgresDatabase, function: str, *, lost: bool) -> None:
        self.label = db.label
        self._db = db
        self._function = function
        self._lost = lost

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        if function != self._function:
            return self._db.call(function, **arguments)
        if self._lost:
            self._db.call(function, **arguments)
        raise DatabaseUnavailable

    def close(self) -> None:
        """The other one is closed by whoever opened it."""


@dataclass(frozen=True)
class Result:
    """What a case left behind, after a restart and one more try."""

    case: Case
    attempts: int
    created: int  # tasks at Runway
    flagged: int  # of these, unknown to the database, but their video says so
    lost: int  # unknown to the database, and nothing says so
    paid_twice: int
    wrong: tuple[str, ...]  # what the row or the attempts claim and is not so

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.paid_twice or self.wrong)


class Left(NamedTuple):
    row: Row | None
    attempts: list[Attempt]
    tasks: set[str]


class Bench:
    def __init__(self, database_url: str, runway: Simulated, folder: Path) -> None:
        self._url = database_url
        self._db = PostgresDatabase(database_url, label="faults")
        self._runway = runway
        self._journal = folder / "journal.jsonl"
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.faults.child"])

    def close(self) -> None:
        self._db.close()

    def run(self, case: Case) -> Result:
        work = self._prepare(case)
        if case.kill:
            process = self._processes.Process(target=run, args=(work,))
            process.start()
            process.join(30)
            assert process.exitcode == -signal.SIGKILL, f"{case.name}: not killed, but {process.exitcode}"
        else:
            carry_out(work, self._database(case), self._runway.client)
        self._restart()
        wrong = self._wrong(self._left(work))
        self._once_more(work)
        left = self._left(work)
        return _result(case, left, (*wrong, *self._wrong(left)))

    def _database(self, case: Case) -> Database:
        return Failing(self._db, case.database, lost=case.lost) if case.database else self._db

    def _prepare(self, case: Case) -> Work:
        """A row for what needs one; the prompt tells the case's tasks from all others."""
        key = f"{case.name} {uuid.uuid4()}"
        slow = "after-hang:3" if case.kill == "posting" else None
        fault = case.runway or slow
        prompt = f"{key} {f'[fault:{fault}]' if fault else ''}"
        request = GenerationRequest("https://images.example.com/rex.jpg", prompt, duration=2)
        video_id = video_id_of(key) if case.operation == "generate" else self._put_row(case, request)
        return Work(
            operation=case.operation,
            database_url=self._url,
            runway_url=self._runway.server.url,
            journal=self._journal,
            request=request,
            key=key,
            video_id=video_id,
            kill=case.kill,
        )

    def _put_row(self, case: Case, request: GenerationRequest) -> str:
        if case.operation in PAYING:
            return terminated(self._db, prompt=request.prompt)
        task_id = self._runway.store.create(request).id
        saved = task_id if case.operation == "poll" else None
        video_id = put_row(self._db, prompt=request.prompt, runway_video_id=saved)
        put_log(self._db, video_id, *ANSWERED, task=task_id)
        return video_id

    def _restart(self) -> None:
        """What the next start does, and one sweep long after."""
        settle_interrupted(self._db, Journal(self._journal), older_than=0)

    def _once_more(self, work: Work) -> None:
        """What a person does then: the same free operation again, or a retry without any override."""
        if self._left(work).row:
            operation = "retry" if work.operation in PAYING else work.operation
            carry_out(replace(work, operation=operation, kill=None), self._db, self._runway.client)

    def _left(self, work: Work) -> Left:
        rows = [row for row in videos.find_videos(self._db, work.video_id) if row == work.video_id]
        row = videos.get_video(self._db, work.video_id)["video"] if rows else None
        tasks = {task.id for task in self._runway.store.tasks() if work.key in task.prompt}
        return Left(row, attempts.of_video(self._db, work.video_id), tasks)

    def _wrong(self, left: Left) -> tuple[str, ...]:
        return tuple(_claims_that_are_not_so(left))


def _claims_that_are_not_so(left: Left) -> Iterator[str]:
    row, tried, tasks = left
    if sum(attempt.is_open for attempt in tried) > 1:
        yield "two open attempts"
    if row is None:
        if tasks:
            yield "a task without a row"
        return
    if row["runway_video_id"] and row["runway_video_id"] not in tasks:
        yield "the row has a task that does not exist"
    unknown = any(attempt.state is AttemptState.UNKNOWN for attempt in tried)
    if row["status"] == "processing" and not row["runway_video_id"] and tried and not unknown:
        yield "the row waits for nothing"
    if row["status"] == "failed" and not row["error_message"]:
        yield "the row does not say why it failed"


def _result(case: Case, left: Left, wrong: tuple[str, ...]) -> Result:
    known = {attempt.task_id for attempt in left.attempts} | {(left.row or {}).get("runway_video_id")}
    unknown = left.tasks - known
    room = sum(attempt.state is AttemptState.UNKNOWN for attempt in left.attempts)
    flagged = min(len(unknown), room)
    failed = 1 if case.runway and case.runway.startswith("fail") else 0  # a failed task may be tried again
    return Result(
        case,
        attempts=len(left.attempts),
        created=len(left.tasks),
        flagged=flagged,
        lost=len(unknown) - flagged,
        paid_twice=max(0, len(left.tasks) - 1 - failed),
        wrong=tuple(dict.fromkeys(wrong)),
    )


@contextmanager
def bench(database_url: str, folder: Path) -> Iterator[Bench]:
    """Timeouts are short: Runway's slowness is only played."""
    with simulated(folder / "simulator", timeout=0.5) as runway:
        runway.store.configure(daily=100_000, credits=10_000_000, concurrency=1000)
        ready = Bench(database_url, runway, folder)
        yield ready
        ready.close()

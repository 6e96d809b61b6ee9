"""Carries out cases of the matrix, one after the other, and counts what was lost."""

from __future__ import annotations

import multiprocessing
import signal
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from lib.data.postgres import STATEMENT_SECONDS, PostgresDatabase
from lib.domain.pricing import GenerationRequest
from lib.operations.generate import video_id_of
from lib.operations.poll import poll_due
from lib.operations.sweep import sweep
from lib.runway.client import connect
from lib.runway.simulator import SIMULATOR_KEY
from lib.runway.simulator.faults import parse_fault
from lib.runway.simulator.programme import PlannedFault
from lib.runway.simulator.schedule import StoredTask
from tests.apps import app_of
from tests.databases import EMPTY, Cluster
from tests.faults.cases import PAYING, Case
from tests.faults.child import Work, carry_out, run
from tests.faults.proxy import Proxy
from tests.faults.troubles import (
    AnswerLost,
    Conflicting,
    Locked,
    Meddling,
    Renamed,
    Trouble,
    Unreachable,
    kill_server,
    terminate,
)
from tests.faults.truth import Left, left, untrue
from tests.faults.writes import WRITES
from tests.production import ANSWERED, put_log, put_row, terminated
from tests.simulated import Simulated

PATIENT, HASTY = 5.0, 0.5  # seconds for an answer of Runway; hasty where none is to come
STATEMENT_TIMEOUT = 0.7
AT_WORK = """
select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
"""
AN_HOUR_LATER = """
update dailies.attempts set claimed_at = claimed_at - interval '1 hour',
    sent_at = sent_at - interval '1 hour', settled_at = settled_at - interval '1 hour';
update public.videos set created_at = created_at - interval '1 hour',
    updated_at = updated_at - interval '1 hour';
update dailies.log_entries set at = at - interval '1 hour';
update dailies.requests set at = at - interval '1 hour';
update dailies.look_ups set asked_at = asked_at - interval '1 hour', next_at = next_at - interval '1 hour';
update dailies.decisions set at = at - interval '1 hour', next_at = next_at - interval '1 hour';
"""
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.faults.child"])


@dataclass(frozen=True)
class Result:
    """What a case left behind, after a restart, a sweep and one more try."""

    case: Case
    attempts: int
    created: int  # tasks at Runway
    flagged: int  # of these, unknown to the database, but their video says so
    lost: int  # unknown to the database, and nothing says so
    paid_twice: int
    wrong: tuple[str, ...]  # what is claimed and is not so

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.paid_twice or self.wrong)


class Bench:
    """Over one database of `cluster`, which the cases have for themselves one at a time."""

    def __init__(self, cluster: Cluster, database: str, runway: Simulated, folder: Path) -> None:
        self._cluster = cluster
        self._database = database
        self._runway = runway
        self._folder = folder
        self._db = PostgresDatabase(self._url, label="faults")
        self._proxy = Proxy(lambda: int(self._url().rsplit(":", 1)[1].split("/")[0]))
        self._patient = connect(SIMULATOR_KEY, runway.server.url, timeout=PATIENT, retries=0)

    def close(self) -> None:
        self._patient.close()
        self._proxy.close()
        self._db.close()

    def run(self, case: Case) -> Result:
        self._execute(EMPTY)
        work = self._prepare(case)
        happened = self._killed(work) if case.kill else self._carried_out(case, work)
        wrong = [] if happened else ["it did not happen"]
        self._later(work)
        wrong += untrue(self._left(work), self._runway.store.now())
        self._once_more(work)
        self._later(work)
        found = self._left(work)
        return _result(case, found, (*wrong, *untrue(found, self._runway.store.now())))

    def _url(self) -> str:
        return self._cluster.url(self._database)

    def _execute(self, statements: str) -> None:
        with psycopg.connect(self._url()) as connection:
            connection.execute(statements.encode())

    def _prepare(self, case: Case) -> Work:
        """A row for what needs one; the prompt tells the case's tasks from all others."""
        key = f"{case.name} {uuid.uuid4()}"
        fault = "after-hang:3" if case.kill == "posting" else case.runway
        prompt = f"{key} [fault:{fault}]" if fault and case.operation in PAYING else key
        request = GenerationRequest("https://images.example.com/rex.jpg", prompt, duration=2)
        return Work(
            operation=case.operation,
            database_url=self._url(),
            runway_url=self._runway.server.url,
            runway_seconds=_runway_seconds(case),
            data=self._folder / str(uuid.uuid4()),
            request=request,
            key=key,
            video_id=self._put_row(case, request) or video_id_of(key),
            kill=case.kill,
            write=case.write,
        )

    def _put_row(self, case: Case, request: GenerationRequest) -> str | None:
        if case.operation == "generate":
            return None
        if case.operation == "retry":
            return terminated(self._db, prompt=request.prompt)
        task_id = self._put_task(case, request)
        saved = None if case.operation == "recover" else task_id
        video_id = put_row(self._db, prompt=request.prompt, runway_video_id=saved)
        put_log(self._db, video_id, *ANSWERED, task=task_id)
        return video_id

    def _put_task(self, case: Case, request: GenerationRequest) -> str:
        fault = "fail:INTERNAL" if case.operation == "retry-failed" else case.runway
        task = self._runway.store.create(request, parse_fault(fault) if fault else None)
        self._ended(task, 1.0)
        self._plan(task, "hang:3" if case.kill == "asking" else case.look_up)
        return task.id

    def _plan(self, task: StoredTask, fault: str | None) -> None:
        """Goes wrong when the task is looked up next."""
        if fault:
            self._runway.store.programme.add([PlannedFault(fault, "GET", f"/v1/tasks/{task.id}")])

    def _ended(self, task: StoredTask, most: float) -> None:
        time.sleep(max(0.0, min(task.ends_at - self._runway.store.now(), most)))

    def _killed(self, work: Work) -> bool:
        process = _processes.Process(target=run, args=(work,))
        process.start()
        if work.kill in ("posting", "asking"):
            self._called(work)
            process.kill()
        process.join(60)
        self._forgotten()
        return process.exitcode == -signal.SIGKILL

    def _forgotten(self) -> None:
        """Returns once the server is done with what the process had asked for. It commits that, too."""
        ends = time.monotonic() + 60
        with psycopg.connect(self._url(), autocommit=True) as connection:
            while connection.execute(AT_WORK).fetchone() and time.monotonic() < ends:
                time.sleep(0.01)

    def _called(self, work: Work) -> None:
        """Returns while a call to Runway is on its way."""
        ends = time.monotonic() + 60
        while not (self._tasks(work) and not self._planned(work)) and time.monotonic() < ends:
            time.sleep(0.01)

    def _planned(self, work: Work) -> bool:
        return any(
            self._runway.store.programme.waiting("GET", f"/v1/tasks/{task.id}") for task in self._tasks(work)
        )

    def _carried_out(self, case: Case, work: Work) -> bool:
        """False when the trouble that the case is about did not come."""
        runway = self._runway.client if work.runway_seconds == HASTY else self._patient

        def on_step(step: str) -> None:
            if step == "journaled" and case.operation == "generate":
                self._plan(self._tasks(work)[-1], case.look_up)

        if not case.trouble or not case.write:
            carry_out(work, self._db, runway, on_step)
            return True
        trouble = self._trouble(case.trouble, case.write, case)
        with closing(self._troubled_database(case)) as db:
            meddling = Meddling(db, case.write, trouble, lasting=case.lasting)
            carry_out(work, meddling, runway, on_step)
            meddling.end()
        return meddling.happened

    def _troubled_database(self, case: Case) -> PostgresDatabase:
        port = f":{self._proxy.port}/{self._database}"
        through = self._url().rsplit(":", 1)[0] + port
        seconds = STATEMENT_TIMEOUT if case.trouble == "time-out" else STATEMENT_SECONDS
        is_wire = case.trouble in ("unreachable", "answer-lost")
        return PostgresDatabase(through if is_wire else self._url, label="faults", statement_seconds=seconds)

    def _trouble(self, name: str, function: str, case: Case) -> Trouble:
        url, write = self._url(), WRITES[function]
        kinds: dict[str, Callable[[], Trouble]] = {
            "unreachable": lambda: Unreachable(self._proxy),
            "answer-lost": lambda: AnswerLost(self._proxy, function, lasting=case.lasting),
            "terminated": lambda: Locked(url, write.table, terminate(url)),
            "restarted": lambda: Locked(url, write.table, kill_server(self._cluster.server)),
            "time-out": lambda: Locked(url, write.table),
            "column": lambda: Renamed(url, write.column),
            "conflict": lambda: Conflicting(url, write),
        }
        return kinds[name]()

    def _later(self, work: Work) -> None:
        """An hour has passed, the tasks have ended; a new process sweeps once and polls."""
        for task in self._tasks(work):
            self._ended(task, 1.0)
        self._execute(f"set session_replication_role = replica; {AN_HOUR_LATER}")
        app = app_of(self._db, self._patient, work.data)
        assert sweep(app, holder="bench")
        poll_due(app)

    def _once_more(self, work: Work) -> None:
        """What a person does then: the same free operation again, or a retry without any override."""
        if self._left(work).row:
            free = work.operation in ("recover", "poll")
            again = replace(work, operation=work.operation if free else "retry", kill=None)
            carry_out(again, self._db, self._patient)

    def _tasks(self, work: Work) -> list[StoredTask]:
        return [task for task in self._runway.store.tasks() if work.key in task.prompt]

    def _left(self, work: Work) -> Left:
        return left(self._db, work.video_id, self._tasks(work))


def _runway_seconds(case: Case) -> float:
    faults: tuple[Any, ...] = (case.runway, case.look_up)
    is_slow = any(fault and fault.removeprefix("after-")[:4] in ("hang", "slow") for fault in faults)
    return HASTY if is_slow and case.kill != "asking" else PATIENT


def _result(case: Case, left: Left, wrong: tuple[str, ...]) -> Result:
    flagged = min(len(left.unknown), left.doubtful)
    if flagged and not case.may_lose_the_id:
        wrong = (*wrong, "its id was known and is lost")
    return Result(
        case,
        attempts=len(left.attempts),
        created=len(left.tasks),
        flagged=flagged,
        lost=len(left.unknown) - flagged,
        paid_twice=left.paid_twice,
        wrong=tuple(dict.fromkeys(wrong)),
    )

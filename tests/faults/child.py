"""What is done in a process of its own, so that it can be killed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lib.app import App, OnStep
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.domain.cause import Action
from lib.domain.pricing import GenerationRequest
from lib.errors import DailiesError
from lib.operations.generate import generate
from lib.operations.poll import poll
from lib.operations.recover import recover
from lib.operations.repair import Agreed, plan
from lib.operations.repair import carry_out as repaired
from lib.runway.client import RunwayClient, connect
from lib.runway.simulator import SIMULATOR_KEY
from lib.settings import Settings
from tests.faults.troubles import Locked, Meddling, kill
from tests.faults.writes import WRITES


@dataclass(frozen=True)
class Work:
    """One operation: everything a process needs to carry it out."""

    operation: str
    database_url: str
    runway_url: str
    runway_seconds: float  # Runway's time-out
    data: Path  # the folder of the journal
    request: GenerationRequest
    key: str
    video_id: str
    kill: str | None = None
    write: str | None = None


def run(work: Work) -> None:
    """In a process of its own."""
    db = PostgresDatabase(work.database_url, label="faults")
    runway = connect(SIMULATOR_KEY, work.runway_url, timeout=work.runway_seconds, retries=0)
    carry_out(work, _deadly(work, db), runway, Killer(work.kill))


def _deadly(work: Work, db: PostgresDatabase) -> Database:
    if work.kill != "in" or work.write is None:
        return db
    locked = Locked(work.database_url, WRITES[work.write].table, lambda _: kill(os.getpid()))
    return Meddling(db, work.write, locked, lasting=False)


def carry_out(
    work: Work, db: Database, runway: RunwayClient, on_step: OnStep = lambda _: None
) -> DailiesError | None:
    """The error, when it was one of ours."""
    settings = Settings.model_validate({"data_dir": work.data})
    app = App(settings, db, runway, "ann", on_step=on_step, save_seconds=0.3)
    try:
        match work.operation:
            case "generate":
                generate(app, work.request, key=work.key)
            case "retry" | "retry-failed":
                (repair,) = plan(app, [work.video_id])
                # what a person agreed to, before the task's end was known
                repaired(app, Agreed(work.video_id, Action.RETRY, repair.key))
            case "recover":
                recover(app, work.video_id)
            case "poll":
                poll(app, work.video_id, fastest=0)
    except DailiesError as error:
        return error
    return None


class Killer:
    """Ends this process, with no chance to clean up, when the step is over."""

    def __init__(self, step: str | None) -> None:
        self._step = step

    def __call__(self, step: str) -> None:
        if step == self._step:
            kill(os.getpid())

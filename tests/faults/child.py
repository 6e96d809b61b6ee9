"""What is done in a process of its own, so that it can be killed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from lib.data.database import Database
from lib.data.journal import Journal
from lib.data.postgres import PostgresDatabase
from lib.domain.pricing import GenerationRequest
from lib.errors import DailiesError
from lib.operations.generate import generate
from lib.operations.poll import poll
from lib.operations.recover import recover
from lib.operations.retry import retry
from lib.runway.client import RunwayClient, connect
from lib.runway.simulator import SIMULATOR_KEY
from tests.faults.troubles import Locked, Meddling, kill
from tests.faults.writes import WRITES

OnStep = Callable[[str], object]


class Hasty(TypedDict):
    on_step: OnStep
    save_seconds: float


@dataclass(frozen=True)
class Work:
    """One operation: everything a process needs to carry it out."""

    operation: str
    database_url: str
    runway_url: str
    runway_seconds: float  # Runway's time-out
    journal: Path
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
    journal = Journal(work.journal)
    hasty: Hasty = {"on_step": on_step, "save_seconds": 0.3}
    try:
        match work.operation:
            case "generate":
                generate(db, runway, journal, work.request, "ann", key=work.key, **hasty)
            case "retry" | "retry-failed":
                retry(db, runway, journal, work.video_id, "ann", **hasty)
            case "recover":
                recover(db, runway, work.video_id, "ann", on_step=on_step)
            case "poll":
                poll(db, runway, work.video_id, fastest=0, on_step=on_step)
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

"""What is done in a process of its own, so that it can be killed."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.domain.pricing import GenerationRequest
from lib.errors import DailiesError
from lib.operations.generate import generate
from lib.operations.journal import Journal
from lib.operations.poll import poll
from lib.operations.recover import recover
from lib.operations.retry import retry
from lib.runway.client import RunwayClient, connect
from lib.runway.simulator import SIMULATOR_KEY

POSTING_SECONDS = 0.6  # into a creation that takes longer


class Hasty(TypedDict):
    on_step: Killer
    save_seconds: float


@dataclass(frozen=True)
class Work:
    """One operation: everything a process needs to carry it out."""

    operation: str
    database_url: str
    runway_url: str
    journal: Path
    request: GenerationRequest
    key: str
    video_id: str
    kill: str | None = None


def run(work: Work) -> None:
    """In a process of its own."""
    db = PostgresDatabase(work.database_url, label="faults")
    carry_out(work, db, connect(SIMULATOR_KEY, work.runway_url, timeout=5.0))


def carry_out(work: Work, db: Database, runway: RunwayClient) -> str | None:
    """The error's message when it was one of ours."""
    journal, on_step = Journal(work.journal), Killer(work.kill)
    hasty: Hasty = {"on_step": on_step, "save_seconds": 0.3}
    try:
        match work.operation:
            case "generate":
                generate(db, runway, journal, work.request, "ann", key=work.key, **hasty)
            case "retry":
                retry(db, runway, journal, work.video_id, "ann", **hasty)
            case "recover":
                recover(db, runway, work.video_id, "ann", on_step=on_step)
            case "poll":
                poll(db, runway, work.video_id, fastest=0, on_step=on_step)
    except DailiesError as error:
        return str(error)
    return None


class Killer:
    """Ends this process, with no chance to clean up, when the step is over."""

    def __init__(self, step: str | None) -> None:
        self._step = step

    def __call__(self, step: str) -> None:
        if step == self._step:
            kill()
        if step == "sent" and self._step == "posting":
            threading.Timer(POSTING_SECONDS, kill).start()


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

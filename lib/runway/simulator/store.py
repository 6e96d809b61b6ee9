"""The simulator's tasks and organization, in one SQLite file that every process serving them shares."""

from __future__ import annotations

import secrets
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from lib.domain.pricing import MODELS, GenerationRequest, estimate
from lib.errors import DailiesError
from lib.runway.simulator import programme
from lib.runway.simulator.faults import Fault
from lib.runway.simulator.programme import Programme
from lib.runway.simulator.schedule import (
    PENDING_SECONDS,
    StoredTask,
    free_slot_at,
    seconds_to_run,
    with_fault,
)
from lib.runway.simulator.sqlite import SqliteFile

DAY = 86400.0
OTHER_PRICE = 15  # credits a second of the models whose price Dailies does not know: the simulator's own

_COLUMNS = [field.name for field in fields(StoredTask)]
_SCHEMA = f"""
create table if not exists tasks ({", ".join(_COLUMNS)}, primary key (id)) without rowid;
create index if not exists tasks_unfinished on tasks (model, ends_at) where not imported;
create index if not exists tasks_by_creation on tasks (model, created_at);
create table if not exists settings (name text primary key, value);
{programme.SCHEMA}
"""
_INSERT = f"into tasks values ({', '.join(':' + name for name in _COLUMNS)})"
DEFAULTS = {
    "credits": 50_000,  # granted to the organization
    "concurrency": 5,  # generations at a time, of each model
    "daily": 1000,  # generations in 24 hours, of each model
    "speed": 1.0,  # every duration is divided by it
    "link_seconds": DAY,  # life of an output address
}


class OutOfCredits(Exception):
    """The balance does not cover the task."""


class DailyLimitReached(Exception):
    """No more generations of this model for now; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class SimulatorStore:
    """State under `data_dir`/runway. What a task is now follows from its row and the time: nothing runs.

    Raises DailiesError when the folder or the file in it cannot be used.
    """

    def __init__(self, data_dir: Path, now: Callable[[], float] = time.time) -> None:
        self.folder = data_dir / "runway"
        self.now = now
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = SqliteFile(self.folder / "simulator.sqlite", _SCHEMA)
        except (OSError, sqlite3.Error) as error:
            text = f"The simulator's state in {self.folder} cannot be opened: {error}. Repair or remove it."
            raise DailiesError(text) from error
        self.programme = Programme(self._file)
        with self._file.transaction():
            secret = ("secret", secrets.token_hex(16))
            self._file.write("insert or ignore into settings values (?, ?)", [secret])
        # signs output addresses, and tells this folder from others
        self.secret: str = self._setting("secret")

    def close(self) -> None:
        self._file.close()

    def configure(self, **values: float) -> None:
        """Sets what DEFAULTS names, for every process over this folder. Raises ValueError for other names."""
        unknown = values.keys() - DEFAULTS.keys()
        if unknown:
            raise ValueError(f"unknown simulator setting: {', '.join(sorted(unknown))}")
        with self._file.transaction():
            self._file.write("insert or replace into settings values (?, ?)", values.items())

    def number(self, name: str) -> float:
        return float(self._setting(name))

    def _setting(self, name: str) -> Any:
        row = self._file.row("select value from settings where name = ?", name)
        return row["value"] if row else DEFAULTS[name]

    def create(self, request: GenerationRequest, fault: Fault | None = None) -> StoredTask:
        """Raises OutOfCredits or DailyLimitReached; then nothing was created."""
        with self._file.transaction():
            now = self.now()
            sql = """
                select created_at from tasks where model = ? and created_at > ?
                order by created_at desc limit 1 offset ?"""
            row = self._file.row(sql, request.model, now - DAY, int(self.number("daily")) - 1)
            if row:
                raise DailyLimitReached(int(row["created_at"] + DAY - now) + 1)
            credits = estimate(request.model, request.duration) or OTHER_PRICE * request.duration
            if self.balance() < credits:
                raise OutOfCredits
            task_id, speed = str(uuid.uuid4()), self.number("speed")
            ends = [end for _, end in self._unfinished(request.model, now)]
            starts_at = free_slot_at(ends, self._slots(), now)
            runs_at = starts_at + PENDING_SECONDS / speed
            task = StoredTask(
                id=task_id,
                model=request.model,
                prompt=request.prompt,
                image=request.image,
                ratio=request.ratio,
                duration=request.duration,
                credits=credits,
                final_credits=credits,
                created_at=now,
                starts_at=starts_at,
                runs_at=runs_at,
                ends_at=runs_at + seconds_to_run(task_id, request.duration) / speed,
            )
            if fault:
                task = with_fault(task, fault)
            self._put(task)
        return task

    def task(self, task_id: str) -> StoredTask | None:
        """None when it never existed or was deleted."""
        row = self._file.row("select * from tasks where id = ? and not deleted", task_id)
        return StoredTask(**row) if row else None

    def tasks(self) -> list[StoredTask]:
        """Every task ever created, deleted ones too, oldest first."""
        return [StoredTask(**row) for row in self._file.rows("select * from tasks order by created_at, id")]

    def cancel_or_delete(self, task_id: str) -> bool:
        """Cancels an active task, deletes a finished one; False when there is none."""
        with self._file.transaction():
            now, task = self.now(), self.task(task_id)
            if task is None:
                return False
            if now >= task.ends_at:
                self._put(replace(task, deleted=True))
            else:
                self._put(task.cancelled(now))
                self._move_up(task.model, now)
        return True

    def _move_up(self, model: str, now: float) -> None:
        """Gives slots that became free to the tasks that wait for one."""
        sql = "select * from tasks where model = ? and not imported and starts_at > ? order by starts_at"
        queue = [StoredTask(**row) for row in self._file.rows(sql, model, now)]
        waiting = {task.id for task in queue}
        ends = [end for task_id, end in self._unfinished(model, now) if task_id not in waiting]
        for task in queue:
            moved = task.delayed_to(free_slot_at(ends, self._slots(), now))
            ends.append(moved.ends_at)
            self._put(moved)

    def _unfinished(self, model: str, now: float) -> list[tuple[str, float]]:
        sql = "select id, ends_at from tasks where model = ? and not imported and ends_at > ?"
        return [(row["id"], row["ends_at"]) for row in self._file.rows(sql, model, now)]

    def _slots(self) -> int:
        return int(self.number("concurrency"))

    def _put(self, task: StoredTask) -> None:
        self._file.write(f"insert or replace {_INSERT}", [asdict(task)])

    def import_tasks(self, tasks: Iterable[StoredTask]) -> int:
        """Adds a past, all at once; a task that is there already stays as it is. Returns how many are new."""
        rows = [asdict(replace(task, imported=True)) for task in tasks]
        with self._file.transaction():
            return self._file.write(f"insert or ignore {_INSERT}", rows)

    def balance(self) -> int:
        sql = "select sum(iif(ends_at > ?, credits, final_credits)) spent from tasks where not imported"
        row = self._file.row(sql, self.now())
        return int(self.number("credits")) - int((row and row["spent"]) or 0)

    def daily_generations(self) -> dict[str, int]:
        """By model, of the past 24 hours."""
        sql = "select model, count(*) n from tasks where created_at > ? group by model"
        counted = {row["model"]: row["n"] for row in self._file.rows(sql, self.now() - DAY)}
        return {model: counted.get(model, 0) for model in MODELS}

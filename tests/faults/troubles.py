"""Real trouble with a real database, begun just before one of the writes and ended afterwards."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import psutil
import psycopg
from psycopg.types.json import Jsonb

from lib.data.database import Row
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.postgres import PostgresDatabase
from lib.errors import DailiesError
from tests.faults.proxy import Proxy
from tests.faults.writes import Write

WAITING = """
select pid from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()
"""
WAIT_SECONDS = 20.0


class Trouble(Protocol):
    def begin(self) -> None: ...

    def end(self) -> None: ...


class Unreachable:
    """Connections break, new ones are refused."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def begin(self) -> None:
        self._proxy.cut()

    def end(self) -> None:
        self._proxy.mend()


class AnswerLost:
    """What is written is committed, and nobody hears of it."""

    def __init__(self, proxy: Proxy, function: str, *, lasting: bool) -> None:
        self._proxy = proxy
        self._function = function
        self._lasting = lasting

    def begin(self) -> None:
        self._proxy.lose_answer(self._function, then_cut=self._lasting)

    def end(self) -> None:
        self._proxy.mend()


class Locked:
    """Another session holds the table. `then` is done once somebody waits for it (given the waiting server
    process), and the table is free afterwards; without it, it stays locked until the end."""

    def __init__(self, url: str, table: str, then: Callable[[int], object] | None = None) -> None:
        self._url = url
        self._table = table
        self._then = then
        self._acting: threading.Thread | None = None

    def begin(self) -> None:
        self._holder = psycopg.connect(self._url)
        self._holder.execute(f"lock table {self._table} in access exclusive mode".encode())
        if self._then:
            self._acting = threading.Thread(target=self._act, args=(self._then,), daemon=True)
            self._acting.start()

    def end(self) -> None:
        if self._acting:
            self._acting.join(WAIT_SECONDS)
        self._holder.close()

    def _act(self, then: Callable[[int], object]) -> None:
        with psycopg.connect(self._url, autocommit=True) as watching:
            ends = time.monotonic() + WAIT_SECONDS
            while time.monotonic() < ends:
                waiting = watching.execute(WAITING).fetchone()
                if waiting:
                    then(waiting[0])
                    break
                time.sleep(0.01)
        self._holder.close()


class Renamed:
    """A column is missing."""

    def __init__(self, url: str, column: str) -> None:
        self._url = url
        self._table, _, self._column = column.rpartition(".")

    def begin(self) -> None:
        self._rename(self._column, "gone")

    def end(self) -> None:
        self._rename("gone", self._column)

    def _rename(self, old: str, new: str) -> None:
        _execute(self._url, f"alter table {self._table} rename column {old} to {new}")


class Conflicting:
    """Somebody else's row is where there may be one only."""

    def __init__(self, url: str, write: Write) -> None:
        self._url = url
        self._write = write

    def begin(self) -> None:
        table, columns = self._write.unique, ", ".join(self._write.row)
        _execute(
            self._url,
            f"insert into {table} ({columns}) overriding system value "
            f"select {columns} from jsonb_populate_record(null::{table}, %s)",
            Jsonb(dict(self._write.row)),
        )
        _execute(self._url, f"create unique index fault on {table} ((0)) where {self._write.where}")

    def end(self) -> None:
        column, value = next(iter(self._write.row.items()))
        _execute(self._url, f"drop index {self._write.unique.partition('.')[0]}.fault")
        _execute(self._url, f"delete from {self._write.unique} where {column}::text = %s", str(value))


def terminate(url: str) -> Callable[[int], object]:
    """Ends a server process, as an administrator does."""
    return lambda pid: _execute(url, "select pg_terminate_backend(%s, 10000)", pid)


def kill_server(server: EmbeddedPostgres) -> Callable[[int], object]:
    """All of it; the next to ask for a connection starts it again."""

    def act(waiting: int) -> None:
        leader = server.postmaster_pid()
        assert leader
        kill(leader)
        psutil.wait_procs([psutil.Process(waiting)] if psutil.pid_exists(waiting) else [], WAIT_SECONDS)

    return act


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _execute(url: str, statement: str, *values: Any) -> None:
    """Without triggers: some of them refuse what somebody else may have done."""
    with psycopg.connect(url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(statement.encode(), values)


class Meddling:
    """The database, with trouble from the first call of `function` on: for that call only, or, `lasting`,
    until `end`. `happened` says that the call failed."""

    def __init__(self, db: PostgresDatabase, function: str, trouble: Trouble, *, lasting: bool) -> None:
        self.label = db.label
        self.happened = False
        self._db = db
        self._function = function
        self._trouble = trouble
        self._lasting = lasting
        self._state = "before"

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        if function != self._function or self._state != "before":
            return self._db.call(function, **arguments)
        self._trouble.begin()
        self._state = "during"
        try:
            return self._db.call(function, **arguments)
        except DailiesError:
            self.happened = True
            raise
        finally:
            if not self._lasting:
                self.end()

    def end(self) -> None:
        if self._state == "during":
            self._trouble.end()
            self._state = "after"

    def close(self) -> None:
        """The other one is closed by whoever opened it."""

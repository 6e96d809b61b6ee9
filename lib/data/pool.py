"""A few Postgres connections, shared by threads.

Unlike psycopg_pool's, this one connects in the thread that asks: a database that is down is reported at
once and in its own words ("connection refused", "password authentication failed"), not as a time-out.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import orjson
import psycopg
from psycopg.types.json import set_json_loads

from lib.errors import DatabaseUnavailable

Connection = psycopg.Connection[tuple[Any, ...]]


class Pool:
    """`conninfo` is called for each new connection, because an embedded server may have moved."""

    def __init__(self, conninfo: Callable[[], str], *, size: int, wait_seconds: float) -> None:
        self._conninfo = conninfo
        self._wait_seconds = wait_seconds
        self._free = threading.BoundedSemaphore(size)
        self._size = size
        self._idle: deque[Connection] = deque()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection that answers, in autocommit mode; kept for the next user unless it broke."""
        if not self._free.acquire(timeout=self._wait_seconds):
            raise DatabaseUnavailable(
                f"All {self._size} database connections are busy for {self._wait_seconds:g} s. Try again."
            )
        try:
            connection = self._answering() or self._connect()
            try:
                yield connection
            finally:
                self._keep(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _answering(self) -> Connection | None:
        """The connection used last that still works: after a restart of the server none does."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            with suppress(psycopg.OperationalError):
                connection.execute("")
                return connection
            connection.close()

    def _connect(self) -> Connection:
        connection = psycopg.connect(
            self._conninfo(),
            autocommit=True,
            prepare_threshold=None,  # transaction poolers hand each transaction another server connection
            connect_timeout=5,
            application_name="dailies",
        )
        set_json_loads(orjson.loads, connection)
        return connection

    def _keep(self, connection: Connection) -> None:
        if connection.closed or connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.close()
        else:
            self._idle.append(connection)

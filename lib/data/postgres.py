"""The psycopg transport: any Postgres that has a URL, and the embedded one."""

from __future__ import annotations

import re
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, lru_cache
from math import inf
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb, set_json_loads

from lib.data.database import Row, encode, storable
from lib.data.failures import database_failure
from lib.data.watch import Watch
from lib.errors import DailiesError, DatabaseUnavailable, SchemaMissing

STATEMENT_SECONDS = 20
POOL_SIZE = 10
KEPT = 3  # connections that a process holds while it has nothing to ask
KEPT_SECONDS = 10.0  # the others wait so long for a question: to connect costs as much as several answers
PREPARED_AT = 3  # times that a statement was asked
LATE_SECONDS = 5.0  # after its limit, a statement's answer does not come any more
FRESH_SECONDS = 5.0  # so long after an answer, one that was not closed is not asked whether it answers
_SIGNATURE = """
select p.proargnames[1:p.pronargs], array(select format_type(t, null) from unnest(p.proargtypes) t)
from pg_catalog.pg_proc p
where p.pronamespace = 'public'::regnamespace and p.proname = %s
"""
_KEY_TYPE = """
select format_type(t.typbasetype, null) from pg_catalog.pg_type t
where t.oid = to_regtype('dailies.video_key')
"""

# Behind a transaction pooler each transaction has another session of the server, under a number that is not
# the connection's. In one that is ours alone the limit is set once, and statements are prepared.
_LIMIT = "select set_config('statement_timeout', %s, true)"
_OWN = "select case when pg_backend_pid() = %s then set_config('statement_timeout', %s, false) end"

# Told of a session that was another's after all: it is left, and the next one is asked anew.
_OF_ANOTHER = psycopg.errors.InvalidSqlStatementName, psycopg.errors.DuplicatePreparedStatement

_PLACE = re.compile(
    r"^(?:PL/pgSQL|SQL) function ([\w.]{1,130}\b(?:\([^()]{0,300}\))?(?: line \d{1,6})?)", re.M
)

Connection = psycopg.Connection[tuple[Any, ...]]


class Pool:
    """A few connections, shared by threads. `conninfo` is called for each, as an embedded server may move;
    `wait_seconds` are waited for one, and for an answer on it.

    Unlike psycopg_pool's, this one connects in the thread that asks: a database that is down is reported at
    once and in its own words ("connection refused", "password authentication failed"), not as a time-out.
    One that hangs is told after a few seconds, whatever is waited for.
    """

    def __init__(self, conninfo: Callable[[], str], *, size: int, wait_seconds: float) -> None:
        self._conninfo = conninfo
        self._wait_seconds = wait_seconds
        self._free = threading.BoundedSemaphore(size)
        self._size = size
        self._idle: deque[tuple[Connection, float]] = deque()  # and since when
        self._watch = Watch(conninfo)

    @contextmanager
    def connection(self, *, limited: bool = False) -> Iterator[Connection]:
        """A connection that answers, in autocommit mode; kept for the next user unless it broke. `limited`:
        for statements that end within `wait_seconds`."""
        if not self._free.acquire(timeout=self._wait_seconds):
            raise DatabaseUnavailable(
                f"All {self._size} database connections are busy for {self._wait_seconds:g} s. Try again."
            )
        try:
            connection = self._answering() or self._connect()
            try:
                with self._watch.over(connection, self._wait_seconds + LATE_SECONDS if limited else inf):
                    yield connection
            except _OF_ANOTHER:
                connection.close()
                raise
            finally:
                at_rest = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
                if at_rest:
                    self._idle.append((connection, time.monotonic()))
                else:  # in the middle of something, or closed
                    connection.close()
                self._trim()
        finally:
            self._free.release()

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[0].close()

    def _trim(self) -> None:
        """Closes those that were too many for a while. The one used last is the next, so they stand first."""
        with suppress(IndexError):  # another thread took it
            while len(self._idle) > KEPT and time.monotonic() - self._idle[0][1] > KEPT_SECONDS:
                self._idle.popleft()[0].close()

    def _answering(self) -> Connection | None:
        """The connection used last that still works: after a restart of the server none does."""
        while True:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since < FRESH_SECONDS and _is_silent(connection):
                return connection
            with suppress(psycopg.OperationalError), self._watch.over(connection):
                connection.execute("")
                return connection
            connection.close()

    def _connect(self) -> Connection:
        connection = psycopg.connect(
            self._conninfo(),
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=5,
            # a machine or network that is gone says nothing, and the system would wait for hours: given
            # up once nothing was even acknowledged for twenty seconds, however long a statement may take
            keepalives_idle=10,
            keepalives_interval=3,
            keepalives_count=3,
            tcp_user_timeout=20_000,
            application_name="dailies",
        )
        set_json_loads(msgspec.json.decode, connection)
        milliseconds = str(round(self._wait_seconds * 1000))
        # Supabase's pooler numbers sessions one by one, and may come upon a number of the server's
        if "pooler" not in connection.info.host:
            with self._watch.over(connection):
                own = connection.execute(_OWN, [connection.info.backend_pid, milliseconds]).fetchone()
            connection.prepare_threshold = PREPARED_AT if own != (None,) else None
        return connection


def _is_own(connection: Connection) -> bool:
    """Whether what is set in its session stays with us."""
    return connection.prepare_threshold is not None


def _is_silent(connection: Connection) -> bool:
    """Whether the server has said nothing unasked: what it says then is that it closes the connection."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return not selector.select(0)


class PostgresDatabase:
    """Thread-safe. `conninfo` is a URL, or a function giving it anew for each connection."""

    def __init__(
        self,
        conninfo: str | Callable[[], str],
        *,
        label: str,
        statement_seconds: float = STATEMENT_SECONDS,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self._pool = Pool(
            conninfo if callable(conninfo) else lambda: str(conninfo),
            size=POOL_SIZE,
            wait_seconds=statement_seconds,
        )
        self._label = label
        self._milliseconds = str(round(statement_seconds * 1000))
        self._signatures: dict[str, dict[str, str]] = {}
        self._on_close = on_close
        self._closing = threading.Lock()

    @property
    def label(self) -> str:
        return self._label

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        with self._connection(function, limited=True) as connection:
            types = self._signature(connection, function)
            query, values = _query(function, types, storable(arguments))
            if _is_own(connection):
                cursor = connection.execute(query, values)
            else:
                # One round trip, which Postgres makes one transaction, and a limit that ends with it: a
                # session's setting would stay behind on somebody else's connection.
                with connection.pipeline():
                    connection.execute(_LIMIT, [self._milliseconds])
                    cursor = connection.execute(query, values)
            return [row for (row,) in cursor]

    @cached_property
    def key_type(self) -> str:
        """`uuid`, or `text` where the app's table has another key."""
        with self._connection("migrate") as connection:
            row = connection.execute(_KEY_TYPE).fetchone()
        return str(row[0]) if row else "uuid"

    def copy(self, table: str, columns: dict[str, str], rows: Iterable[Sequence[Any]]) -> int:
        """Append `rows` to `dailies.<table>` in one transaction, several times faster than `call`. No
        statement limit, and a conflict fails the whole. `columns` have the types as which their values are
        sent, in binary: the server takes the bytes for what the column is."""
        statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(
            sql.Identifier("dailies", table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with self.transaction(f"copy {table}") as connection, connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                copy.set_types(list(columns.values()))
                for row in rows:
                    copy.write_row(row)
            return cursor.rowcount

    @contextmanager
    def transaction(self, purpose: str) -> Iterator[Connection]:
        """A transaction without a limit of time, for migrations; `purpose` stands in error messages."""
        with self._connection(purpose) as connection, connection.transaction():
            connection.execute(_LIMIT, ["0"])
            yield connection

    @contextmanager
    def session(self, purpose: str) -> Iterator[Connection]:
        """A connection on which each statement is a transaction of its own, without a limit of time."""
        with self._connection(purpose) as connection:
            connection.execute("set statement_timeout = 0")
            try:
                yield connection
            finally:
                if not connection.closed:
                    limit = self._milliseconds if _is_own(connection) else "default"
                    connection.execute(f"set statement_timeout = {limit}".encode())

    def close(self) -> None:
        with self._closing:
            self._pool.close()
            if self._on_close:
                self._on_close()
                self._on_close = None

    @contextmanager
    def _connection(self, function: str, *, limited: bool = False) -> Iterator[Connection]:
        try:
            with self._pool.connection(limited=limited) as connection:
                yield connection
        except psycopg.Error as error:
            self._signatures.pop(function, None)
            raise failure(error, function) from error

    def _signature(self, connection: Connection, function: str) -> dict[str, str]:
        """The function's argument names and types, looked up once."""
        if function not in self._signatures:
            row = connection.execute(_SIGNATURE, [function]).fetchone()
            if row is None:
                raise SchemaMissing(f"The function {function} is not there. Run `python -m lib migrate`.")
            self._signatures[function] = dict(zip(row[0] or [], row[1], strict=True))
        return self._signatures[function]


def _query(function: str, types: dict[str, str], arguments: dict[str, Any]) -> tuple[bytes, list[Any]]:
    unknown = sorted(arguments.keys() - types.keys())
    if unknown:
        raise SchemaMissing(
            f"{function} does not know {', '.join(unknown)}: the schema is older than this version. "
            "Run `python -m lib migrate`."
        )
    query = _text(function, tuple((name, types[name]) for name in arguments))
    return query, [
        Jsonb(value, dumps=encode) if value is not None and types[name] in ("json", "jsonb") else value
        for name, value in arguments.items()
    ]


@lru_cache(1000)  # composing takes as long as a short call
def _text(function: str, typed: tuple[tuple[str, str], ...]) -> bytes:
    passed = sql.SQL(", ").join(
        sql.SQL("{} => %s::{}").format(sql.Identifier(name), sql.SQL(type_name)) for name, type_name in typed
    )
    # the inner select keeps the name of a single column
    query = sql.SQL("select to_json(r) from (select * from {}({})) r")
    return query.format(sql.Identifier("public", function), passed).as_bytes(None)


def failure(error: psycopg.Error, function: str, *, prefix: str = "") -> DailiesError:
    """The error of Dailies for one of psycopg, with the server's message; of its context lines, which repeat
    whole statements, only the functions."""
    # a value that psycopg itself refuses counts as the server's refusal; other errors without a code mean
    # that there was no answer
    code = error.sqlstate or ("22000" if isinstance(error, psycopg.DataError) else None)
    message = (error.diag.message_primary or str(error)).strip()
    places = _PLACE.findall(error.diag.context or "")
    return database_failure(
        code, prefix + message, function, hint=error.diag.message_hint, where=", ".join(places[:2])
    )

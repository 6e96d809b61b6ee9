"""A real Postgres of our own in a local folder, for everybody who has none.

All processes on one folder share one server: the first starts it, the last one to leave stops it. Users are
counted by shared locks, which the system takes back from a killed process, so the count is never wrong.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil
from psycopg.conninfo import make_conninfo

from lib import outgoing
from lib.data.embedded.installation import OUTSIDE, Installation
from lib.errors import DatabaseUnavailable

READY_SECONDS = 300  # recovery of a gigabyte of WAL takes about 10
SILENT_SECONDS = 8  # within which a server says at least that it is not ready yet
NOT_YET = 1  # of pg_isready
START_TRIES = 5
FIRST_BUILTIN_LOCALE = 17
LETTERS = ("C.UTF-8", "C")  # for pg_trgm, all alphabets or English; not every system knows the first
SERVER_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # none of ours: it holds keys


class EmbeddedPostgres:
    """Start with `start`, hand `conninfo` to a pool, leave with `stop` (done at exit as well)."""

    def __init__(self, home: Path, outside: Path = OUTSIDE) -> None:
        self.home = home.resolve()
        self.installation = Installation(self.home, outside)
        self._thread_lock = threading.RLock()
        self._use: IO[str] | None = None

    def start(self) -> EmbeddedPostgres:
        """Create, start or join the server. Raises DatabaseUnavailable with the server's own words."""
        with self._alone():
            if self._use is None:
                self._use = (self.home / "use.lock").open("a")
                fcntl.flock(self._use, fcntl.LOCK_SH)
                atexit.register(self.stop)
            if not self.installation.is_initialised:
                self._initialise()
            if self._postmaster() is None:
                self._start_server()
            else:
                self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Leave; the last one to leave stops the server."""
        atexit.unregister(self.stop)
        with self._alone():
            if self._use is None:
                return
            with suppress(BlockingIOError):
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._run("pg_ctl", "-D", str(self.installation.data), "-m", "fast", "-w", "stop")
            self._use.close()
            self._use = None

    def conninfo(self) -> str:
        """Where the server is now; starts it again when it was killed. A pool gets the method itself."""
        if self._postmaster() is None:
            self.start()
        password = self._password_file.read_text().strip()
        outgoing.know([password])
        return make_conninfo(
            host="127.0.0.1",
            port=self._port(),
            dbname="postgres",
            user="postgres",
            password=password,
        )

    def postmaster_pid(self) -> int | None:
        """None while the server does not run."""
        process = self._postmaster()
        return process.pid if process else None

    @property
    def _password_file(self) -> Path:
        return self.home / "password"

    @property
    def _pid_file(self) -> Path:
        return self.installation.data / "postmaster.pid"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else, in this or another process, starts or stops this server meanwhile."""
        with self._thread_lock, self._lock_file() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _lock_file(self) -> IO[str]:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            return (self.home / "boot.lock").open("a")
        except OSError as error:
            raise DatabaseUnavailable(
                f"The embedded Postgres cannot keep its data in {self.home}: {error.strerror}. "
                "Choose another folder with DAILIES_DATA, or `make run DATA=…`."
            ) from error

    def _initialise(self) -> None:
        """Build in a folder of another name: a half-built one must never be taken for a database."""
        folder = self.installation.new_data_folder()
        password = secrets.token_urlsafe(24)
        password_file = folder.with_suffix(".password")
        self._write_private(password_file, password)
        self.installation.give(password_file)
        locale = ["--locale=C"]
        if self.installation.major >= FIRST_BUILTIN_LOCALE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        try:
            for letters in LETTERS:
                code, output = self._run(
                    *("initdb", "-D", str(folder), "-U", "postgres", "-E", "UTF8", "--auth=scram-sha-256"),
                    *(f"--pwfile={password_file}", *locale, f"--lc-ctype={letters}"),
                )
                if code == 0:
                    break
        finally:
            password_file.unlink()
        if code != 0:
            shutil.rmtree(folder)
            reason = (output.strip().splitlines() or ["no output"])[-1]
            raise DatabaseUnavailable(f"initdb failed in {self.home}: {reason}")
        self._write_private(self._password_file, password)
        self.installation.adopt(folder)

    def _start_server(self) -> None:
        """Tried a few times: the port may be taken meanwhile, and processes of a killed server take a moment
        to notice and let go of its memory."""
        for tries_left in reversed(range(START_TRIES)):
            self._pid_file.unlink(missing_ok=True)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories="
            log = self.installation.data / "server.log"
            code, output = self._run(
                *("pg_ctl", "-D", str(self.installation.data), "-w", "-t", str(READY_SECONDS)),
                *("-l", str(log), "-o", options, "start"),
            )
            if code == 0:
                return
            if not tries_left:
                said = log.read_text(errors="replace")[-2000:] if log.is_file() else ""
                raise DatabaseUnavailable(
                    f"The embedded Postgres in {self.home} does not start: {output.strip()}\n{said}"
                )
            time.sleep(0.5)

    def _wait_until_ready(self) -> None:
        arguments = ("-q", "-h", "127.0.0.1", "-p", str(self._port()), "-t", "2")
        began = spoke = time.monotonic()
        while (code := self._run("pg_isready", *arguments)[0]) != 0:
            now = time.monotonic()
            spoke = now if code == NOT_YET else spoke
            if now > min(began + READY_SECONDS, spoke + SILENT_SECONDS):
                raise DatabaseUnavailable(f"The embedded Postgres in {self.home} runs but does not answer.")
            time.sleep(0.1)

    def _postmaster(self) -> psutil.Process | None:
        """The running server of this folder. A pid alone proves nothing: it may be another's by now."""
        try:
            process = psutil.Process(int(self._pid_file.read_text().split()[0]))
            ours = process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == self.installation.data
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
            return None
        return process if ours else None

    def _port(self) -> int:
        return int(self._pid_file.read_text().splitlines()[3])

    @staticmethod
    def _write_private(path: Path, text: str) -> None:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)

    def _run(self, program: str, *arguments: str) -> tuple[int, str]:
        """Exit code and output. Into a file, never a pipe: the server inherits it and keeps it open."""
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - our own programs, no shell
                [str(self.installation.programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=SERVER_ENVIRONMENT,
                check=False,
                **self.installation.identity(),
            )
            output.seek(0)
            return done.returncode, output.read()
